/**
 * The certificate key file (`.key.pem`): encrypted PKCS#8 (PBES2 with PBKDF2-HMAC-SHA256 and
 * AES-256-CBC, RFC 8018) followed by the certificate and its chain.
 */
import * as asn1js from "asn1js";
import { Certificate } from "pkijs";
import { hex, randomBytes, sha256, subtle, utf8 } from "./bytes.js";
import { encode, parseDer, readPem, writePem } from "./der.js";
import { VaultError } from "./errors.js";

const ITERATIONS = 600_000;
const OID = {
  pbes2: "1.2.840.113549.1.5.13", pbkdf2: "1.2.840.113549.1.5.12", hmacSha256: "1.2.840.113549.2.9",
  aes256Cbc: "2.16.840.1.101.3.4.1.42", rsa: "1.2.840.113549.1.1.1", ec: "1.2.840.10045.2.1",
};
const CURVES = { "1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521" };

const sequence = (...value) => new asn1js.Sequence({ value });
const oid = (value) => new asn1js.ObjectIdentifier({ value });
const octets = (bytes) => new asn1js.OctetString({ valueHex: bytes.slice().buffer });

async function cipherKey(passphrase, salt, iterations) {
  const base = await subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
  const kdf = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return subtle.deriveKey(kdf, base, { name: "AES-CBC", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** @returns {Promise<string>} PEM of EncryptedPrivateKeyInfo */
export async function encryptKey(pkcs8, passphrase, { rng = randomBytes, iterations = ITERATIONS } = {}) {
  const [salt, iv] = [rng(16), rng(16)];
  const key = await cipherKey(passphrase, salt, iterations);
  const data = new Uint8Array(await subtle.encrypt({ name: "AES-CBC", iv }, key, pkcs8));
  const prf = sequence(oid(OID.hmacSha256), new asn1js.Null());
  const kdf = sequence(oid(OID.pbkdf2), sequence(octets(salt), new asn1js.Integer({ value: iterations }), prf));
  const scheme = sequence(oid(OID.pbes2), sequence(kdf, sequence(oid(OID.aes256Cbc), octets(iv))));
  return writePem("ENCRYPTED PRIVATE KEY", encode(sequence(scheme, octets(data))));
}

const list = (node) => node.valueBlock.value;
const raw = (node) => new Uint8Array(node.valueBlock.valueHexView);

/** The PKCS#8 inside. @throws {VaultError} KEY_FILE_UNREADABLE, PASSPHRASE_WRONG */
async function decryptKey(der, passphrase) {
  let fields;
  try {
    const [scheme, data] = list(parseDer(der));
    const [kdf, cipher] = list(list(scheme)[1]);
    const [salt, iterations, prf] = list(list(kdf)[1]);
    const ids = [list(scheme)[0], list(kdf)[0], list(prf)[0], list(cipher)[0]].map((node) => node.valueBlock.toString());
    if (ids.join() !== [OID.pbes2, OID.pbkdf2, OID.hmacSha256, OID.aes256Cbc].join()) throw new Error(ids.join());
    fields = { salt: raw(salt), iterations: iterations.valueBlock.valueDec, iv: raw(list(cipher)[1]), data: raw(data) };
  } catch (error) {
    throw new VaultError("KEY_FILE_UNREADABLE", error.message);
  }
  const key = await cipherKey(passphrase, fields.salt, fields.iterations);
  try {
    return new Uint8Array(await subtle.decrypt({ name: "AES-CBC", iv: fields.iv }, key, fields.data));
  } catch {
    throw new VaultError("PASSPHRASE_WRONG");
  }
}

/** WebCrypto's name for the signing key of a certificate: EC as ECDSA, RSA as PKCS#1 v1.5. */
export function signingAlgorithm(certificate) {
  const { algorithmId, algorithmParams } = certificate.subjectPublicKeyInfo.algorithm;
  if (algorithmId === OID.rsa) return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const namedCurve = algorithmId === OID.ec && CURVES[algorithmParams.valueBlock.toString()];
  if (!namedCurve) throw new VaultError("KEY_KIND_UNKNOWN", algorithmId);
  return { name: "ECDSA", namedCurve };
}

export function parseCertificate(der) {
  const certificate = Certificate.fromBER(der.slice().buffer);
  const common = certificate.subject.typesAndValues.find((item) => item.type === "2.5.4.3");
  return { der, certificate, commonName: common?.value.valueBlock.value ?? "", notAfter: certificate.notAfter.value };
}

/** What a key file says without its passphrase. @throws {VaultError} KEY_FILE_UNREADABLE */
export async function describeKeyFile(text) {
  const certificates = readPem(text).filter((block) => block.label === "CERTIFICATE").map((block) => block.der);
  if (!certificates.length || !text.includes("ENCRYPTED PRIVATE KEY")) throw new VaultError("KEY_FILE_UNREADABLE");
  const { commonName, notAfter } = parseCertificate(certificates[0]);
  return { certSha256: hex(await sha256(certificates[0])), commonName, notAfter };
}

/**
 * @returns {Promise<{privateKey: CryptoKey, certificate: Uint8Array, chain: Uint8Array[], certSha256: string}>}
 * @throws {VaultError} KEY_FILE_UNREADABLE, PASSPHRASE_WRONG, KEY_NOT_OF_CERTIFICATE
 */
export async function openKeyFile(text, passphrase) {
  const { certSha256 } = await describeKeyFile(text);
  const blocks = readPem(text);
  const [own, ...chain] = blocks.filter((block) => block.label === "CERTIFICATE").map((block) => block.der);
  const pkcs8 = await decryptKey(blocks.find((block) => block.label === "ENCRYPTED PRIVATE KEY").der, passphrase);
  const { certificate } = parseCertificate(own);
  const algorithm = signingAlgorithm(certificate);
  // One wrong passphrase in 256 leaves a padding that looks right, and no key behind it.
  const privateKey = await subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]).catch(() => {
    throw new VaultError("PASSPHRASE_WRONG");
  });
  const spki = certificate.subjectPublicKeyInfo.toSchema().toBER(false);
  const publicKey = await subtle.importKey("spki", spki, algorithm, false, ["verify"]);
  const use = { ...algorithm, hash: "SHA-256" };
  const probe = randomBytes(32);
  if (!(await subtle.verify(use, publicKey, await subtle.sign(use, privateKey, probe), probe))) {
    throw new VaultError("KEY_NOT_OF_CERTIFICATE");
  }
  return { privateKey, certificate: own, chain, certSha256 };
}

/** CAdES-B detached signatures (ETSI EN 319 122-1) with PKI.js on WebCrypto keys. */
import * as asn1js from "asn1js";
import {
  Attribute, CertificateChainValidationEngine, ContentInfo, EncapsulatedContentInfo, IssuerAndSerialNumber,
  SignedAndUnsignedAttributes, SignedData, SignerInfo, TSTInfo,
} from "pkijs";
import { equal, hex, sha256 } from "./bytes.js";
import { parseCertificate } from "./certkey.js";
import { encode } from "./der.js";
import { VaultError } from "./errors.js";

const OID = {
  data: "1.2.840.113549.1.7.1", signedData: "1.2.840.113549.1.7.2", contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4", signingTime: "1.2.840.113549.1.9.5",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
};

const octets = (bytes) => new asn1js.OctetString({ valueHex: bytes.slice().buffer });

/** SigningCertificateV2 with SHA-256, whose algorithm identifier DER leaves out as the default (RFC 5035). */
function signingCertificate(hash) {
  const id = new asn1js.Sequence({ value: [octets(hash)] });
  return new asn1js.Sequence({ value: [new asn1js.Sequence({ value: [id] })] });
}

function attributes(digest, certHash, time) {
  const values = {
    [OID.contentType]: new asn1js.ObjectIdentifier({ value: OID.data }),
    [OID.signingTime]: new asn1js.UTCTime({ valueDate: time }),
    [OID.messageDigest]: octets(digest),
    [OID.signingCertificateV2]: signingCertificate(certHash),
  };
  const list = Object.entries(values).map(([type, value]) => new Attribute({ type, values: [value] }));
  // SET OF in DER is sorted by encoding; verifiers hash the attributes in that form.
  return list.sort((a, b) => (hex(encode(a.toSchema())) < hex(encode(b.toSchema())) ? -1 : 1));
}

/** The chain without its root, which the receiver must hold itself. */
const authorities = (chain) =>
  chain.map((der) => parseCertificate(der).certificate).filter((item) => !item.issuer.isEqual(item.subject));

/**
 * @param {Uint8Array} data
 * @param {{privateKey: CryptoKey, certificate: Uint8Array, chain: Uint8Array[]}} signer as openKeyFile gives it, or usbSigner
 * @param {Date} time
 * @returns {Promise<Uint8Array>} CMS SignedData in DER, without the data
 */
export async function signDetached(data, signer, time) {
  if (signer.sign) return signer.sign(data, time);
  const own = parseCertificate(signer.certificate).certificate;
  const signedAttrs = new SignedAndUnsignedAttributes({
    type: 0,
    attributes: attributes(await sha256(data), await sha256(signer.certificate), time),
  });
  const signed = new SignedData({
    version: 1,
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: OID.data }),
    signerInfos: [new SignerInfo({
      version: 1,
      sid: new IssuerAndSerialNumber({ issuer: own.issuer, serialNumber: own.serialNumber }),
      signedAttrs,
    })],
    certificates: [own, ...authorities(signer.chain)],
  });
  await signed.sign(signer.privateKey, 0, "SHA-256", data.slice().buffer);
  return encode(new ContentInfo({ contentType: OID.signedData, content: signed.toSchema(true) }).toSchema());
}

function parseSigned(der) {
  try {
    const info = ContentInfo.fromBER(der.slice().buffer);
    return new SignedData({ schema: info.content });
  } catch (error) {
    throw new VaultError("MALFORMED", `CMS: ${error.message}`);
  }
}

/**
 * Check a detached signature: digest, signature, signing-certificate-v2 and, where roots are given, the chain.
 * Revocation and policy of algorithms are the receiving server's part.
 * @param {Uint8Array[]} [roots] DER of the trusted roots
 * @returns {Promise<{certificate: Uint8Array, certSha256: string}>} the signer
 * @throws {VaultError} MALFORMED, SIGNATURE_WRONG
 */
export async function verifyDetached(der, data, { roots = [], at = new Date() } = {}) {
  const signed = parseSigned(der);
  let result;
  try {
    result = await signed.verify({ signer: 0, data: data.slice().buffer, extendedMode: true });
  } catch (error) {
    throw new VaultError("SIGNATURE_WRONG", error.message);
  }
  const certificate = result.signerCertificate && encode(result.signerCertificate.toSchema());
  if (!result.signatureVerified || !certificate) throw new VaultError("SIGNATURE_WRONG");
  const certHash = await sha256(certificate);
  const named = signed.signerInfos[0].signedAttrs?.attributes.find((item) => item.type === OID.signingCertificateV2);
  const id = named?.values[0].valueBlock.value[0].valueBlock.value[0].valueBlock.value;
  if (!id || !equal(new Uint8Array(id[0].valueBlock.valueHexView), certHash)) throw new VaultError("SIGNATURE_WRONG", "certificate id");
  if (roots.length) await checkChain(signed, result.signerCertificate, roots, at);
  return { certificate, certSha256: hex(certHash) };
}

async function checkChain(signed, signer, roots, at) {
  const engine = new CertificateChainValidationEngine({
    trustedCerts: roots.map((root) => parseCertificate(root).certificate),
    certs: [...signed.certificates.filter((item) => item !== signer), signer],
    checkDate: at,
  });
  const { result, resultMessage } = await engine.verify();
  if (!result) throw new VaultError("SIGNATURE_WRONG", resultMessage);
}

/** genTime of an RFC 3161 token, in milliseconds. */
export function stampTime(token) {
  const content = parseSigned(token).encapContentInfo.eContent;
  return TSTInfo.fromBER(content.getValue()).genTime.getTime();
}

/** A signing key and its certificate request (PKCS#10), made in the browser. */
import * as asn1js from "asn1js";
import { CertificationRequest, RelativeDistinguishedNames } from "pkijs";
import { subtle } from "./bytes.js";
import { encryptKey } from "./certkey.js";
import { encode, writePem } from "./der.js";

const SUBJECT = {
  C: "2.5.4.6", O: "2.5.4.10", OU: "2.5.4.11", CN: "2.5.4.3", serialNumber: "2.5.4.5", organizationIdentifier: "2.5.4.97",
};
const KINDS = {
  "ec-p256": { name: "ECDSA", namedCurve: "P-256" },
  "rsa-3072": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) },
};

/** One set for each attribute, which PKI.js by itself would put into a single unsorted set. */
function distinguishedName(subject) {
  const sets = Object.entries(subject).map(([name, value]) => {
    // Country is a PrintableString by RFC 5280; the rest may be Chinese.
    const text = name === "C" ? new asn1js.PrintableString({ value }) : new asn1js.Utf8String({ value });
    const pair = new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: SUBJECT[name] }), text] });
    return new asn1js.Set({ value: [pair] });
  });
  return RelativeDistinguishedNames.fromBER(new asn1js.Sequence({ value: sets }).toBER(false));
}

/**
 * @param {Record<keyof SUBJECT, string>} subject
 * @param {string} passphrase
 * @param {"ec-p256"|"rsa-3072"} [kind]
 * @returns {Promise<{csr: string, keyPem: string}>} both PEM
 */
export async function makeRequest(subject, passphrase, kind = "ec-p256", options = {}) {
  const pair = await subtle.generateKey(KINDS[kind], true, ["sign", "verify"]);
  const request = new CertificationRequest();
  request.subject = distinguishedName(subject);
  await request.subjectPublicKeyInfo.importKey(pair.publicKey);
  request.attributes = [];
  await request.sign(pair.privateKey, "SHA-256");
  const pkcs8 = new Uint8Array(await subtle.exportKey("pkcs8", pair.privateKey));
  const keyPem = await encryptKey(pkcs8, passphrase, options);
  return { csr: writePem("CERTIFICATE REQUEST", encode(request.toSchema())), keyPem };
}

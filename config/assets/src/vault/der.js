/** The little DER this client writes and reads itself, on asn1js. */
import * as asn1js from "asn1js";
import { base64, unbase64 } from "./bytes.js";
import { VaultError } from "./errors.js";

export function parseDer(bytes) {
  const { offset, result } = asn1js.fromBER(bytes);
  if (offset !== bytes.length) throw new VaultError("MALFORMED", "DER");
  return result;
}

export const encode = (node) => new Uint8Array(node.toBER(false));

/** @returns {{label: string, der: Uint8Array}[]} all blocks of a PEM text */
export function readPem(text) {
  const blocks = text.matchAll(/-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g);
  return [...blocks].map(([, label, body]) => ({ label, der: unbase64(body.replaceAll(/\s/g, "")) }));
}

export const writePem = (label, der) =>
  `-----BEGIN ${label}-----\n${base64(der).replaceAll(/(.{64})(?=.)/g, "$1\n")}\n-----END ${label}-----\n`;

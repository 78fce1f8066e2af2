/** Bytes, encodings and hashes as vault.md section 2 writes them. */
import { VaultError } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const subtle = globalThis.crypto.subtle;

/** @param {number} n @returns {Uint8Array} */
export const randomBytes = (n) => globalThis.crypto.getRandomValues(new Uint8Array(n));

export const utf8 = (text) => encoder.encode(text);

/** Strict UTF-8; throws on malformed input. */
export const fromUtf8 = (bytes) => decoder.decode(bytes);

/** @param {...Uint8Array} parts */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

export function u32be(n) {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

export function u64be(n) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(n));
  return out;
}

/** lp(a, b, …): each item as a 4-byte big-endian length and its bytes; strings as UTF-8. */
export function lp(...items) {
  return concat(
    ...items.flatMap((item) => {
      const bytes = typeof item === "string" ? utf8(item) : item;
      return [u32be(bytes.length), bytes];
    }),
  );
}

export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += PAIRS[byte];
  return text;
}

/** Lowercase hex of even length only. */
export function unhex(text) {
  if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) throw new VaultError("MALFORMED", "hex");
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Standard base64 with padding, as signed notes use it. */
export function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

/** Strict: what does not encode back to the same text is refused. */
export function unbase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    throw new VaultError("MALFORMED", "base64");
  }
  if (base64(bytes) !== text) throw new VaultError("MALFORMED", "base64 not canonical");
  return bytes;
}

/** b64 of vault.md: base64url without padding. */
export const b64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Strict inverse of b64url; padding, other alphabets and loose last bits are refused. */
export function unb64url(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text)) throw new VaultError("MALFORMED", "base64url");
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return unbase64(standard + "=".repeat((4 - (standard.length % 4)) % 4));
}

export const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

async function hmac(hash, key, data) {
  const handle = await subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", handle, data));
}

/** HKDF-Expand without extract (RFC 5869 2.3); WebCrypto only offers both steps together. */
export async function hkdfExpand(hash, prk, info, length) {
  const blocks = [];
  let block = new Uint8Array(0);
  for (let i = 1, have = 0; have < length; i++, have += block.length) {
    block = await hmac(hash, prk, concat(block, info, Uint8Array.of(i)));
    blocks.push(block);
  }
  return concat(...blocks).slice(0, length);
}

/** `Expand` of vault.md: HKDF-Expand-SHA-256. */
export const expand = (prk, info, length) => hkdfExpand("SHA-256", prk, info, length);

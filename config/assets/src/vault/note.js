/** C2SP signed notes, vkeys, tlog checkpoints and witness cosignatures (v1). */
import { base64, concat, equal, hex, sha256, unbase64, utf8 } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { VaultError } from "./errors.js";

export const LOG_KEY = 1;
export const WITNESS_KEY = 4;

const malformed = (detail) => new VaultError("MALFORMED", detail);

/** @returns {Promise<{name: string, kind: number, id: Uint8Array, key: Uint8Array}>} */
export async function parseVkey(text) {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text);
  if (!match) throw malformed("vkey");
  const [, name, id, encoded] = match;
  const material = unbase64(encoded);
  const digest = await sha256(concat(utf8(`${name}\n`), material));
  if (material.length !== 33 || hex(digest.subarray(0, 4)) !== id) throw malformed("vkey");
  return { name, kind: material[0], id: digest.slice(0, 4), key: material.slice(1) };
}

/** @returns {{text: string, signatures: {name: string, id: Uint8Array, bytes: Uint8Array}[]}} */
export function parseNote(note) {
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) throw malformed("note");
  const signatures = note.slice(split + 2, -1).split("\n").map((line) => {
    const match = /^— ([^+\s]+) ([A-Za-z0-9+/=]+)$/u.exec(line);
    if (!match) throw malformed("signature line");
    const bytes = unbase64(match[2]);
    if (bytes.length < 5) throw malformed("signature line");
    return { name: match[1], id: bytes.slice(0, 4), bytes: bytes.slice(4) };
  });
  return { text: note.slice(0, split + 1), signatures };
}

/** Origin, size and root; extension lines are refused (ledger.md: nobody can audit them). */
export function parseCheckpoint(note) {
  const parsed = parseNote(note);
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]+)\n$/.exec(parsed.text);
  const root = match && unbase64(match[3]);
  const size = match && Number(match[2]);
  if (!match || root.length !== 32 || !Number.isSafeInteger(size)) throw malformed("checkpoint");
  return { ...parsed, origin: match[1], size, root, rootText: base64(root) };
}

const of = (parsed, key) => parsed.signatures.filter((line) => line.name === key.name && equal(line.id, key.id));

/** Does this log key sign the note? */
export async function signedByLog(parsed, key) {
  if (key.kind !== LOG_KEY) return false;
  for (const line of of(parsed, key)) if (await verifyEd25519(key.key, utf8(parsed.text), line.bytes)) return true;
  return false;
}

/** The POSIX second at which this witness cosigned, or null. */
export async function cosignedAt(parsed, key) {
  if (key.kind !== WITNESS_KEY) return null;
  for (const line of of(parsed, key)) {
    if (line.bytes.length !== 72) continue;
    const time = new DataView(line.bytes.buffer, line.bytes.byteOffset).getBigUint64(0);
    const message = utf8(`cosignature/v1\ntime ${time}\n${parsed.text}`);
    if (await verifyEd25519(key.key, message, line.bytes.slice(8))) return Number(time);
  }
  return null;
}

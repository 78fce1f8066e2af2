/** Deterministic uncompressed USTAR archives as Blobs; member data is never read while writing. */
import { fromUtf8, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";

const BLOCK = 512;
const NAME_BYTES = 100;

function header(name, size) {
  const block = new Uint8Array(BLOCK);
  const put = (offset, text) => block.set(utf8(text), offset);
  const octal = (value, width) => value.toString(8).padStart(width, "0");
  put(0, name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${octal(size, 11)}\0`);
  put(136, `${octal(0, 11)}\0`);
  put(148, "        ");
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return block;
}

/** @param {{name: string, data: Blob}[]} members in the order given; names at most 100 bytes of UTF-8 */
export function writeTar(members) {
  const parts = [];
  for (const { name, data } of members) {
    if (utf8(name).length > NAME_BYTES || data.size >= 8 ** 11) throw new VaultError("FILE_NAME_TOO_LONG", name);
    parts.push(header(name, data.size), data, new Uint8Array((BLOCK - (data.size % BLOCK)) % BLOCK));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return new Blob(parts);
}

/** A name that fits the header: whole characters are dropped before the extension. */
export function fitName(name, taken = new Set()) {
  const clean = name.replaceAll(/[\\/\0]/g, "_").normalize("NFC") || "_";
  const dot = clean.lastIndexOf(".");
  const [stem, extension] = dot > 0 && clean.length - dot <= 12 ? [clean.slice(0, dot), clean.slice(dot)] : [clean, ""];
  for (let copy = 1; ; copy++) {
    const tail = (copy > 1 ? `~${copy}` : "") + extension;
    const characters = [...stem];
    while (utf8(characters.join("") + tail).length > NAME_BYTES) characters.pop();
    const fitted = characters.join("") + tail;
    if (!taken.has(fitted)) return fitted;
  }
}

/** The part `documents`: files sorted by name. @param {Iterable<File>} files */
export function packDocuments(files) {
  const taken = new Set();
  const members = [...files].map((file) => {
    const name = fitName(file.name, taken);
    taken.add(name);
    return { name, data: file };
  });
  return writeTar(members.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

const text = (block, offset, length) => fromUtf8(block.slice(offset, offset + length)).replace(/\0[^]*$/, "");

/** @returns {Promise<{name: string, data: Blob}[]>} members as slices, nothing copied */
export async function readTar(blob) {
  const members = [];
  for (let offset = 0; offset + BLOCK <= blob.size; ) {
    const block = new Uint8Array(await blob.slice(offset, offset + BLOCK).arrayBuffer());
    if (block.every((byte) => byte === 0)) return members;
    const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    const size = parseInt(text(block, 124, 12), 8);
    if (text(block, 257, 5) !== "ustar" || parseInt(text(block, 148, 8), 8) !== sum || !(size >= 0)) {
      throw new VaultError("MALFORMED", "tar header");
    }
    const prefix = text(block, 345, 155);
    const name = (prefix ? `${prefix}/` : "") + text(block, 0, 100);
    const end = offset + BLOCK + size;
    if (end > blob.size) throw new VaultError("MALFORMED", "tar cut short");
    members.push({ name, data: blob.slice(offset + BLOCK, end) });
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new VaultError("MALFORMED", "tar without end");
}

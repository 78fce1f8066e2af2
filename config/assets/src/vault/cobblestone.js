/**
 * Cobblestone-256 of c2sp.org/chunked-encryption on WebCrypto: HKDF-Expand-SHA-512, AES-256-GCM,
 * 16 KiB chunks, a 32-byte key commitment; the last chunk is always shorter than the others.
 */
import { concat, equal, hkdfExpand, randomBytes, subtle, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";

export const CHUNK = 16384;
export const HEADER = 56;
const TAG = 16;
const SALT = 24;
// Chunks in flight: 64 keeps WebCrypto's workers busy (one by one is half as fast) in 1 MiB of memory.
const BATCH = 64;

async function schedule(key, context, salt) {
  if (key.length !== 32) throw new VaultError("MALFORMED", "key length");
  const info = concat(utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"), Uint8Array.of(0), salt, context);
  const okm = await hkdfExpand("SHA-512", key, info, 76);
  return {
    aead: await subtle.importKey("raw", okm.subarray(0, 32), "AES-GCM", false, ["encrypt", "decrypt"]),
    nonce: okm.slice(32, 44),
    commitment: okm.slice(44, 76),
  };
}

function chunkNonce(base, index) {
  const nonce = base.slice();
  for (let i = 11, rest = index; rest > 0; i--, rest = Math.floor(rest / 256)) nonce[i] ^= rest % 256;
  return nonce;
}

/** Cipher all chunks of one batch at once and join the results. */
async function batch(operation, keys, bytes, width, first) {
  const jobs = [];
  for (let offset = 0; offset < bytes.length; offset += width) {
    const iv = chunkNonce(keys.nonce, first + jobs.length);
    jobs.push(subtle[operation]({ name: "AES-GCM", iv }, keys.aead, bytes.subarray(offset, offset + width)));
  }
  return concat(...(await Promise.all(jobs)).map((buffer) => new Uint8Array(buffer)));
}

/** Read a Blob in steps, one step ahead of the consumer. */
async function* slices(blob, start, step) {
  const read = async (offset) => new Uint8Array(await blob.slice(offset, offset + step).arrayBuffer());
  let next = read(start);
  for (let offset = start; offset < blob.size; offset += step) {
    const bytes = await next;
    if (offset + step < blob.size) next = read(offset + step);
    yield bytes;
  }
}

/**
 * Encrypt a Blob; yields the header and then about 1 MiB at a time.
 * @param {Blob} blob
 * @param {Uint8Array} key 32 bytes, used for this message only
 * @param {Uint8Array} context
 * @param {(n: number) => Uint8Array} [rng]
 */
export async function* encrypt(blob, key, context, rng = randomBytes) {
  const salt = rng(SALT);
  const keys = await schedule(key, context, salt);
  yield concat(salt, keys.commitment);
  let index = 0;
  for await (const bytes of slices(blob, 0, BATCH * CHUNK)) {
    yield await batch("encrypt", keys, bytes, CHUNK, index);
    index += Math.ceil(bytes.length / CHUNK);
  }
  // A message that ends on a chunk boundary is closed by an empty chunk.
  if (blob.size % CHUNK === 0) {
    const iv = chunkNonce(keys.nonce, index);
    yield new Uint8Array(await subtle.encrypt({ name: "AES-GCM", iv }, keys.aead, new Uint8Array(0)));
  }
}

/** The size of the plaintext in a ciphertext of this size, or -1 where no such ciphertext exists. */
export function plaintextSize(size) {
  const body = size - HEADER;
  const last = body % (CHUNK + TAG);
  return body < TAG || last < TAG ? -1 : Math.floor(body / (CHUNK + TAG)) * CHUNK + last - TAG;
}

/**
 * Decrypt a Blob; yields about 1 MiB at a time. What was yielded may be used only when the
 * generator has ended without throwing (truncation shows at the end).
 * @throws {VaultError} DECRYPT_FAILED
 */
export async function* decrypt(blob, key, context) {
  if (plaintextSize(blob.size) < 0) throw new VaultError("DECRYPT_FAILED", "size");
  const header = new Uint8Array(await blob.slice(0, HEADER).arrayBuffer());
  const keys = await schedule(key, context, header.subarray(0, SALT));
  if (!equal(header.subarray(SALT), keys.commitment)) throw new VaultError("DECRYPT_FAILED", "key commitment");
  let index = 0;
  const width = CHUNK + TAG;
  for await (const bytes of slices(blob, HEADER, BATCH * width)) {
    let plain;
    try {
      plain = await batch("decrypt", keys, bytes, width, index);
    } catch {
      throw new VaultError("DECRYPT_FAILED", `chunk ${index} or one of the ${BATCH} after it`);
    }
    index += Math.ceil(bytes.length / width);
    yield plain;
  }
}

/** RFC 6962 tree hashes: over 1 MiB segments of a ciphertext, and the proofs of the ledger. */
import { concat, equal, sha256 } from "./bytes.js";

export const SEGMENT = 1 << 20;

export const hashLeaf = (data) => sha256(concat(Uint8Array.of(0), data));
export const hashNode = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/** Merkle tree head of these leaf hashes (RFC 6962 2.1). */
export async function rootOf(hashes) {
  if (hashes.length === 0) return sha256(new Uint8Array(0));
  if (hashes.length === 1) return hashes[0];
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  return hashNode(await rootOf(hashes.slice(0, split)), await rootOf(hashes.slice(split)));
}

/**
 * The tree hash of a stream. WebCrypto has no streaming digest, so bytes are gathered into
 * segments that already carry the leaf prefix, and whole segments are hashed.
 */
export class TreeHasher {
  #segment = new Uint8Array(SEGMENT + 1);
  #fill = 1;
  #leaves = [];
  size = 0;

  /** @param {Uint8Array} bytes copied; awaits the hash of each segment it completes */
  async update(bytes) {
    this.size += bytes.length;
    for (let offset = 0; offset < bytes.length; ) {
      const take = Math.min(bytes.length - offset, this.#segment.length - this.#fill);
      this.#segment.set(bytes.subarray(offset, offset + take), this.#fill);
      this.#fill += take;
      offset += take;
      if (this.#fill === this.#segment.length) await this.#close();
    }
  }

  async #close() {
    this.#leaves.push(await sha256(this.#segment.subarray(0, this.#fill)));
    this.#fill = 1;
  }

  async root() {
    if (this.#fill > 1) await this.#close();
    return rootOf(this.#leaves);
  }
}

/** @param {Blob} blob */
export async function treeOfBlob(blob) {
  const leaves = [];
  for (let offset = 0; offset < blob.size; offset += SEGMENT) {
    leaves.push(await hashLeaf(new Uint8Array(await blob.slice(offset, offset + SEGMENT).arrayBuffer())));
  }
  return rootOf(leaves);
}

/** Root that an inclusion proof leads to (RFC 9162 2.1.3.2), or null where it cannot fit. */
export async function rootFromInclusion(leafHash, index, size, proof) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null;
  if (leafHash.length !== 32) return null;
  let [node, last, hash] = [BigInt(index), BigInt(size - 1), leafHash];
  for (const sibling of proof) {
    if (last === 0n || sibling.length !== 32) return null;
    if (node & 1n || node === last) {
      hash = await hashNode(sibling, hash);
      while (!(node & 1n) && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      hash = await hashNode(hash, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n ? hash : null;
}

/** @returns {Promise<boolean>} */
export async function verifyInclusion(leafHash, index, size, proof, root) {
  const computed = await rootFromInclusion(leafHash, index, size, proof);
  return computed !== null && equal(computed, root);
}

/** RFC 9162 2.1.4.2: the tree of `size1` is a prefix of the tree of `size2`. */
export async function verifyConsistency(size1, size2, root1, root2, proof) {
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 0 || size2 < size1) return false;
  if (size1 === size2) return proof.length === 0 && equal(root1, root2);
  if (size1 === 0) return proof.length === 0;
  if (proof.length === 0 || proof.some((hash) => hash.length !== 32)) return false;
  let [node, last] = [BigInt(size1 - 1), BigInt(size2 - 1)];
  while (node & 1n) [node, last] = [node >> 1n, last >> 1n];
  const path = node === 0n ? [root1, ...proof] : [...proof]; // a power of two proves itself
  let [first, second] = [path[0], path[0]];
  for (const hash of path.slice(1)) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      first = await hashNode(hash, first);
      second = await hashNode(hash, second);
      while (!(node & 1n) && node !== 0n) [node, last] = [node >> 1n, last >> 1n];
    } else {
      second = await hashNode(second, hash);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n && equal(first, root1) && equal(second, root2);
}

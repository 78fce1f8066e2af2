/** Every derived value of vault.md 2.3: bindings, shares, commitments, part keys. */
import { concat, expand, hex, lp, sha256, u64be, unhex } from "./bytes.js";
import { jcs } from "./jcs.js";
import { evaluate } from "./shamir.js";

const one = (n) => Uint8Array.of(n);

/** B: binds policy, bid and bidder into every key below. @returns {Promise<Uint8Array>} */
export const binding = (policyHash, bidId, bidder) =>
  sha256(lp("ebid/v1/bid", unhex(policyHash), bidId, jcs(bidder)));

export const dualKey = (kc, kb, B, stage) => expand(concat(kc, kb), lp("ebid/v1/dual", B, stage), 32);

/** Shares 1..n of Kc; the coefficients come from Kc, so anyone who knows it re-derives them all. */
export async function dealShares(kc, B, stage, t, n) {
  const coefficients = [kc];
  for (let j = 1; j < t; j++) {
    coefficients.push(await expand(kc, lp("ebid/v1/shamir", B, stage, one(t), one(j)), 32));
  }
  return Array.from({ length: n }, (_, i) => evaluate(coefficients, i + 1));
}

export const keyCommitment = async (key, B, stage) => hex(await sha256(lp("ebid/v1/k-commit", B, stage, key)));
export const custodianCommitment = (kc, B, stage) => keyCommitment(kc, B, `${stage}/c`);
export const shareCommitment = async (share, B, stage, index) =>
  hex(await sha256(lp("ebid/v1/share", B, stage, one(index), share)));

export const wrapInfo = (B, stage, index) => lp("ebid/v1/wrap", B, stage, one(index));
export const partKey = (K, B, part) => expand(K, lp("ebid/v1/cek", B, part), 32);
export const contentContext = (B, part) => lp("ebid/v1/content", B, part);

/** Padmé (Nikitin et al. 2019): hides a length at a cost of at most 12 %; never under 16 KiB. */
export function paddedSize(size) {
  const exponent = size.toString(2).length - 1;
  const grain = 2 ** Math.max(0, exponent - exponent.toString(2).length);
  return Math.max(16384, Math.ceil(size / grain) * grain);
}

/** u64be(len) || data || zeros, as a Blob that does not read the data. */
export function padded(data) {
  const size = 8 + data.size;
  const zeros = new Uint8Array(Math.min(1 << 20, paddedSize(size) - size));
  const parts = [u64be(data.size), data];
  for (let rest = paddedSize(size) - size; rest > 0; rest -= zeros.length) {
    parts.push(zeros.subarray(0, Math.min(rest, zeros.length)));
  }
  return new Blob(parts);
}

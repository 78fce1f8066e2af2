/** Shamir's sharing over GF(256), polynomial 0x11B, byte-wise, secret at x = 0 (vault.md 2.3). */

const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
  x ^= (x << 1) ^ (x & 0x80 ? 0x11b : 0); // times the generator 3
}

const multiply = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);
const divide = (a, b) => (a ? EXP[LOG[a] + 255 - LOG[b]] : 0);

/** The value at x of the polynomial with these byte-string coefficients, constant term first. */
export function evaluate(coefficients, x) {
  const out = new Uint8Array(coefficients[0].length);
  for (let c = coefficients.length - 1; c >= 0; c--) {
    for (let i = 0; i < out.length; i++) out[i] = multiply(out[i], x) ^ coefficients[c][i];
  }
  return out;
}

/**
 * Interpolate at x = 0 through all given points.
 * @param {Map<number, Uint8Array>} shares index 1..255 to share
 */
export function combine(shares) {
  const out = new Uint8Array(shares.values().next().value.length);
  for (const [i, share] of shares) {
    let weight = 1;
    for (const j of shares.keys()) if (j !== i) weight = multiply(weight, divide(j, i ^ j));
    for (let k = 0; k < out.length; k++) out[k] ^= multiply(share[k], weight);
  }
  return out;
}

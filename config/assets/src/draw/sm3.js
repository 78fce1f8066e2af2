/** SM3 (GB/T 32905-2016), which WebCrypto does not offer. */

const IV = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

const rotate = (x, n) => (x << n) | (x >>> (32 - n));
const p0 = (x) => x ^ rotate(x, 9) ^ rotate(x, 17);
const p1 = (x) => x ^ rotate(x, 15) ^ rotate(x, 23);

const CONSTANTS = Int32Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));

/** The message, a 1 bit, zeros, and the length in bits (64-bit big-endian): whole blocks of 64 bytes. */
function padded(data) {
  const out = new Uint8Array((((data.length + 8) >> 6) + 1) << 6);
  out.set(data);
  out[data.length] = 0x80;
  new DataView(out.buffer).setBigUint64(out.length - 8, BigInt(data.length) * 8n);
  return out;
}

function expand(words, view, offset) {
  for (let j = 0; j < 16; j++) words[j] = view.getInt32(offset + 4 * j);
  for (let j = 16; j < 68; j++) {
    words[j] = p1(words[j - 16] ^ words[j - 9] ^ rotate(words[j - 3], 15)) ^ rotate(words[j - 13], 7) ^ words[j - 6];
  }
}

function compress(state, words) {
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j++) {
    const a12 = rotate(a, 12);
    const ss1 = rotate((a12 + e + CONSTANTS[j]) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ a12) + (words[j] ^ words[j + 4])) | 0;
    const tt2 = (gg + h + ss1 + words[j]) | 0;
    [d, c, b, a] = [c, rotate(b, 9), a, tt1];
    [h, g, f, e] = [g, rotate(f, 19), e, p0(tt2)];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] ^= word));
}

/** @param {Uint8Array} data @returns {Uint8Array} 32 bytes */
export function sm3(data) {
  const message = padded(data);
  const view = new DataView(message.buffer);
  const state = Int32Array.from(IV);
  const words = new Int32Array(68);
  for (let offset = 0; offset < message.length; offset += 64) {
    expand(words, view, offset);
    compress(state, words);
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

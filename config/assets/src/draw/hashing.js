/** Tagged hashes of draw.md section 1, in both families, and the tree over a list. */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "../vault/bytes.js";
import { sm3 } from "./sm3.js";

const DIGESTS = { sha256, sm3 };

export const knows = (alg) => Object.hasOwn(DIGESTS, alg);

function length(n) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setUint32(4, n);
  return out;
}

/** The two functions of a draw's family: H(tag, …parts), text counting as UTF-8, and the RFC 6962 root. */
export function family(alg) {
  const digest = DIGESTS[alg];
  const H = (tag, ...parts) => {
    const bytes = parts.map((part) => (typeof part === "string" ? utf8(part) : part));
    return digest(concat(utf8(`ebid-draw/1/${tag}\n`), ...bytes.flatMap((part) => [length(part.length), part])));
  };
  return { H, root: (leaves) => root(digest, leaves) };
}

function root(digest, leaves) {
  if (leaves.length === 0) return digest(new Uint8Array(0));
  let level = leaves.map((leaf) => digest(concat(Uint8Array.of(0), leaf)));
  while (level.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(digest(concat(Uint8Array.of(1), level[i], level[i + 1])));
    if (level.length % 2) next.push(level.at(-1)); // an odd last hash goes up unchanged
    level = next;
  }
  return level[0];
}

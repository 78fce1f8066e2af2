/** Shared by the tests: the vector files and small conversions. */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";

export const vectors = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
export const bytesOf = (text) => new Uint8Array(Buffer.from(text, "hex"));
export const inflate = (text) => new Uint8Array(inflateSync(Buffer.from(text, "hex")));
export const fromBase64 = (text) => new Uint8Array(Buffer.from(text, "base64"));
export const textOf = async (blob) => Buffer.from(await blob.arrayBuffer()).toString("utf8");

export async function collect(generator) {
  const pieces = [];
  for await (const piece of generator) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

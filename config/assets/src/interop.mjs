/**
 * The browser's sealing code as a process, for tests that hold it against the Python code: reads one
 * JSON command from standard input, writes one JSON answer. Bytes travel as base64url, hashes as hex.
 *
 *   {"do": "seal", "policy", "bidder", "seq", "replaces", "parts": {name: b64}, "sealed_file": path?}
 *   {"do": "open", "policy", "manifest", "parts": {name: b64}, "released": {stage: {"Kb": b64, "seeds": {i: hex}}}}
 *   {"do": "read-sealed", "file": path}          {"do": "write-key-file" | "read-key-file", …}
 *   {"do": "sign", "key_file": pem, "passphrase", "data": b64}      {"do": "verify", "cms", "data", "roots": [b64]}
 *   {"do": "request", "subject", "passphrase", "kind"}             {"do": "price-sheet", …}      {"do": "words", "fen": [s]}
 *   {"do": "check-receipt", "receipt", "policy", "mine", "now"}    {"do": "check-policy", "policy", "tender", "bloc"}
 *   {"do": "public-keys", "seeds": [hex]}                          {"do": "replay-draws", "transcripts": [b64]}
 *   {"do": "check-lotteries", "records": [b64]}
 *   {"do": "floor-begin", "params", "ann"}                         {"do": "floor-commit" | "floor-deal" | "floor-reveal", "own", "papers", "trust"}
 */
import { openAsBlob } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { begin, checkFrozen, commitment, deals } from "./draw/contribution.js";
import { checkLottery } from "./draw/lottery.js";
import { readTranscript, replay } from "./draw/replay.js";
import { b64url, hex, unb64url, unhex } from "./vault/bytes.js";
import { openKeyFile } from "./vault/certkey.js";
import { parseCanonical } from "./vault/jcs.js";
import { signDetached, stampTime, verifyDetached } from "./vault/cms.js";
import { makeRequest } from "./vault/csr.js";
import { publicKeyOfSeed } from "./vault/hpke.js";
import { keyFileText, parseKeyFile, readKeyFile, writeKeyFile } from "./vault/keyfile.js";
import { openBid } from "./vault/open.js";
import { checkPolicy } from "./vault/policy.js";
import { inWords, priceSheet } from "./vault/pricesheet.js";
import { checkReceipt } from "./vault/receipt.js";
import { sealBid } from "./vault/seal.js";
import { readSealed, writeSealed } from "./vault/sealedfile.js";

const blobs = (parts) => Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, new Blob([unb64url(text)])]));
const text = async (blob) => b64url(new Uint8Array(await blob.arrayBuffer()));
const map = async (object, work) =>
  Object.fromEntries(await Promise.all(Object.entries(object).map(async ([key, value]) => [key, await work(value)])));

/** Seed and result hash of a transcript, or the code of its refusal; anything else it throws ends the process. */
function judgeDraw(raw) {
  try {
    const { seed, resultHash } = replay(readTranscript(raw));
    return { seed: hex(seed), result: hex(resultHash) };
  } catch (error) {
    if (error.name !== "DrawError") throw error;
    return { code: error.code };
  }
}

const commands = {
  async seal({ policy, bidder, seq = 1, replaces = null, parts, sealed_file: path, key_file: signer, passphrase }) {
    const policyRaw = unb64url(policy);
    const bid = await sealBid({ policyRaw, bidder, seq, replaces, parts: blobs(parts) });
    const cms = signer ? await signDetached(bid.manifest, await openKeyFile(signer, passphrase), new Date()) : new Uint8Array(0);
    if (path) await writeFile(path, writeSealed({ policyRaw, manifest: bid.manifest, cms, parts: bid.parts }).stream());
    return { manifest: b64url(bid.manifest), manifest_hash: bid.manifestHash, keys: bid.keys, cms: b64url(cms), parts: path ? {} : await map(bid.parts, text) };
  },
  async open({ policy, manifest, parts, released }) {
    const given = Object.fromEntries(Object.entries(released).map(([stage, { Kb, seeds, shares }]) => [stage, {
      bidderKey: Kb ? unb64url(Kb) : undefined,
      seeds: seeds && Object.fromEntries(Object.entries(seeds).map(([i, seed]) => [i, unhex(seed)])),
      shares: shares && Object.fromEntries(Object.entries(shares).map(([i, share]) => [i, unb64url(share)])),
    }]));
    const opened = await openBid({ policyRaw: unb64url(policy), manifestRaw: unb64url(manifest), parts: blobs(parts), released: given });
    return { parts: await map(opened.parts, async ({ outcome, data }) => ({ outcome, data: data ? await text(data) : null })) };
  },
  async "read-sealed"({ file }) {
    const sealed = await readSealed(await openAsBlob(file));
    return { policy: b64url(sealed.policyRaw), manifest: b64url(sealed.manifest), cms: b64url(sealed.cms), parts: await map(sealed.parts, text) };
  },
  "write-key-file": async ({ bid, passphrase }) => ({ text: keyFileText(await writeKeyFile(bid, passphrase)) }),
  "read-key-file": async ({ file, passphrase }) => map(await readKeyFile(parseKeyFile(file), passphrase), b64url),
  async sign({ key_file: file, passphrase, data }) {
    return { cms: b64url(await signDetached(unb64url(data), await openKeyFile(file, passphrase), new Date())) };
  },
  async verify({ cms, data, roots = [] }) {
    return { cert_sha256: (await verifyDetached(unb64url(cms), unb64url(data), { roots: roots.map(unb64url) })).certSha256 };
  },
  request: ({ subject, passphrase, kind }) => makeRequest(subject, passphrase, kind, { iterations: 1000 }),
  words: ({ fen }) => ({ words: fen.map((value) => inWords(BigInt(value))) }),
  "public-keys": async ({ seeds }) => ({ keys: await Promise.all(seeds.map(async (seed) => b64url(await publicKeyOfSeed(unhex(seed))))) }),
  "price-sheet": (form) => {
    const sheet = priceSheet(form);
    return { ...sheet, bytes: b64url(sheet.bytes) };
  },
  async "check-receipt"({ receipt, policy, mine, now }) {
    const { verdict, checks } = await checkReceipt(receipt, { policyRaw: unb64url(policy), mine, now, stampTime });
    return { verdict, checks };
  },
  "replay-draws": ({ transcripts }) => ({ verdicts: transcripts.map((raw) => judgeDraw(unb64url(raw))) }),
  "check-lotteries": ({ records }) => ({ found: records.map((raw) => checkLottery(parseCanonical(unb64url(raw)))) }),
  "floor-begin": async ({ params, ann }) => ({ own: await begin(params, ann) }),
  "floor-commit": ({ own, papers }) => commitment(own, papers.params),
  "floor-deal": ({ own, papers }) => deals(own, papers),
  async "floor-reveal"({ own, papers, trust }) {
    await checkFrozen(own, papers, trust);
    return { party: own.party, slips: own.slips };
  },
  async "check-policy"({ policy, tender, bloc }) {
    await checkPolicy(unb64url(policy), { tender, bloc });
    return { ok: true };
  },
};

const command = JSON.parse(await readFile("/dev/stdin", "utf8"));
let answer;
try {
  answer = await commands[command.do](command);
} catch (error) {
  answer = { error: error.code ?? error.name, detail: error.message };
}
process.stdout.write(JSON.stringify(answer));

/** What the client checks in a receipt before it says SUBMITTED (vault.md 2.6, checks 1-7 and 9). */
import { hex, lp, sha256, u32be, unb64url, unhex } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { exactKeys, jcs, parseCanonical } from "./jcs.js";
import { cosignedAt, parseCheckpoint, parseVkey, signedByLog } from "./note.js";
import { hashLeaf, verifyConsistency, verifyInclusion } from "./tree.js";

const FIELDS = [
  "v", "typ", "kind", "tender", "lot", "ref", "seq", "manifest", "cms", "parts", "received", "at", "salt",
  "leaf_index", "proof", "checkpoint", "tsa", "sig",
];
const WITNESS_WINDOW_S = 600;
const CLOCK_TOLERANCE_MS = 300_000;
const STAMP_TOLERANCE_MS = 60_000;

/** The blinded leaf: JCS of the salted commitment to kind, tender, lot, seq, digest and time. */
export async function leafBytes({ salt, kind, tender, lot, seq, digest, at }) {
  const c = await sha256(lp("ebid/v1/leaf", salt, kind, tender, lot, u32be(seq), digest, at));
  return jcs({ v: 1, typ: "ebid.leaf", c: hex(c) });
}

async function without(document, field) {
  const { [field]: signature, ...rest } = document;
  return { signature: unb64url(signature), message: jcs(rest) };
}

/** Ed25519 by the policy's receipt key over JCS without `sig`: receipts, refusals, closing lists. */
export async function signedByReceiptKey(document, policy) {
  const { signature, message } = await without(document, "sig");
  return verifyEd25519(unb64url(policy.receipt_key), message, signature);
}

function partsAreMine(receipt, mine) {
  const key = (part) => `${part.name}\n${part.size}\n${part.tree}`;
  return receipt.parts.map(key).sort().join() === (mine.parts ?? []).map(key).sort().join();
}

async function leafIncluded(receipt, checkpoint) {
  const digest = unhex(receipt.manifest);
  const leaf = await hashLeaf(await leafBytes({ ...receipt, salt: unb64url(receipt.salt), digest }));
  return verifyInclusion(leaf, receipt.leaf_index, checkpoint.size, receipt.proof.map(unb64url), checkpoint.root);
}

/** How many of the policy's witnesses cosigned within ten minutes of the receipt. */
async function witnesses(checkpoint, policy, at) {
  let count = 0;
  for (const witness of policy.witnesses) {
    const time = await cosignedAt(checkpoint, await parseVkey(witness.key));
    if (time !== null && Math.abs(time - Date.parse(at) / 1000) <= WITNESS_WINDOW_S) count += 1;
  }
  return count;
}

async function consistentWith(previous, checkpoint, fetchConsistency) {
  if (!previous) return null;
  const [older, newer] = previous.size <= checkpoint.size ? [previous, checkpoint] : [checkpoint, previous];
  if (older.size === newer.size) return verifyConsistency(older.size, newer.size, older.root, newer.root, []);
  const proof = await fetchConsistency(older.size, newer.size);
  return verifyConsistency(older.size, newer.size, older.root, newer.root, proof);
}

/**
 * @param {object} receipt as served
 * @param {object} context
 * @param {Uint8Array} context.policyRaw the seal policy this client sealed under
 * @param {{manifest: string, cms: string, parts: {name, size, tree}[], kind?: string, seq?: number}|null} context.mine
 *   hashes of what this client sent; null when a stranger checks
 * @param {{size: number, root: Uint8Array}|null} [context.previous] last checkpoint this client kept
 * @param {(old: number, newer: number) => Promise<Uint8Array[]>} [context.fetchConsistency]
 * @param {() => Promise<string|null>} [context.movedDeadline] until when final offers are taken, where a suspension has
 *   moved the deadline of their policy
 * @param {number} context.now milliseconds, this client's clock
 * @param {(token: Uint8Array) => number} [context.stampTime] genTime of a time-stamp token in milliseconds
 * @returns {Promise<{verdict: "SUBMITTED"|"WITNESS_PENDING"|"FAILED", checks: {id: string, ok: boolean|null}[],
 *   checkpoint: object|null}>} `ok` null = cannot be said yet, or not asked for
 */
export async function checkReceipt(receipt, { policyRaw, mine, previous = null, fetchConsistency, movedDeadline, now, stampTime }) {
  const checks = [];
  const add = async (id, work) => {
    let ok;
    try {
      ok = await work();
    } catch {
      ok = false;
    }
    checks.push({ id, ok });
    return ok;
  };
  const policy = parseCanonical(policyRaw);
  let checkpoint = null;
  await add("signature", () => {
    exactKeys(receipt, FIELDS);
    return receipt.v === 1 && receipt.typ === "ebid.receipt" && receipt.tender === policy.tender &&
      receipt.lot === policy.lot && signedByReceiptKey(receipt, policy);
  });
  await add("mine", () => mine && receipt.manifest === mine.manifest && receipt.cms === mine.cms &&
    receipt.kind === (mine.kind ?? "bid") && (mine.seq === undefined || receipt.seq === mine.seq) && partsAreMine(receipt, mine));
  await add("inclusion", () => {
    checkpoint = parseCheckpoint(receipt.checkpoint);
    return leafIncluded(receipt, checkpoint);
  });
  await add("checkpoint", async () => {
    const key = await parseVkey(policy.log_key);
    return checkpoint.origin === policy.log && key.name === policy.log && signedByLog(checkpoint, key);
  });
  await add("consistency", () => consistentWith(previous, checkpoint, fetchConsistency));
  await add("deadline", async () => {
    const at = Date.parse(receipt.at);
    if (receipt.at !== receipt.received) return false;
    return at < Date.parse(policy.deadline) || at < Date.parse((await movedDeadline?.()) ?? policy.deadline);
  });
  await add("clock", () => Math.abs(Date.parse(receipt.at) - now) <= CLOCK_TOLERANCE_MS || null);
  await add("witness", async () => (await witnesses(checkpoint, policy, receipt.at)) >= Math.min(1, policy.witnesses.length) || null);
  await add("stamp", () => {
    if (receipt.tsa === null || !stampTime) return null;
    return Math.abs(stampTime(unb64url(receipt.tsa)) - Date.parse(receipt.at)) <= STAMP_TOLERANCE_MS;
  });
  if (!mine) checks.find((check) => check.id === "mine").ok = null;
  const failed = checks.some((check) => check.ok === false);
  const pending = checks.find((check) => check.id === "witness").ok === null;
  return { verdict: failed ? "FAILED" : pending ? "WITNESS_PENDING" : "SUBMITTED", checks, checkpoint };
}

/**
 * Check 9, after the close: my receipt is in the closing list, in a tree that continues the receipt's.
 * @returns {Promise<{verdict: "LISTED"|"FAILED"|"MISSING", status: string|null}>}
 */
export async function checkClose(receipt, close, { policyRaw, fetchConsistency }) {
  const policy = parseCanonical(policyRaw);
  if (close.tender !== receipt.tender || !(await signedByReceiptKey(close, policy))) return { verdict: "FAILED", status: null };
  const closing = { size: close.tree_size, root: unhex(close.root) };
  if (!(await consistentWith(parseCheckpoint(receipt.checkpoint), closing, fetchConsistency))) return { verdict: "FAILED", status: null };
  const entry = close.entries.find((candidate) => candidate.leaf_index === receipt.leaf_index);
  const listed = entry && entry.manifest === receipt.manifest && receipt.leaf_index < close.tree_size;
  return listed ? { verdict: "LISTED", status: entry.status } : { verdict: "MISSING", status: null };
}

/** Sending a sealed bid and judging its receipt, with everything kept in this browser on the way. */
import { fromUtf8, hex, sha256, unb64url, unbase64 } from "../vault/bytes.js";
import { stampTime, verifyDetached } from "../vault/cms.js";
import { VaultError } from "../vault/errors.js";
import { jcs, parseCanonical } from "../vault/jcs.js";
import { checkCustodianKeys, checkPolicy } from "../vault/policy.js";
import { checkClose, checkReceipt } from "../vault/receipt.js";
import { pollReceipt, uploadBid } from "../vault/upload.js";
import { bytesOf, send } from "./http.js";
import * as store from "./store.js";

/**
 * The policy of a tender with all its signatures, as a bidder must check it (vault.md 2.2).
 * @param {{tender: string, policySha256?: string, bloc?: string[]}} page
 * @returns {Promise<{policyRaw: Uint8Array, policy: object}>}
 */
export async function fetchPolicy({ tender, policySha256, bloc }) {
  const base = `/api/tenders/${encodeURIComponent(tender)}`;
  const [policyRaw, p7s, statements] = await Promise.all([
    bytesOf(`${base}/policy`), bytesOf(`${base}/policy.p7s`), bytesOf(`${base}/custodian-keys`),
  ]);
  const policy = await checkPolicy(policyRaw, { tender, sha256: policySha256, bloc });
  await verifyDetached(p7s, policyRaw);
  await checkCustodianKeys(policy, JSON.parse(fromUtf8(statements)), verifyDetached);
  return { policyRaw, policy };
}

async function fetchConsistency(older, newer) {
  const { status, body } = await send("GET", `/proof?old=${older}&new=${newer}`);
  if (status !== 200) throw new VaultError("NO_PROOF");
  return body.proof.map(unbase64);
}

/** Until when final offers are taken; null for any other tender, whose deadline only a signed policy moves. */
export async function movedDeadline(tender) {
  const { status, body } = await send("GET", `/api/tenders/${encodeURIComponent(tender)}`);
  return status === 200 ? body.moved_deadline : null;
}

/** What a receipt must say about a record of ours. */
const expected = (record) => ({
  kind: record.kind, manifest: record.manifestHash, cms: record.cmsHash, seq: record.seq,
  parts: record.parts_listed.map(({ name, size, tree }) => ({ name, size, tree })),
});

/** Judge a receipt and keep it and its checkpoint. */
export async function judge(record, receipt) {
  const origin = parseCanonical(record.policyRaw).log;
  const previous = (await store.get("checkpoints", origin)) ?? null;
  const result = await checkReceipt(receipt, {
    policyRaw: record.policyRaw, mine: expected(record), previous, fetchConsistency, now: Date.now(), stampTime,
    movedDeadline: () => movedDeadline(record.tender),
  });
  if (result.verdict !== "FAILED") {
    const { size, root } = result.checkpoint;
    if (!previous || size > previous.size) await store.put("checkpoints", { origin, size, root });
    Object.assign(record, { receipt, state: record.kind === "withdraw" ? "withdrawn" : "submitted", verdict: result.verdict });
    await keep(record);
    await forgetOthers(record);
  }
  return result;
}

/** A new record of this browser for a bid of makeBid or readSealed. */
export async function recordOf(bid, state) {
  const document = bid.document;
  return {
    kind: "bid", tender: parseCanonical(bid.policyRaw).tender, state, seq: document.seq, policyRaw: bid.policyRaw,
    manifest: bid.manifest, manifestHash: bid.manifestHash, cms: bid.cms, cmsHash: hex(await sha256(bid.cms)),
    parts_listed: document.parts, parts: bid.parts, keyFile: bid.keyFile ?? null, created: Date.now(), receipt: null,
  };
}

/** Keep a record; its ciphertexts are kept once by `keepSealed`, since every write copies them. */
export const keep = (record) => store.put("bids", { ...record, parts: {} }).catch(() => undefined);

/** Keep the ciphertexts; without room for them a reloaded page asks for the sealed file. */
const keepSealed = (record) =>
  store.put("sealed", { manifestHash: record.manifestHash, parts: record.parts }).catch(() => undefined);

/** Ciphertexts of this tender's other bids are of no more use; keys and receipts stay. */
async function forgetOthers(record) {
  for (const other of await store.all("bids").catch(() => [])) {
    if (other.tender === record.tender && other.manifestHash !== record.manifestHash) await store.remove("sealed", other.manifestHash);
  }
}

/** Upload, submit, wait for the receipt and judge it. */
export async function submit(record, { onProgress, onLost, onWaiting }) {
  await keep(Object.assign(record, { state: "uploading" }));
  keepSealed(record);
  const answer = await uploadBid(record, { send, onProgress, onLost });
  Object.assign(record, { ref: answer.ref, receiptUrl: answer.receipt, state: "waiting" });
  await keep(record);
  return awaitReceipt(record, { onLost, onWaiting });
}

/** Wait for the receipt of a record that was submitted. */
export async function awaitReceipt(record, { onLost, onWaiting } = {}) {
  onWaiting?.();
  return judge(record, await pollReceipt(record.receiptUrl, { send, onLost }));
}

/** The standing record of a tender in this browser: unfinished ones first, then the newest. */
export async function recordFor(tender) {
  const unfinished = (record) => (record.state === "uploading" || record.state === "waiting" ? 1 : 0);
  const records = (await store.all("bids").catch(() => [])).filter((record) => record.tender === tender);
  const [record = null] = records.sort((a, b) => unfinished(b) - unfinished(a) || b.created - a.created);
  if (record) record.parts = (await store.get("sealed", record.manifestHash).catch(() => null))?.parts ?? {};
  return record;
}

/**
 * After the close: is the bid of this record in the closing list (vault.md 2.6, check 9)?
 * @returns {Promise<{verdict: string, status: string|null}|null>} null before the close
 */
export async function closingOf(record) {
  const { status, body } = await send("GET", `/api/tenders/${encodeURIComponent(record.tender)}/close`);
  if (status !== 200) return null;
  return checkClose(record.receipt, parseCanonical(unb64url(body.close)), { policyRaw: record.policyRaw, fetchConsistency });
}

/** The record of a bid by the hash of its manifest. */
export const recordOfBid = (manifestHash) => store.get("bids", manifestHash).catch(() => undefined);

/** A receipt as a file. */
export const receiptText = (receipt) => fromUtf8(jcs(receipt));


/** Open a sealed bid: the outcomes of vault.md 2.9, in its order of judgement. */
import { concat, equal, hex, sha256, unb64url } from "./bytes.js";
import { HEADER, decrypt } from "./cobblestone.js";
import * as derive from "./derive.js";
import { VaultError } from "./errors.js";
import * as hpke from "./hpke.js";
import { parseCanonical } from "./jcs.js";
import { checkAgainstPolicy, parseManifest } from "./manifest.js";
import { combine } from "./shamir.js";
import { treeOfBlob } from "./tree.js";

const fail = (code, detail) => {
  throw new VaultError(code, detail);
};

/** Usable shares: those given that match the commitments, and those a released seed opens. */
async function collectShares(rule, stage, B, released) {
  const usable = new Map();
  for (const [index, share] of Object.entries(released.shares ?? {})) {
    const committed = stage.shares[index - 1];
    if ((await derive.shareCommitment(share, B, rule.name, Number(index))) === committed) usable.set(Number(index), share);
  }
  for (const [index, seed] of Object.entries(released.seeds ?? {})) {
    const info = derive.wrapInfo(B, rule.name, Number(index));
    const wrap = unb64url(stage.wraps[index - 1]);
    const share = await hpke.open(rule.suite, seed, info, wrap).catch(() => fail("BIDDER_FAULT", `wrap ${index}`));
    const commitment = await derive.shareCommitment(share, B, rule.name, Number(index));
    if (commitment !== stage.shares[index - 1]) fail("BIDDER_FAULT", `share ${index}`);
    usable.set(Number(index), share);
  }
  return usable;
}

/** Kc from t shares, with the whole dealing recomputed. */
async function custodianKey(rule, stage, B, released) {
  const usable = await collectShares(rule, stage, B, released);
  if (usable.size < rule.t) fail(released.allAnswered ? "BIDDER_FAULT" : "WAIT_CUSTODIANS");
  const kc = combine(new Map([...usable].slice(0, rule.t)));
  await checkDealing(rule, stage, B, kc);
  return kc;
}

async function checkDealing(rule, stage, B, kc) {
  if ((await derive.custodianCommitment(kc, B, rule.name)) !== stage.kc_commit) fail("BIDDER_FAULT", "kc_commit");
  const shares = await derive.dealShares(kc, B, rule.name, rule.t, rule.n);
  for (const [i, share] of shares.entries()) {
    const commitment = await derive.shareCommitment(share, B, rule.name, i + 1);
    if (commitment !== stage.shares[i]) fail("BIDDER_FAULT", "inconsistent dealing");
  }
}

/** The stage key K from what was released. @throws {VaultError} an outcome other than OK */
async function stageKey(rule, stage, B, released) {
  const kb = released.bidderKey ?? null;
  const matches = async (K) => (await derive.keyCommitment(K, B, rule.name)) === stage.k_commit;
  if (rule.mode === "bidder") {
    if (!kb) fail("WAIT_BIDDER");
    return (await matches(kb)) ? kb : fail("WRONG_KEY");
  }
  if (rule.mode === "dual") {
    const kc = await custodianKey(rule, stage, B, released);
    if (!kb) fail("WAIT_BIDDER");
    const K = await derive.dualKey(kc, kb, B, rule.name);
    return (await matches(K)) ? K : fail("WRONG_KEY");
  }
  if (kb && (await matches(kb))) {
    await checkDealing(rule, stage, B, kb);
    return kb;
  }
  const kc = await custodianKey(rule, stage, B, released).catch((error) =>
    fail(kb && error.code === "WAIT_CUSTODIANS" ? "WRONG_KEY" : error.code, error.detail),
  );
  return (await matches(kc)) ? kc : fail("BIDDER_FAULT", "k_commit");
}

/** Decrypt one part to a Blob and strip its padding. */
async function openPart(entry, blob, K, B) {
  const pieces = [];
  try {
    const key = await derive.partKey(K, B, entry.name);
    for await (const bytes of decrypt(blob, key, derive.contentContext(B, entry.name))) pieces.push(bytes);
  } catch (error) {
    fail("BIDDER_FAULT", error.message);
  }
  const plain = new Blob(pieces);
  const head = pieces.length ? concat(...pieces.slice(0, 1)).subarray(0, 8) : new Uint8Array(0);
  if (head.length < 8) fail("BIDDER_FAULT", "no length");
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0));
  if (length > plain.size - 8) fail("BIDDER_FAULT", "length");
  const padding = new Uint8Array(await plain.slice(8 + length).arrayBuffer());
  if (padding.some((byte) => byte !== 0)) fail("BIDDER_FAULT", "padding");
  return plain.slice(8, 8 + length);
}

async function storedAsReceipted(entry, blob) {
  return Boolean(blob) && blob.size === entry.size && hex(await treeOfBlob(blob)) === entry.tree;
}

/**
 * @param {object} bid
 * @param {Uint8Array} bid.policyRaw
 * @param {Uint8Array} bid.manifestRaw
 * @param {Record<string, Blob>} bid.parts stored ciphertexts by part name
 * @param {Record<string, {bidderKey?: Uint8Array, seeds?: Record<number, Uint8Array>,
 *   shares?: Record<number, Uint8Array>, allAnswered?: boolean}>} bid.released by stage name
 * @returns {Promise<{stages: Record<string, {outcome: string, detail: string, K?: Uint8Array}>,
 *   parts: Record<string, {outcome: string, detail: string, data?: Blob}>}>}
 * @throws {VaultError} MALFORMED, WRONG_POLICY
 */
export async function openBid({ policyRaw, manifestRaw, parts, released }) {
  const manifest = parseManifest(manifestRaw);
  const policy = parseCanonical(policyRaw);
  checkAgainstPolicy(manifest, policy, hex(await sha256(policyRaw)));
  const B = await derive.binding(manifest.policy, unb64url(manifest.bid_id), manifest.bidder);
  const result = { stages: {}, parts: {} };
  for (const rule of policy.stages) {
    const stage = manifest.stages.find((candidate) => candidate.name === rule.name);
    result.stages[rule.name] = await outcomeOf(async () => ({ K: await stageKey(rule, stage, B, released[rule.name] ?? {}) }));
  }
  for (const entry of manifest.parts) {
    const blob = parts[entry.name];
    result.parts[entry.name] = await outcomeOf(async () => {
      if (!(await storedAsReceipted(entry, blob))) fail("STORAGE_FAULT", entry.name);
      const head = new Uint8Array(await blob.slice(0, HEADER).arrayBuffer());
      if (!equal(head, unb64url(entry.head))) fail("BIDDER_FAULT", "head");
      const stage = result.stages[entry.stage];
      if (stage.outcome !== "OK") fail(stage.outcome, stage.detail);
      return { data: await openPart(entry, blob, stage.K, B) };
    });
  }
  return result;
}

async function outcomeOf(work) {
  try {
    return { outcome: "OK", detail: "", ...(await work()) };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { outcome: error.code, detail: error.detail };
  }
}

/** Seal a bid on the bidder's device (vault.md 2.3 and 2.4). */
import { b64url, hex, randomBytes, sha256, unb64url } from "./bytes.js";
import { HEADER, encrypt } from "./cobblestone.js";
import * as derive from "./derive.js";
import { VaultError } from "./errors.js";
import * as hpke from "./hpke.js";
import { jcs, parseCanonical } from "./jcs.js";
import { blobSink } from "./sink.js";
import { TreeHasher } from "./tree.js";

async function sealStage(rule, B, rng) {
  const dealt = rule.mode !== "bidder";
  const kc = dealt ? rng(32) : null;
  const kb = rule.mode === "bidder" || rule.mode === "dual" ? rng(32) : kc;
  const K = rule.mode === "dual" ? await derive.dualKey(kc, kb, B, rule.name) : kb;
  const entry = {
    name: rule.name,
    k_commit: await derive.keyCommitment(K, B, rule.name),
    kc_commit: dealt ? await derive.custodianCommitment(kc, B, rule.name) : null,
    shares: [],
    wraps: [],
  };
  const shares = dealt ? await derive.dealShares(kc, B, rule.name, rule.t, rule.n) : [];
  for (const custodian of [...rule.custodians].sort((a, b) => a.index - b.index)) {
    if (!dealt) break;
    const share = shares[custodian.index - 1];
    entry.shares.push(await derive.shareCommitment(share, B, rule.name, custodian.index));
    const info = derive.wrapInfo(B, rule.name, custodian.index);
    entry.wraps.push(b64url(await hpke.seal(rule.suite, unb64url(custodian.pk), info, share)));
  }
  return { K, kb, kc: rule.mode === "dual" ? kc : null, entry };
}

async function sealPart(data, name, stage, K, B, { rng, sink, progress }) {
  const key = await derive.partKey(K, B, name);
  const tree = new TreeHasher();
  const target = await sink();
  for await (const bytes of encrypt(derive.padded(data), key, derive.contentContext(B, name), rng)) {
    await tree.update(bytes);
    await target.write(bytes);
    progress(bytes.length);
  }
  const blob = await target.close();
  const head = b64url(new Uint8Array(await blob.slice(0, HEADER).arrayBuffer()));
  return { blob, entry: { name, stage, size: tree.size, tree: hex(await tree.root()), head } };
}

/**
 * @param {object} bid
 * @param {Uint8Array} bid.policyRaw canonical bytes of the seal policy
 * @param {{id: string, cert_sha256: string}} bid.bidder
 * @param {number} [bid.seq] this bidder's own 1, 2, 3…
 * @param {string|null} [bid.replaces] hash of the manifest this one replaces
 * @param {Record<string, Blob>} bid.parts plaintext by part name; read in pieces, never whole
 * @param {(n: number) => Uint8Array} [bid.rng]
 * @param {typeof blobSink} [bid.sink] makes the place of each part's ciphertext
 * @param {(done: number, total: number) => void} [bid.onProgress] in ciphertext bytes
 * @returns {Promise<{policyHash: string, bidId: string, manifest: Uint8Array, manifestHash: string,
 *   keys: Record<string, {Kb: string, Kc?: string}>, parts: Record<string, Blob>}>}
 * @throws {VaultError} MALFORMED, PART_UNKNOWN, PART_TOO_BIG
 */
export async function sealBid({ policyRaw, bidder, seq = 1, replaces = null, parts, rng = randomBytes, sink = blobSink, onProgress }) {
  const policy = parseCanonical(policyRaw);
  const policyHash = hex(await sha256(policyRaw));
  const bidId = rng(16);
  const B = await derive.binding(policyHash, bidId, bidder);
  const stages = {};
  for (const rule of policy.stages) stages[rule.name] = await sealStage(rule, B, rng);

  const total = Object.values(parts).reduce((sum, data) => sum + derive.paddedSize(data.size + 8), 0);
  let done = 0;
  const progress = (bytes) => onProgress?.(Math.min((done += bytes), total), total);
  const sealed = {};
  for (const rule of policy.parts.filter((candidate) => Object.hasOwn(parts, candidate.name))) {
    sealed[rule.name] = await sealPart(parts[rule.name], rule.name, rule.stage, stages[rule.stage].K, B, { rng, sink, progress });
    if (sealed[rule.name].entry.size > rule.max_bytes) throw new VaultError("PART_TOO_BIG", rule.name);
  }
  if (Object.keys(sealed).length !== Object.keys(parts).length) throw new VaultError("PART_UNKNOWN");
  const manifest = jcs({
    v: 1, typ: "ebid.bid", policy: policyHash, bid_id: b64url(bidId), bidder, seq, replaces,
    stages: policy.stages.map((rule) => stages[rule.name].entry),
    parts: Object.values(sealed).map((part) => part.entry),
  });
  return {
    policyHash, bidId: b64url(bidId), manifest, manifestHash: hex(await sha256(manifest)),
    keys: Object.fromEntries(Object.entries(stages).map(([name, stage]) =>
      [name, stage.kc ? { Kb: b64url(stage.kb), Kc: b64url(stage.kc) } : { Kb: b64url(stage.kb) }])),
    parts: Object.fromEntries(Object.entries(sealed).map(([name, part]) => [name, part.blob])),
  };
}

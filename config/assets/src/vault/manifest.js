/** The bid manifest of vault.md 2.4: exact fields, and agreement with its policy. */
import { unb64url, unhex, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";
import { wrapSize } from "./hpke.js";
import { exactKeys, parseCanonical } from "./jcs.js";
import { HEADER, plaintextSize } from "./cobblestone.js";

const FIELDS = ["v", "typ", "policy", "bid_id", "bidder", "seq", "replaces", "stages", "parts"];

function need(condition, detail) {
  if (!condition) throw new VaultError("MALFORMED", detail);
}

const isHash = (text) => typeof text === "string" && unhex(text).length === 32;
const isBytes = (text, length) => typeof text === "string" && unb64url(text).length === length;
const isName = (text) => typeof text === "string" && text !== "" && utf8(text).length <= 255;

/** Parse and check the shape of a manifest. @throws {VaultError} MALFORMED */
export function parseManifest(raw) {
  const manifest = exactKeys(parseCanonical(raw), FIELDS);
  need(manifest.v === 1 && manifest.typ === "ebid.bid", "type");
  need(isHash(manifest.policy) && isBytes(manifest.bid_id, 16), "policy or bid_id");
  exactKeys(manifest.bidder, ["id", "cert_sha256"]);
  need(isName(manifest.bidder.id) && isHash(manifest.bidder.cert_sha256), "bidder");
  need(Number.isSafeInteger(manifest.seq) && manifest.seq >= 1, "seq");
  need(manifest.replaces === null || isHash(manifest.replaces), "replaces");
  need(Array.isArray(manifest.stages) && Array.isArray(manifest.parts), "lists");
  manifest.stages.forEach(checkStage);
  manifest.parts.forEach(checkPart);
  for (const list of [manifest.stages, manifest.parts]) {
    need(new Set(list.map((item) => item.name)).size === list.length, "repeated name");
  }
  return manifest;
}

function checkStage(stage) {
  exactKeys(stage, ["name", "k_commit", "kc_commit", "shares", "wraps"]);
  need(isName(stage.name) && isHash(stage.k_commit), "stage");
  need(stage.kc_commit === null || isHash(stage.kc_commit), "kc_commit");
  need(Array.isArray(stage.shares) && stage.shares.every(isHash), "shares");
  need(Array.isArray(stage.wraps) && stage.wraps.every((wrap) => unb64url(wrap).length > 0), "wraps");
}

function checkPart(part) {
  exactKeys(part, ["name", "stage", "size", "tree", "head"]);
  need(isName(part.name) && isName(part.stage), "part");
  need(Number.isSafeInteger(part.size) && plaintextSize(part.size) >= 0, "part size");
  need(isHash(part.tree) && isBytes(part.head, HEADER), "part hashes");
}

/** The manifest against its policy: stages, numbers of shares and wraps, part names. */
export function checkAgainstPolicy(manifest, policy, policyHash) {
  if (manifest.policy !== policyHash) throw new VaultError("WRONG_POLICY");
  need(manifest.stages.length === policy.stages.length, "stages");
  for (const rule of policy.stages) {
    const stage = manifest.stages.find((candidate) => candidate.name === rule.name);
    need(stage, "stage missing");
    const dealt = rule.mode === "bidder" ? 0 : rule.n;
    need(stage.shares.length === dealt && stage.wraps.length === dealt, "dealing");
    need(new Set(stage.shares).size === dealt, "repeated share");
    need((stage.kc_commit === null) === (rule.mode === "bidder"), "kc_commit");
    need(stage.wraps.every((wrap) => unb64url(wrap).length === wrapSize(rule.suite)), "wrap size");
  }
  for (const part of manifest.parts) {
    need(policy.stages.some((rule) => rule.name === part.stage), "part of no stage");
    // The vectors' policies carry no part list; a policy that has one binds names, stages and sizes.
    const rule = policy.parts?.find((candidate) => candidate.name === part.name);
    if (policy.parts) need(rule && rule.stage === part.stage && part.size <= rule.max_bytes, "part not in policy");
  }
}

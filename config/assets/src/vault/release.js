/** Documents a bidder signs after sealing: the release of its key (2.8) and a withdrawal (2.4). */
import { b64url } from "./bytes.js";
import * as derive from "./derive.js";
import { VaultError } from "./errors.js";
import { jcs } from "./jcs.js";

/** @returns {Uint8Array} bytes of the bidder-release of one stage */
export const bidderRelease = (manifestHash, stage, kb) =>
  jcs({ v: 1, typ: "ebid.bidder-release", manifest: manifestHash, stage, Kb: b64url(kb) });

/** @returns {Uint8Array} bytes of a withdrawal; `created` is RFC 3339 UTC with milliseconds */
export const withdrawal = (policyHash, bidder, manifestHash, created) =>
  jcs({ v: 1, typ: "ebid.withdraw", policy: policyHash, bidder, manifest: manifestHash, created });

/**
 * Does this Kb belong to this bid? `dual` cannot be told before the custodians' shares are in.
 * @throws {VaultError} KEY_OF_OTHER_BID
 */
export async function checkOwnKey(policy, manifest, stageName, kb, B) {
  const rule = policy.stages.find((stage) => stage.name === stageName);
  const stage = manifest.stages.find((candidate) => candidate.name === stageName);
  if (rule.mode === "dual") return;
  if ((await derive.keyCommitment(kb, B, stageName)) !== stage.k_commit) throw new VaultError("KEY_OF_OTHER_BID");
}

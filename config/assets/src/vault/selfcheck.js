/** The self-check: seal and open a dummy bid under the real policy before anything real is sent. */
import { equal, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";
import { parseCanonical } from "./jcs.js";
import { ownReleases } from "./keyfile.js";
import { openBid } from "./open.js";
import { sealBid } from "./seal.js";

/**
 * Proves that this browser's sealing can be undone with what the key file keeps.
 * @throws {VaultError} SELF_CHECK_FAILED
 */
export async function selfCheck(policyRaw, policy, bidder) {
  const data = utf8("self-check 自检");
  const name = policy.parts[0].name;
  const bid = await sealBid({ policyRaw, bidder, parts: { [name]: new Blob([data]) } });
  const released = await ownReleases(policy, parseCanonical(bid.manifest), bid.keys);
  const opened = await openBid({ policyRaw, manifestRaw: bid.manifest, parts: bid.parts, released });
  const { outcome, data: back } = opened.parts[name];
  if (outcome !== "OK" || !equal(new Uint8Array(await back.arrayBuffer()), data)) throw new VaultError("SELF_CHECK_FAILED", outcome);
}

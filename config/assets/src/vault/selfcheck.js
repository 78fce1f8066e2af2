/** The self-check: seal and open a dummy bid under the real policy before anything real is sent. */
import { equal, unb64url, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";
import { openBid } from "./open.js";
import { sealBid } from "./seal.js";

/**
 * Proves that this browser's sealing can be undone with what the key file keeps. In `dual` mode only the
 * bidder's half can be tried, so the outcome WAIT_CUSTODIANS is the right one there.
 * @throws {VaultError} SELF_CHECK_FAILED
 */
export async function selfCheck(policyRaw, policy, bidder) {
  const data = utf8("self-check 自检");
  const name = policy.parts[0].name;
  const bid = await sealBid({ policyRaw, bidder, parts: { [name]: new Blob([data]) } });
  const released = Object.fromEntries(
    Object.entries(bid.keys).map(([stage, { Kb }]) => [stage, { bidderKey: unb64url(Kb) }]),
  );
  const opened = await openBid({ policyRaw, manifestRaw: bid.manifest, parts: bid.parts, released });
  const { outcome, data: back } = opened.parts[name];
  // Without the custodians these two modes can be tried only as far as this.
  const { mode } = policy.stages.find((stage) => stage.name === policy.parts[0].stage);
  if (["dual", "custodian"].includes(mode) && outcome === "WAIT_CUSTODIANS") return;
  if (outcome !== "OK" || !equal(new Uint8Array(await back.arrayBuffer()), data)) throw new VaultError("SELF_CHECK_FAILED", outcome);
}

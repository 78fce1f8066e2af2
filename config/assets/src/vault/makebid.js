/** From a filled form to a sealed, signed and self-checked bid: what the page and the offline file share. */
import { hex, sha256, unb64url } from "./bytes.js";
import { signDetached } from "./cms.js";
import { binding } from "./derive.js";
import { VaultError } from "./errors.js";
import { keyFileText, parseKeyFile, readStages, writeKeyFile } from "./keyfile.js";
import { parseManifest } from "./manifest.js";
import { checkOwnKey } from "./release.js";
import { sealBid } from "./seal.js";
import { selfCheck } from "./selfcheck.js";

/** The key file, read back from its text, must give the keys that open this very bid. */
async function tryKeyFile(text, passphrase, policy, bid) {
  const stages = await readStages(parseKeyFile(text), passphrase);
  const manifest = parseManifest(bid.manifest);
  const B = await binding(manifest.policy, unb64url(manifest.bid_id), manifest.bidder);
  for (const [stage, kept] of Object.entries(stages)) {
    if (kept.Kb !== bid.keys[stage].Kb || kept.Kc !== bid.keys[stage].Kc) throw new VaultError("SELF_CHECK_FAILED", "key file");
    await checkOwnKey(policy, manifest, stage, unb64url(kept.Kb), B);
  }
}

/**
 * @param {object} form
 * @param {Uint8Array} form.policyRaw checked with checkPolicy
 * @param {object} form.policy
 * @param {string} form.bidderId unified social credit code
 * @param {object} form.signer of openKeyFile
 * @param {string} form.passphrase also protects the bid key file
 * @param {Record<string, Blob>} form.parts
 * @param {number} [form.seq]
 * @param {string|null} [form.replaces]
 * @param {Function} [form.sink] of sealBid
 * @param {(step: "check"|"seal"|"keys"|"sign", done?: number, total?: number) => void} [form.onStep]
 * @returns {Promise<{policyRaw, manifest, manifestHash, cms, cmsHash, document, parts, keyFile: string}>}
 */
export async function makeBid({ policyRaw, policy, bidderId, signer, passphrase, parts, seq = 1, replaces = null, sink, onStep = () => {} }) {
  const bidder = { id: bidderId, cert_sha256: signer.certSha256 };
  onStep("check");
  await selfCheck(policyRaw, policy, bidder);
  const bid = await sealBid({ policyRaw, bidder, seq, replaces, parts, sink, onProgress: (done, total) => onStep("seal", done, total) });
  onStep("keys");
  const keyFile = keyFileText(await writeKeyFile(bid, passphrase));
  await tryKeyFile(keyFile, passphrase, policy, bid);
  onStep("sign");
  const cms = await signDetached(bid.manifest, signer, new Date());
  return {
    policyRaw, manifest: bid.manifest, manifestHash: bid.manifestHash, cms, cmsHash: hex(await sha256(cms)),
    document: parseManifest(bid.manifest), parts: bid.parts, keyFile,
  };
}

/** Names under which a bid's files are saved. */
export const fileNames = (policy, bid) => {
  const stem = `${policy.tender}-${bid.manifestHash.slice(0, 8)}`.replaceAll(/[^\p{L}\p{N}._-]/gu, "_");
  return { keyFile: `${stem}.bidkey.json`, sealed: `${stem}.sealed`, receipt: `${stem}.receipt.json` };
};

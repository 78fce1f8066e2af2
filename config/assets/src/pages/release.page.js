/**
 * The opening (解密): one button gives the hall the key of this bidder's own bid.
 *
 * <section data-release data-tender="T-1" data-stage="opening" data-manifest="hex of the standing manifest">
 *   <div data-release-banner></div> <div data-release-problem hidden></div>
 *   <form data-release-form>
 *     <div data-release-keyfile hidden><label>… <input type="file" accept=".json"></label></div>   shown when this browser has no key
 *     <div data-signer data-cert-sha256="hex"></div>
 *     <button type="submit">…</button>
 *   </form>
 *   <p data-release-close hidden></p>      filled: is my bid in the closing list, when this browser has its receipt
 * </section>
 *
 * The key file's passphrase is the certificate's, as the bid page made it; if it is another one, a second field appears.
 */
import { b64url, unb64url } from "../vault/bytes.js";
import { signDetached } from "../vault/cms.js";
import { binding } from "../vault/derive.js";
import { VaultError } from "../vault/errors.js";
import { parseCanonical } from "../vault/jcs.js";
import { parseKeyFile, readKeyFile } from "../vault/keyfile.js";
import { bidderRelease, checkOwnKey } from "../vault/release.js";
import { Refused, insist } from "../vault/upload.js";
import { banner, busy, element, problem } from "../ui/dom.js";
import { send } from "../ui/http.js";
import { signerBlock } from "../ui/signer.js";
import { closingOf, recordOfBid } from "../ui/submission.js";
import { explain, say } from "../ui/words.js";

const root = document.querySelector("[data-release]");
const find = (name) => root.querySelector(`[data-release-${name}]`);
const signer = signerBlock(root.querySelector("[data-signer]"), { keyFile: "read" });
const record = await recordOfBid(root.dataset.manifest);
const fileInput = find("keyfile").querySelector("input");
let other = null;

find("keyfile").hidden = Boolean(record?.keyFile);
banner(find("banner"), "wait", say("release.waiting"), say("release.waiting-detail"));

/** The stage keys, from this browser or from the chosen file. */
async function stageKeys() {
  const text = record?.keyFile ?? (await fileInput.files[0]?.text());
  if (!text) throw new VaultError("KEY_FILE_MISSING");
  const file = parseKeyFile(text);
  if (file.manifest !== root.dataset.manifest) throw new VaultError("KEY_OF_OTHER_BID");
  try {
    return await readKeyFile(file, other?.value || signer.passphrase());
  } catch (error) {
    if (error.code === "PASSPHRASE_WRONG" && !other) askOther();
    throw error;
  }
}

function askOther() {
  other = element("input", { id: "release-passphrase", type: "password", class: "form-control", autocomplete: "off" });
  find("keyfile").after(element("div", { class: "field" }, element("label", { for: other.id }, say("release.passphrase")), other));
}

/** Where this browser still has the bid, a wrong key is noticed before it is sent. */
async function checkKeys(keys) {
  if (!record?.manifest) return;
  const manifest = parseCanonical(record.manifest);
  const B = await binding(manifest.policy, unb64url(manifest.bid_id), manifest.bidder);
  for (const [stage, kb] of Object.entries(keys)) await checkOwnKey(parseCanonical(record.policyRaw), manifest, stage, kb, B);
}

async function release() {
  const opened = await signer.unlock();
  const keys = await stageKeys();
  await checkKeys(keys);
  // The key of an envelope that is not being opened never leaves this device.
  for (const [stage, kb] of Object.entries(keys).filter(([name]) => name === root.dataset.stage)) {
    const document = bidderRelease(root.dataset.manifest, stage, kb);
    const cms = await signDetached(document, opened, new Date());
    const json = { tender: root.dataset.tender, release: b64url(document), cms: b64url(cms) };
    const answer = await insist(send, "POST", "/api/bids/releases", { json });
    if (answer.status >= 300) throw new Refused(answer);
  }
  root.dataset.state = "released";
  banner(find("banner"), "done", say("release.done"), say("release.done-detail"));
  find("form").hidden = true;
}

/** The closing list, checked against the receipt this browser kept. */
async function showClosing() {
  const place = find("close");
  const closing = place && record?.receipt && (await closingOf(record).catch(() => ({ verdict: "FAILED" })));
  if (!closing) return;
  place.hidden = false;
  place.dataset.verdict = closing.verdict;
  place.textContent = say(`release.close-${closing.verdict}`);
}

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  problem(find("problem"), "");
  busy(root.querySelectorAll("button"), () =>
    release().catch((error) => error.code !== "SHOWN" && problem(find("problem"), explain(error))));
});
showClosing();
root.dataset.ready = "";

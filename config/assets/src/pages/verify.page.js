/**
 * Check a receipt or an audit bundle in one's own browser (验证); nothing is sent anywhere.
 *
 * <section data-verify>
 *   <div data-verify-banner hidden></div> <div data-verify-problem hidden></div>
 *   <form data-verify-receipt>
 *     <textarea name="receipt"></textarea> <input type="file" name="receipt_file" accept=".json">
 *     <input type="file" name="policy_file" accept=".json">     the seal policy; without it the hall's copy is fetched
 *     <button type="submit">…</button>
 *   </form>
 *   <form data-verify-bundle>
 *     <input type="file" name="bundle" accept=".tar"> <input type="file" name="trust" accept=".json">
 *     <button type="submit">…</button>
 *   </form>
 *   <ul data-verify-result></ul>
 * </section>
 */
import { hex, sha256 } from "../vault/bytes.js";
import { checkBundleLedger } from "../vault/bundle.js";
import { stampTime } from "../vault/cms.js";
import { VaultError } from "../vault/errors.js";
import { checkReceipt } from "../vault/receipt.js";
import { banner, busy, element, problem } from "../ui/dom.js";
import { bytesOf } from "../ui/http.js";
import { movedDeadline } from "../ui/submission.js";
import { explain, moment, say } from "../ui/words.js";

const root = document.querySelector("[data-verify]");
const find = (name) => root.querySelector(`[data-verify-${name}]`);
const MARKS = { true: "✓", false: "✗", null: "–" };

const show = (lines) => find("result").replaceChildren(...lines.map(({ id, ok, detail = "" }) =>
  element("li", { "data-check": id, "data-ok": String(ok) }, `${MARKS[ok]} ${say(`check.${id}`)}${detail && ` (${detail})`}`)));

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new VaultError("RECEIPT_UNREADABLE");
  }
}

async function policyFor(form, receipt) {
  const file = form.elements.policy_file.files[0];
  return file ? new Uint8Array(await file.arrayBuffer()) : bytesOf(`/api/tenders/${encodeURIComponent(receipt.tender)}/policy`);
}

async function verifyReceipt(form) {
  const receipt = read((await form.elements.receipt_file.files[0]?.text()) ?? form.elements.receipt.value);
  if (receipt.typ !== "ebid.receipt") throw new VaultError("RECEIPT_UNREADABLE");
  const policyRaw = await policyFor(form, receipt);
  const { checks } = await checkReceipt(receipt, { policyRaw, mine: null, now: Date.parse(receipt.at), stampTime, movedDeadline: () => movedDeadline(receipt.tender) });
  // Whose bid it is, and this clock, are the bidder's own questions.
  const asked = checks.filter(({ id }) => !["mine", "clock", "consistency"].includes(id));
  show(asked);
  const good = asked.every(({ ok }) => ok !== false);
  const detail = say("verify.receipt-detail", { ref: receipt.ref, at: moment(receipt.at), policy: hex(await sha256(policyRaw)) });
  banner(find("banner"), good ? "done" : "now", say(good ? "verify.good" : "verify.bad"), detail);
}

async function verifyBundle(form) {
  const [bundle, trust] = [form.elements.bundle.files[0], form.elements.trust.files[0]];
  if (!bundle || !trust) throw new VaultError("BUNDLE_MISSING");
  const lines = await checkBundleLedger(bundle, read(await trust.text()));
  show(lines);
  const good = lines.every(({ ok }) => ok);
  banner(find("banner"), good ? "done" : "now", say(good ? "verify.bundle-good" : "verify.bad"), say("verify.bundle-detail"));
}

for (const [name, work] of Object.entries({ receipt: verifyReceipt, bundle: verifyBundle })) {
  const form = find(name);
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    problem(find("problem"), "");
    find("banner").hidden = true;
    find("result").replaceChildren();
    busy(form.querySelectorAll("button"), () => work(form).catch((error) => problem(find("problem"), explain(error))));
  });
}
root.dataset.ready = "";

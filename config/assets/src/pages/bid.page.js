/**
 * The bidder's one page (投标): price, files, passphrase, one button.
 *
 * <section data-bid data-tender="T-1" data-policy-sha256="hex" data-bidder-id="USCC" data-bloc='["tenderer","agent","operator"]'
 *          data-next-seq="1" data-replaces="">
 *   <div data-bid-banner></div>
 *   <div data-bid-problem hidden></div>
 *   <form data-bid-form>
 *     <table>… <tr data-bid-item data-name="…" data-unit="台" data-quantity="2">
 *        <td><input data-field="brand"></td> <td><input data-field="unit_price" inputmode="decimal"></td> <td data-bid-amount></td></tr> …</table>
 *     <output data-bid-total></output> <output data-bid-words></output>
 *     <input name="period_days"> <input name="core_brand"> <input type="checkbox" name="claims" value="micro-enterprise">
 *     <input type="file" name="documents" multiple>
 *     <div data-signer data-cert-sha256="hex"></div>
 *     <button type="submit">…seal and submit</button>
 *     <button type="submit" data-bid-save>…only save the sealed file</button>
 *   </form>
 *   <input type="file" accept=".sealed" data-bid-sealed>      upload a file that was sealed offline
 *   <div data-bid-progress></div>
 *   <div data-bid-done hidden></div>                           filled with receipt, downloads, withdraw
 * </section>
 *
 * When the documents were amended after the standing bid, the section has `data-outdated="same|other"` (does the price
 * sheet still fit?) and `data-outdated-ref`, and in it <form data-bid-reseal-form> with <div data-bid-reseal-keyfile hidden>
 * around a file input, <div data-bid-reseal-signer> and a button: one click opens the former bid here, seals it for the new
 * policy and hands it in (same), or fills the form from it (other).
 *
 * A form without rows `data-bid-item` seals no price sheet (a first response before talks), one without the field
 * `documents` no documents (a final offer).
 *
 * `data-next-seq` is one more than this bidder's last seq (1 for none); `data-replaces` the hash of the standing
 * manifest or empty. Events on the section, for other scripts and tests: `bid:state` with detail {state, ref}.
 */
import { b64url, equal, hex, sha256 } from "../vault/bytes.js";
import { signDetached } from "../vault/cms.js";
import { fileNames, makeBid } from "../vault/makebid.js";
import { VaultError } from "../vault/errors.js";
import { parseCanonical } from "../vault/jcs.js";
import { withdrawal } from "../vault/release.js";
import { readSealed, writeSealed } from "../vault/sealedfile.js";
import { packDocuments } from "../vault/tar.js";
import { Refused, insist } from "../vault/upload.js";
import { banner, busy, download, downloadLink, element, problem, progressBar } from "../ui/dom.js";
import { send } from "../ui/http.js";
import { hasKey, openFormer } from "../ui/formerbid.js";
import { priceForm } from "../ui/pricing.js";
import { signerBlock } from "../ui/signer.js";
import { fileSink } from "../ui/scratch.js";
import { persist } from "../ui/store.js";
import * as submission from "../ui/submission.js";
import { bytes, explain, moment, say } from "../ui/words.js";

const root = document.querySelector("[data-bid]");
const find = (name) => root.querySelector(`[data-bid-${name}]`);
const form = find("form");
const progress = progressBar(find("progress"));
const signer = signerBlock(form.querySelector("[data-signer]"), { keyFile: "made" });
const readPrices = priceForm(form);
const page = {
  tender: root.dataset.tender,
  policySha256: root.dataset.policySha256,
  bloc: JSON.parse(root.dataset.bloc || "[]"),
};
let formerDocuments = null;
let standing = { seq: Number(root.dataset.nextSeq || 1) - 1, manifestHash: root.dataset.replaces || null };

function state(name, tone, title, detail, ref = null) {
  root.dataset.state = name;
  banner(find("banner"), tone, title, detail);
  root.dispatchEvent(new CustomEvent("bid:state", { detail: { state: name, ref } }));
}

const notYet = (detail) =>
  root.dataset.outdated
    ? state("outdated", "now", say("bid.outdated"), say("bid.outdated-detail"))
    : state("not-submitted", "now", say("bid.not-submitted"), detail);

/** Where this browser knows of no bid: what the hall knows. */
const stands = () =>
  standing.manifestHash && !root.dataset.outdated
    ? state("standing", "done", say("bid.submitted-elsewhere"), say("bid.standing-elsewhere"))
    : notYet(say("bid.not-submitted-detail"));

const STEPS = { check: "bid.step-check", seal: "bid.step-seal", keys: "bid.step-keys", sign: "bid.step-sign" };
const showStep = (step, done, total) => progress.show(say(STEPS[step]), done, total);

const during = {
  onProgress: (done, total) => progress.show(say("bid.step-upload", { done: bytes(done), total: bytes(total) }), done, total),
  onLost: () => progress.show(say("bid.line-lost")),
  onWaiting: () => {
    progress.show(say("bid.step-receipt"));
    notYet(say("bid.waiting-detail"));
  },
};

/** Price sheet and documents as the parts of the policy; the form has the fields of those that it asks for. */
function partsOf() {
  const parts = {};
  if (form.querySelector("[data-bid-item]")) parts["price-sheet"] = new Blob([readPrices().bytes]);
  const files = form.elements.documents?.files;
  if (files?.length === 0 && !formerDocuments) throw new VaultError("DOCUMENTS_MISSING");
  if (files) parts.documents = files.length ? packDocuments(files) : formerDocuments;
  return parts;
}

const sealFromForm = () => sealParts(partsOf(), signer);

async function sealParts(parts, signer) {
  progress.show(say("bid.step-policy"));
  const opened = await signer.unlock();
  const { policyRaw, policy } = await submission.fetchPolicy(page);
  const bid = await makeBid({
    policyRaw, policy, bidderId: root.dataset.bidderId, signer: opened, passphrase: signer.passphrase(), parts,
    seq: standing.seq + 1, replaces: standing.manifestHash, sink: fileSink, onStep: showStep,
  });
  const record = await submission.recordOf(bid, "sealed");
  await submission.keep(record);
  download(fileNames(policy, bid).keyFile, bid.keyFile, "application/json");
  return { bid, record, policy };
}

/** Show a judged receipt: SUBMITTED only after this page's own checks. */
function showReceipt(record, result) {
  progress.hide();
  if (result.verdict === "FAILED") {
    const failed = result.checks.filter((check) => check.ok === false).map((check) => say(`check.${check.id}`));
    state("receipt-failed", "now", say("bid.receipt-failed"), say("bid.receipt-failed-detail", { checks: failed.join(", ") }), record.ref);
  } else if (record.kind === "withdraw") {
    standing = { seq: record.seq, manifestHash: null };
    state("withdrawn", "now", say("bid.withdrawn"), say("bid.withdrawn-detail", { ref: record.receipt.ref, at: moment(record.receipt.at) }), record.receipt.ref);
  } else {
    standing = { seq: record.seq, manifestHash: record.manifestHash };
    delete root.dataset.outdated;
    document.getElementById("amended")?.remove();
    const pending = result.verdict === "WITNESS_PENDING" ? say("bid.witness-pending") : "";
    state("submitted", "done", say("bid.submitted", { ref: record.receipt.ref }), say("bid.submitted-detail", { at: moment(record.receipt.at) }) + pending, record.receipt.ref);
    find("form").querySelector("[type=submit]:not([data-bid-save])").textContent = say("bid.replace");
  }
  showDone(record, result);
}

function showDone(record, result) {
  const names = fileNames(parseCanonical(record.policyRaw), record);
  const marks = { true: "✓", false: "✗", null: "…" };
  const list = element("ul", { class: "checks" }, ...result.checks.map((check) =>
    element("li", { "data-check": check.id, "data-ok": String(check.ok) }, `${marks[check.ok]} ${say(`check.${check.id}`)}`)));
  const actions = element("div", { class: "actions" });
  if (record.receipt) actions.append(downloadLink(say("bid.save-receipt"), names.receipt, submission.receiptText(record.receipt)));
  if (record.keyFile) actions.append(downloadLink(say("bid.save-key"), names.keyFile, record.keyFile));
  if (Object.keys(record.parts).length) actions.append(downloadLink(say("bid.save-sealed"), names.sealed, writeSealed(record)));
  if (record.kind === "bid" && record.state === "submitted") actions.append(withdrawButton(record));
  find("done").replaceChildren(element("h2", {}, say("bid.checks-title")), list, actions);
  find("done").hidden = false;
}

function withdrawButton(record) {
  const button = element("button", { type: "button", class: "btn btn-outline-danger", "data-bid-withdraw": true }, say("bid.withdraw"));
  button.addEventListener("click", () => {
    if (confirm(say("bid.withdraw-confirm"))) attempt(() => withdraw(record));
  });
  return button;
}

async function withdraw(record) {
  const opened = await signer.unlock();
  const manifest = parseCanonical(record.manifest);
  const document = withdrawal(manifest.policy, manifest.bidder, record.manifestHash, new Date().toISOString());
  const cms = await signDetached(document, opened, new Date());
  const json = { tender: record.tender, withdraw: b64url(document), cms: b64url(cms) };
  const answer = await insist(send, "POST", "/api/bids/withdrawals", { json }, during);
  if (answer.status !== 202 && answer.status !== 200) throw new Refused(answer);
  const taken = {
    ...record, kind: "withdraw", manifestHash: hex(await sha256(document)), cms, cmsHash: hex(await sha256(cms)), manifest: record.manifest,
    parts_listed: [], parts: {}, keyFile: null, created: Date.now(), receipt: null, ref: answer.body.ref, receiptUrl: answer.body.receipt, state: "waiting",
  };
  await submission.keep(taken);
  showReceipt(taken, await submission.awaitReceipt(taken, during));
}

async function submitRecord(record) {
  notYet(say("bid.uploading-detail"));
  showReceipt(record, await submission.submit(record, during));
  followWitness(record);
}

/** The witness line may come a little later; ask again until it is there. */
async function followWitness(record, left = 40) {
  if (record.verdict !== "WITNESS_PENDING" || left === 0) return;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  showReceipt(record, await submission.awaitReceipt(record));
  await followWitness(record, left - 1);
}

/** Run one action of the user: controls off, problems shown where the user looks. */
function attempt(work) {
  problem(find("problem"), "");
  const controls = root.querySelectorAll("button, input, select");
  return busy(controls, async () => {
    try {
      await work();
    } catch (error) {
      progress.hide();
      if (error.code === "FORMER_BID") root.querySelector(".amend-other")?.setAttribute("open", "");
      if (error.code !== "SHOWN") problem(find("problem"), error.code === "FORM" ? error.detail : explain(error));
      if (error.refusal) find("problem").append(downloadLink(say("bid.save-refusal"), "refusal.json", JSON.stringify(error.refusal)));
      if (!["submitted", "withdrawn"].includes(root.dataset.state)) stands();
    }
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const onlySave = event.submitter?.hasAttribute("data-bid-save");
  attempt(async () => {
    persist();
    const { bid, record, policy } = await sealFromForm();
    if (!onlySave) return submitRecord(record);
    download(fileNames(policy, bid).sealed, writeSealed(bid));
    progress.hide();
    notYet(say("bid.saved-detail"));
  });
});

find("sealed")?.addEventListener("change", (event) => {
  const file = event.target.files[0];
  if (!file) return;
  attempt(async () => {
    const bid = await readSealed(file);
    const { policyRaw } = await submission.fetchPolicy(page);
    if (!equal(bid.policyRaw, policyRaw)) throw new VaultError("SEALED_FOR_OTHER");
    const known = await submission.recordOfBid(bid.manifestHash);
    await submitRecord({ ...(await submission.recordOf(bid, "sealed")), keyFile: known?.keyFile ?? null });
  });
});

/** The documents were amended after the standing bid: open that bid here, and seal its content anew. */
async function setUpReseal(reseal) {
  const block = signerBlock(find("reseal-signer"), { keyFile: "made" });
  const keyFile = find("reseal-keyfile");
  keyFile.hidden = await hasKey(standing.manifestHash);
  reseal.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      persist();
      await block.unlock();
      progress.show(say("bid.step-former"));
      const former = await openFormer({
        tender: page.tender, ref: root.dataset.outdatedRef, manifestHash: standing.manifestHash,
        keyFile: keyFile.querySelector("input").files[0], passphrase: block.passphrase(),
      });
      if (root.dataset.outdated === "same") return submitRecord((await sealParts(former.parts, block)).record);
      fillIn(former);
    });
  });
}

/** What still fits of a former price sheet, by the items' names; its documents unless others are chosen. */
function fillIn({ parts, sheet }) {
  formerDocuments = parts.documents;
  const rows = new Map((sheet?.body?.items ?? []).map((item) => [item.name, item]));
  for (const row of form.querySelectorAll("[data-bid-item]")) {
    const item = rows.get(row.dataset.name);
    for (const name of item ? ["brand", "unit_price"] : []) row.querySelector(`[data-field="${name}"]`).value = item[name];
  }
  if (form.elements.core_brand) form.elements.core_brand.value = sheet?.core_brand ?? "";
  for (const box of form.querySelectorAll('[name="claims"]')) box.checked = (sheet?.claims ?? []).includes(box.value);
  form.dispatchEvent(new Event("input"));
  progress.hide();
  form.scrollIntoView();
  root.dataset.filled = "";
}

/** After a reload: go on with what was under way, or show the standing receipt. */
async function resume() {
  const record = await submission.recordFor(page.tender);
  if (root.dataset.outdated && !(record?.seq > standing.seq)) return notYet();
  const complete = record && record.parts_listed.every((part) => record.parts[part.name]?.size === part.size);
  if (record?.state === "uploading" && complete) return attempt(() => submitRecord(record));
  if (record?.state === "waiting") {
    return attempt(async () => {
      showReceipt(record, await submission.awaitReceipt(record, during));
      return followWitness(record);
    });
  }
  // A record older than what the hall knows was replaced or withdrawn from another browser.
  if (record?.receipt && record.seq >= standing.seq) {
    showReceipt(record, await submission.judge(record, record.receipt));
    return followWitness(record);
  }
  return stands();
}

if (find("reseal-form")) await setUpReseal(find("reseal-form"));
resume();
root.dataset.ready = "";

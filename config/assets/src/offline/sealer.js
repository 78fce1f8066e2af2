/**
 * The offline sealer: this one file, opened from disk, seals a bid without any network and writes the
 * `.sealed` file and the bid key file. The site or the command line uploads the `.sealed` file.
 */
import { hex, sha256 } from "../vault/bytes.js";
import { parseCertificate } from "../vault/certkey.js";
import { VaultError } from "../vault/errors.js";
import { parseCanonical } from "../vault/jcs.js";
import { fileNames, makeBid } from "../vault/makebid.js";
import { checkPolicy } from "../vault/policy.js";
import { writeSealed } from "../vault/sealedfile.js";
import { packDocuments } from "../vault/tar.js";
import { banner, busy, download, element, problem, progressBar } from "../ui/dom.js";
import { priceForm } from "../ui/pricing.js";
import { signerBlock } from "../ui/signer.js";
import { explain, say } from "../ui/words.js";

const STEPS = { check: "bid.step-check", seal: "bid.step-seal", keys: "bid.step-keys", sign: "bid.step-sign" };
const root = document.getElementById("sealer");
document.title = say("offline.title");

const text = (name, attributes = {}) => element("input", { type: "text", name, id: name, autocomplete: "off", ...attributes });
const field = (label, control, hint) => element("div", { class: "field" },
  element("label", { for: control.id }, say(label)), hint ? element("p", { class: "hint" }, say(hint)) : null, control);
const group = (title, ...children) => element("fieldset", {}, element("legend", {}, say(title)), ...children);

const policyFile = element("input", { type: "file", id: "policy", name: "policy", accept: ".json" });
const policyHash = element("p", { class: "mono", "data-policy-hash": true });
const rows = element("tbody");
const documents = element("input", { type: "file", id: "documents", name: "documents", multiple: true });
const bidderId = text("bidder", { maxlength: "18" });
const seq = text("seq", { inputmode: "numeric", value: "1" });
const replaces = text("replaces");
const signerPlace = element("div", { "data-signer": true });
const bannerPlace = element("div", { hidden: true });
const problemPlace = element("div", { hidden: true });
const progressPlace = element("div");
const addRow = element("button", { type: "button", class: "btn-outline-primary" }, say("offline.add-row"));
const submit = element("button", { type: "submit" }, say("offline.seal"));

function priceRow() {
  const cells = ["name", "brand", "unit", "quantity", "unit_price"].map((name) =>
    element("td", {}, element("input", { type: "text", "data-field": name, "aria-label": say(`offline.${name}`) })));
  rows.append(element("tr", { "data-bid-item": true }, ...cells, element("td", { "data-bid-amount": true })));
}
priceRow();

const heads = ["name", "brand", "unit", "quantity", "unit_price", "amount"].map((name) => element("th", {}, say(`offline.${name}`)));
const form = element("form", {},
  group("offline.policy", field("offline.policy-file", policyFile, "offline.policy-hint"), policyHash),
  group("offline.price", element("table", {}, element("thead", {}, element("tr", {}, ...heads)), rows), addRow,
    element("p", {}, element("strong", { "data-bid-total": true }), " ", element("span", { "data-bid-words": true })),
    field("offline.period", text("period_days", { inputmode: "numeric" })), field("offline.core-brand", text("core_brand"))),
  group("offline.documents", field("offline.documents-files", documents)),
  group("offline.bidder", field("offline.bidder-id", bidderId), signerPlace),
  group("offline.replacing", field("offline.seq", seq), field("offline.replaces", replaces, "offline.replaces-hint")),
  problemPlace, progressPlace, submit);
root.append(element("h1", {}, say("offline.title")), element("p", { class: "hint" }, say("offline.intro")), bannerPlace, form);

const signer = signerBlock(signerPlace);
const progress = progressBar(progressPlace);
const readPrices = priceForm(form);
addRow.addEventListener("click", priceRow);

policyFile.addEventListener("change", async () => {
  const raw = new Uint8Array(await policyFile.files[0].arrayBuffer());
  policyHash.textContent = say("offline.policy-hash", { hash: hex(await sha256(raw)) });
});

async function readPolicy() {
  if (!policyFile.files[0]) throw new VaultError("POLICY_MISSING");
  const policyRaw = new Uint8Array(await policyFile.files[0].arrayBuffer());
  return { policyRaw, policy: await checkPolicy(policyRaw, { tender: parseCanonical(policyRaw).tender }) };
}

async function seal() {
  const { policyRaw, policy } = await readPolicy();
  const asked = new Set(policy.parts.map((part) => part.name));
  const parts = {};
  if (asked.has("price-sheet")) parts["price-sheet"] = new Blob([readPrices().bytes]);
  if (asked.has("documents") && !documents.files.length) throw new VaultError("DOCUMENTS_MISSING");
  if (asked.has("documents")) parts.documents = packDocuments(documents.files);
  if (!/^[0-9A-HJ-NPQRTUWXY]{18}$/.test(bidderId.value.trim())) throw new VaultError("BIDDER_ID_INVALID");
  const opened = await signer.unlock();
  const bid = await makeBid({
    policyRaw, policy, bidderId: bidderId.value.trim(), signer: opened, passphrase: signer.passphrase(),
    parts,
    seq: Number(seq.value), replaces: replaces.value.trim() || null,
    onStep: (step, done, total) => progress.show(say(STEPS[step]), done, total),
  });
  const names = fileNames(policy, bid);
  download(names.keyFile, bid.keyFile, "application/json");
  download(names.sealed, writeSealed(bid));
  banner(bannerPlace, "now", say("offline.done"), say("offline.done-detail", { sealed: names.sealed, key: names.keyFile, name: parseCertificate(opened.certificate).commonName }));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  problem(problemPlace, "");
  busy(form.querySelectorAll("button"), async () => {
    await seal().catch((error) => error.code !== "SHOWN" && problem(problemPlace, error.code === "FORM" ? error.detail : explain(error)));
    progress.hide();
  });
});
root.dataset.ready = "";

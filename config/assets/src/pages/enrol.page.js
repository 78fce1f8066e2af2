/**
 * A certificate for signing (办理证书): the key is made here and never leaves this browser unencrypted.
 *
 * <form data-enrol method="post" action="…" data-subject='{"C":"CN","O":"…","CN":"…","serialNumber":"USCC"}' data-kind="ec-p256" data-next="/account">
 *   <input type="hidden" name="csrf_token">
 *   <div data-enrol-banner hidden></div> <div data-enrol-problem hidden></div>
 *   <div data-enrol-own>… <textarea name="csr"></textarea></div>     for people without script: paste a request; hidden here
 *   <div data-enrol-fields></div>                                    filled: passphrase, twice
 *   <button type="submit">…</button>
 * </form>
 *
 * Sends the form's fields with `csr` (PEM) and `Accept: application/json`. The answer is 200 or 201 with
 * {"certificate": "PEM of the certificate and its chain"}, or problem+json.
 */
import { VaultError } from "../vault/errors.js";
import { describeKeyFile } from "../vault/certkey.js";
import { makeRequest } from "../vault/csr.js";
import { Refused } from "../vault/upload.js";
import { banner, busy, download, downloadLink, element, problem } from "../ui/dom.js";
import { send } from "../ui/http.js";
import { rememberKey } from "../ui/signer.js";
import { persist } from "../ui/store.js";
import { explain, say } from "../ui/words.js";

const SHORTEST = 10;
const form = document.querySelector("[data-enrol]");
const find = (name) => form.querySelector(`[data-enrol-${name}]`);

function passphraseField(id, label, hint) {
  const input = element("input", { id, type: "password", class: "form-control", autocomplete: "new-password" });
  find("fields").append(element("div", { class: "field" }, element("label", { for: id }, say(label)), hint ? element("p", { class: "hint" }, say(hint)) : null, input));
  return input;
}

find("own").hidden = true;
const first = passphraseField("enrol-passphrase", "enrol.passphrase", "enrol.passphrase-hint");
const second = passphraseField("enrol-again", "enrol.again");

async function enrol() {
  if ([...first.value].length < SHORTEST) throw new VaultError("PASSPHRASE_SHORT", `${SHORTEST}`);
  if (first.value !== second.value) throw new VaultError("PASSPHRASES_DIFFER");
  const subject = JSON.parse(form.dataset.subject);
  const { csr, keyPem } = await makeRequest(subject, first.value, form.dataset.kind || "ec-p256");
  const fields = new FormData(form);
  fields.set("csr", csr);
  const answer = await send("POST", form.action, { body: fields });
  if (answer.status !== 200 && answer.status !== 201) throw new Refused(answer);
  const pem = keyPem + answer.body.certificate;
  const { commonName, certSha256 } = await describeKeyFile(pem);
  await persist();
  await rememberKey(pem);
  const name = `${commonName}-${certSha256.slice(0, 8)}.key.pem`;
  download(name, pem, "application/x-pem-file");
  banner(find("banner"), "done", say("enrol.done"), say("enrol.done-detail"));
  find("banner").append(downloadLink(say("enrol.save"), name, pem));
  if (form.dataset.next) find("banner").append(" ", element("a", { href: form.dataset.next, class: "btn btn-primary" }, say("enrol.next")));
  first.value = second.value = "";
  for (const node of [find("fields"), ...form.querySelectorAll("button[type=submit], button:not([type])")]) node.hidden = true;
  form.dataset.state = "enrolled";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  problem(find("problem"), "");
  busy(form.querySelectorAll("button"), () => enrol().catch((error) => problem(find("problem"), explain(error))));
});
form.dataset.ready = "";

/**
 * Sign with a certificate (签名): one passphrase, any number of documents, one click.
 *
 * <form data-sign method="post" action="…">
 *   <input type="hidden" name="csrf_token">
 *   <div data-sign-problem hidden></div>
 *   <input type="hidden" name="policy_cms" data-sign-url="/tenders/T-1/policy.json">    bytes fetched from there, or
 *   <input type="hidden" name="notice_cms" data-sign-field="notice">                     UTF-8 bytes of the field `notice`, or
 *   <input type="hidden" name="record_cms" data-sign-base64="b64url">                    these bytes
 *   <div data-signer data-cert-sha256="hex"></div>
 *   <button type="submit">…</button>
 * </form>
 *
 * On submit each such field gets the detached CMS in base64url and the form goes its ordinary way.
 * `data-sign-sha256` beside a URL makes the page refuse bytes with another hash than the one shown.
 */
import { b64url, hex, sha256, unb64url, utf8 } from "../vault/bytes.js";
import { signDetached } from "../vault/cms.js";
import { VaultError } from "../vault/errors.js";
import { busy, problem } from "../ui/dom.js";
import { bytesOf } from "../ui/http.js";
import { signerBlock } from "../ui/signer.js";
import { explain } from "../ui/words.js";

async function documentOf(field, form) {
  const { signUrl, signField, signBase64, signSha256 } = field.dataset;
  if (signField) return utf8(form.elements[signField].value);
  const bytes = signBase64 ? unb64url(signBase64) : await bytesOf(signUrl);
  if (signSha256 && hex(await sha256(bytes)) !== signSha256) throw new VaultError("DOCUMENT_CHANGED");
  return bytes;
}

async function signAll(form, signer) {
  const opened = await signer.unlock();
  for (const field of form.querySelectorAll("[data-sign-url], [data-sign-field], [data-sign-base64]")) {
    field.value = b64url(await signDetached(await documentOf(field, form), opened, new Date()));
  }
}

for (const form of document.querySelectorAll("[data-sign]")) {
  const signer = signerBlock(form.querySelector("[data-signer]"));
  const place = form.querySelector("[data-sign-problem]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { submitter } = event;
    problem(place, "");
    try {
      await busy(form.querySelectorAll("button"), () => signAll(form, signer));
    } catch (error) {
      if (error.code !== "SHOWN") problem(place, explain(error));
      return;
    }
    // A form submitted by script leaves out the button's own name and value; they are given back here.
    if (submitter?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }));
    form.submit();
  });
  form.dataset.ready = "";
}

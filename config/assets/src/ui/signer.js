/**
 * The signer block: which certificate, and its passphrase. A page writes `<div data-signer></div>`, with
 * `data-cert-sha256="hex,hex"` to name the certificates that this account may sign with. With a USB key the
 * passphrase is its PIN (`data-usb-only` offers nothing else); a bid key file then needs a passphrase of its own, for a PIN is soon guessed.
 */
import { describeKeyFile, openKeyFile } from "../vault/certkey.js";
import { VaultError } from "../vault/errors.js";
import { checkPin, listCertificates, usbSigner } from "../vault/usbkey.js";
import { element } from "./dom.js";
import * as store from "./store.js";
import { explain, say } from "./words.js";

const SHORTEST = 10;
let count = 0;

/**
 * @param {HTMLElement} block
 * @param {{keyFile?: "made"|"read"}} [use] whether a bid key file is made or read under `passphrase()`
 * @returns {{unlock: () => Promise<object>, passphrase: () => string, ready: Promise<void>}}
 *   `unlock` gives the signer of openKeyFile, or throws after it has shown why not
 */
export function signerBlock(block, { keyFile } = {}) {
  const id = `signer-${++count}`;
  const select = element("select", { id: `${id}-key`, class: "form-select", "data-signer-key": true });
  const file = element("input", { id: `${id}-file`, type: "file", accept: ".pem", class: "form-control", "data-signer-file": true });
  const pass = element("input", { id: `${id}-pass`, type: "password", class: "form-control", autocomplete: "off", "data-signer-passphrase": true });
  const fault = element("p", { class: "field-fault", role: "alert", hidden: true });
  const keyPass = element("input", { id: `${id}-keyfile`, type: "password", class: "form-control", autocomplete: "off", "data-signer-keyfile": true });
  const row = (label, control, hint) =>
    element("div", { class: "field" }, element("label", { for: control.id }, say(label)), hint ? element("p", { class: "hint" }, say(hint)) : null, control);
  const fileRow = row("signer.file", file, "signer.file-hint");
  const passRow = row("signer.passphrase", pass, "signer.passphrase-hint");
  const keyRow = row("signer.keyfile", keyPass, keyFile === "made" ? "signer.keyfile-made" : "signer.keyfile-read");
  passRow.append(fault);
  block.replaceChildren(row("signer.certificate", select), fileRow, passRow, keyRow);
  const usbOnly = "usbOnly" in block.dataset;
  const allowed = (block.dataset.certSha256 ?? "").split(",").filter(Boolean);
  const usbOrigin = document.querySelector('meta[name="usb-key"]')?.content;
  let kept = [];
  let plugged = [];

  const usbKey = () => plugged.find((key) => key.certSha256 === select.value);
  const show = () => {
    const usb = Boolean(usbKey());
    fileRow.hidden = usbOnly || select.value !== "";
    select.parentElement.hidden = kept.length + plugged.length === 0;
    passRow.querySelector("label").textContent = say(usb ? "signer.pin" : "signer.passphrase");
    passRow.querySelector(".hint").textContent = say(usb ? "signer.pin-hint" : "signer.passphrase-hint");
    keyRow.hidden = !(usb && keyFile);
  };
  select.addEventListener("change", () => {
    pass.value = "";
    fault.hidden = true;
    show();
  });

  const tell = (error) => {
    fault.textContent = explain(error);
    fault.hidden = false;
  };

  const fill = (keys) => {
    kept = (usbOnly ? [] : keys).filter((key) => !allowed.length || allowed.includes(key.certSha256));
    kept.sort((a, b) => b.notAfter - a.notAfter);
    const option = (key, kind = "") => element("option", { value: key.certSha256 }, `${kind}${key.commonName} · ${key.certSha256.slice(0, 8)}`);
    const options = kept.map((key) => option(key));
    options.push(...plugged.map((key) => option(key, `${say("signer.usb-key")} · `)));
    if (!usbOnly) options.push(element("option", { value: "" }, say("signer.other")));
    select.replaceChildren(...options);
    show();
    if (usbOnly && !plugged.length) tell(new VaultError("USB_KEY_ABSENT"));
  };
  show();
  const found = usbOrigin ? listCertificates(usbOrigin) : Promise.resolve([]);
  const ready = Promise.all([found, store.all("keys").catch(() => [])]).then(([usb, keys]) => {
    plugged = usb.filter((key) => !allowed.length || allowed.includes(key.certSha256));
    fill(keys);
  });

  async function text() {
    if (select.value) return kept.find((key) => key.certSha256 === select.value).pem;
    if (!file.files[0]) throw new VaultError("KEY_FILE_MISSING");
    return file.files[0].text();
  }

  async function unlock() {
    fault.hidden = true;
    try {
      const usb = usbKey();
      if (usbOnly && !usb) throw new VaultError("USB_KEY_ABSENT");
      if (!pass.value) throw new VaultError(usb ? "USB_KEY_PIN_MISSING" : "PASSPHRASE_MISSING");
      if (usb && keyFile === "made" && keyPass.value.length < SHORTEST) throw new VaultError("KEYFILE_PASSPHRASE_SHORT", `${SHORTEST}`);
      if (usb) return await checkPin(usbSigner(usbOrigin, usb, pass.value));
      const pem = await text();
      const signer = await openKeyFile(pem, pass.value);
      if (allowed.length && !allowed.includes(signer.certSha256)) throw new VaultError("CERTIFICATE_OF_OTHER");
      await rememberKey(pem);
      return signer;
    } catch (error) {
      tell(error);
      (error.code === "KEYFILE_PASSPHRASE_SHORT" ? keyPass : pass).focus();
      throw new VaultError("SHOWN");
    }
  }
  return { unlock, passphrase: () => (usbKey() ? keyPass.value : pass.value), ready };
}

/** Keep an encrypted key file in this browser, so that next time only the passphrase is asked. */
export async function rememberKey(pem) {
  await store.put("keys", { ...(await describeKeyFile(pem)), pem }).catch(() => undefined);
}

/**
 * A USB key (SM2) behind its middleware on this machine. The page says which origin that is
 * (`<meta name="usb-key">`, by the hall's setting); the CSP allows that one only. The PIN goes there and
 * nowhere else; what comes back is the detached CMS.
 */
import { base64, unbase64, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";

const SECONDS = 8;

async function ask(origin, path, body) {
  const options = { signal: AbortSignal.timeout(SECONDS * 1000), credentials: "omit", referrerPolicy: "no-referrer" };
  if (body) Object.assign(options, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await fetch(origin + path, options).catch(() => {
    throw new VaultError("USB_KEY_ABSENT");
  });
  return { status: answer.status, body: await answer.json().catch(() => ({})) };
}

/** @returns {Promise<{certSha256: string, commonName: string, notAfter: Date, chain: Uint8Array[]}[]>} none when no key answers */
export async function listCertificates(origin) {
  const { status, body } = await ask(origin, "/certificates").catch(() => ({ status: 0 }));
  if (status !== 200) return [];
  return body.map((item) => ({
    certSha256: item.sha256, commonName: item.common_name, notAfter: new Date(item.not_after), chain: item.chain.map(unbase64),
  }));
}

/**
 * A signer like openKeyFile's, whose signature is made by the key. The PIN is tried with each one.
 * @throws {VaultError} USB_KEY_ABSENT, USB_KEY_PIN (with the tries left), USB_KEY_LOCKED
 */
export function usbSigner(origin, held, pin) {
  const [certificate, ...chain] = held.chain;
  async function sign(data, time) {
    const { status, body } = await ask(origin, "/sign", { pin, data: base64(data), at: time.toISOString() });
    if (status === 403 && body.error === "pin") throw new VaultError("USB_KEY_PIN", `${body.left}`);
    if (status === 423) throw new VaultError("USB_KEY_LOCKED");
    if (status !== 200) throw new VaultError("USB_KEY_ABSENT");
    return unbase64(body.cms);
  }
  return { sign, certificate, chain, certSha256: held.certSha256 };
}

/**
 * The signer, once its key has signed a sentence that says nothing: a wrong PIN is told before any work is done.
 * @throws {VaultError} as usbSigner
 */
export async function checkPin(signer) {
  await signer.sign(utf8("tradehall: the PIN is tried, nothing is declared"), new Date());
  return signer;
}

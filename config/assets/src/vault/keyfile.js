/** The bid key file: the bidder's own stage keys under a passphrase. */
import { b64url, fromUtf8, randomBytes, subtle, unb64url, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";
import { exactKeys, jcs, parseCanonical } from "./jcs.js";

const ITERATIONS = 600_000;
const FIELDS = ["v", "typ", "policy", "bid_id", "manifest", "kdf", "iterations", "salt", "iv", "ct"];

async function passphraseKey(passphrase, salt, iterations) {
  const base = await subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
  const kdf = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return subtle.deriveKey(kdf, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/**
 * @param {{policyHash: string, bidId: string, manifestHash: string, keys: Record<string, {Kb: string}>}} bid of sealBid
 * @returns {Promise<object>} the key file as a JSON object
 */
export async function writeKeyFile(bid, passphrase, { rng = randomBytes, iterations = ITERATIONS } = {}) {
  const [salt, iv] = [rng(16), rng(12)];
  const key = await passphraseKey(passphrase, salt, iterations);
  const ct = await subtle.encrypt({ name: "AES-GCM", iv }, key, jcs({ stages: bid.keys }));
  return {
    v: 1, typ: "ebid.keyfile", policy: bid.policyHash, bid_id: bid.bidId, manifest: bid.manifestHash,
    kdf: "PBKDF2-SHA-256", iterations, salt: b64url(salt), iv: b64url(iv), ct: b64url(new Uint8Array(ct)),
  };
}

/** Shape of a key file read from text. @throws {VaultError} KEY_FILE_UNREADABLE */
export function parseKeyFile(text) {
  try {
    const file = exactKeys(JSON.parse(text), FIELDS);
    if (file.v === 1 && file.typ === "ebid.keyfile" && file.kdf === "PBKDF2-SHA-256" && file.iterations <= 10_000_000) return file;
  } catch {
    // fall through to the one message a user needs
  }
  throw new VaultError("KEY_FILE_UNREADABLE");
}

/**
 * @returns {Promise<Record<string, Uint8Array>>} Kb by stage
 * @throws {VaultError} PASSPHRASE_WRONG
 */
export async function readKeyFile(file, passphrase) {
  const key = await passphraseKey(passphrase, unb64url(file.salt), file.iterations);
  let plain;
  try {
    plain = new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: unb64url(file.iv) }, key, unb64url(file.ct)));
  } catch {
    throw new VaultError("PASSPHRASE_WRONG");
  }
  const { stages } = parseCanonical(plain);
  return Object.fromEntries(Object.entries(stages).map(([name, stage]) => [name, unb64url(stage.Kb)]));
}

export const keyFileText = (file) => fromUtf8(jcs(file));

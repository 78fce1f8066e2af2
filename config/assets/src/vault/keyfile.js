/** The bid key file: the bidder's own stage keys under a passphrase. */
import { b64url, fromUtf8, randomBytes, subtle, unb64url, utf8 } from "./bytes.js";
import { binding, dealShares } from "./derive.js";
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
 * In mode `dual` it keeps Kc beside Kb: its bidder can read its own bid again, to seal it anew.
 * @param {{policyHash: string, bidId: string, manifestHash: string, keys: Record<string, {Kb: string, Kc?: string}>}} bid of sealBid
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
 * @returns {Promise<Record<string, {Kb: string, Kc?: string}>>} everything it keeps, by stage
 * @throws {VaultError} PASSPHRASE_WRONG
 */
export async function readStages(file, passphrase) {
  const key = await passphraseKey(passphrase, unb64url(file.salt), file.iterations);
  let plain;
  try {
    plain = new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv: unb64url(file.iv) }, key, unb64url(file.ct)));
  } catch {
    throw new VaultError("PASSPHRASE_WRONG");
  }
  return parseCanonical(plain).stages;
}

/**
 * @returns {Promise<Record<string, Uint8Array>>} Kb by stage
 * @throws {VaultError} PASSPHRASE_WRONG
 */
export async function readKeyFile(file, passphrase) {
  const stages = await readStages(file, passphrase);
  return Object.fromEntries(Object.entries(stages).map(([name, stage]) => [name, unb64url(stage.Kb)]));
}

/**
 * What a key file opens its own bid with: Kb, and in mode `dual` the custodians' shares, which anybody who knows
 * Kc can derive again.
 * @returns {Promise<object>} `released` of openBid
 */
export async function ownReleases(policy, manifest, stages) {
  const B = await binding(manifest.policy, unb64url(manifest.bid_id), manifest.bidder);
  const released = {};
  for (const [name, { Kb, Kc }] of Object.entries(stages)) {
    const rule = policy.stages.find((stage) => stage.name === name);
    const shares = Kc && rule ? await dealShares(unb64url(Kc), B, name, rule.t, rule.n) : [];
    released[name] = { bidderKey: unb64url(Kb), shares: Object.fromEntries(shares.map((share, i) => [i + 1, share])) };
  }
  return released;
}

export const keyFileText = (file) => fromUtf8(jcs(file));

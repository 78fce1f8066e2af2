/** RFC 9180 HPKE in base mode for the two suites a seal policy may name (vault.md 1.2). */
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { DhkemX25519HkdfSha256 } from "@hpke/dhkem-x25519";
import { XWing } from "@hpke/hybridkem-x-wing";
import { concat } from "./bytes.js";
import { VaultError } from "./errors.js";

// Both KEMs are pure JavaScript here, so nothing depends on X25519 or ML-KEM in the browser.
const KEMS = {
  "647a-0001-0002": { kem: () => new XWing(), enc: 1120, pk: 1216 },
  "0020-0001-0002": { kem: () => new DhkemX25519HkdfSha256(), enc: 32, pk: 32 },
};

function suiteOf(name) {
  const entry = Object.hasOwn(KEMS, name) ? KEMS[name] : null;
  if (!entry) throw new VaultError("MALFORMED", `HPKE suite ${name}`);
  const suite = new CipherSuite({ kem: entry.kem(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  return { ...entry, suite };
}

export const publicKeySize = (name) => suiteOf(name).pk;
/** Bytes of a wrapped 32-byte share: enc, share, tag. */
export const wrapSize = (name) => suiteOf(name).enc + 48;

/** @returns {Promise<Uint8Array>} enc || ciphertext */
export async function seal(name, publicKey, info, plaintext) {
  const { suite } = suiteOf(name);
  const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
  const { enc, ct } = await suite.seal({ recipientPublicKey, info }, plaintext);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

/**
 * @param {Uint8Array} seed the recipient's 32-byte secret (X-Wing seed, or X25519 scalar)
 * @throws {VaultError} DECRYPT_FAILED
 */
export async function open(name, seed, info, sealed) {
  const { suite, enc } = suiteOf(name);
  try {
    const recipientKey = await suite.kem.importKey("raw", seed, false);
    const plain = await suite.open({ recipientKey, enc: sealed.slice(0, enc), info }, sealed.slice(enc));
    return new Uint8Array(plain);
  } catch {
    throw new VaultError("DECRYPT_FAILED", "wrap");
  }
}

/** The X-Wing public key that belongs to a custodian's 32-byte seed (vault.md 2.1). */
export async function publicKeyOfSeed(seed) {
  const kem = new XWing();
  const pair = await kem.generateKeyPairDerand(seed);
  return new Uint8Array(await kem.serializePublicKey(pair.publicKey));
}

/** A bid that was handed in, opened again on this device with its key file: what sealing it anew starts from. */
import { fromUtf8, unb64url } from "../vault/bytes.js";
import { VaultError } from "../vault/errors.js";
import { parseCanonical } from "../vault/jcs.js";
import { ownReleases, parseKeyFile, readStages } from "../vault/keyfile.js";
import { openBid } from "../vault/open.js";
import { send } from "./http.js";
import * as store from "./store.js";

/** The ciphertexts: this browser's, or those that the hall keeps. */
async function ciphertexts(base, manifest, manifestHash) {
  const kept = (await store.get("sealed", manifestHash).catch(() => null))?.parts ?? {};
  const found = {};
  for (const part of manifest.parts) {
    const here = kept[part.name];
    found[part.name] = here?.size === part.size ? here : await fetched(`${base}/${encodeURIComponent(part.name)}`);
  }
  return found;
}

async function fetched(address) {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new VaultError("FORMER_BID");
  return answer.blob();
}

/** Manifest and policy: this browser's, or those that the hall has. */
async function documents(base, record) {
  if (record?.manifest) return { policyRaw: record.policyRaw, manifestRaw: record.manifest };
  const { status, body } = await send("GET", base);
  if (status !== 200) throw new VaultError("FORMER_BID");
  return { policyRaw: unb64url(body.policy), manifestRaw: unb64url(body.manifest) };
}

/** Whether this browser has the key file of a bid. */
export const hasKey = async (manifestHash) => Boolean((await store.get("bids", manifestHash).catch(() => null))?.keyFile);

/**
 * @param {object} former
 * @param {string} former.tender
 * @param {string} former.ref reference of the bid that was handed in
 * @param {string} former.manifestHash
 * @param {File|undefined} former.keyFile when this browser has none
 * @param {string} former.passphrase
 * @returns {Promise<{parts: Record<string, Blob>, sheet: object|null}>}
 * @throws {VaultError} KEY_FILE_MISSING, KEY_OF_OTHER_BID, PASSPHRASE_WRONG, FORMER_BID
 */
export async function openFormer({ tender, ref, manifestHash, keyFile, passphrase }) {
  const record = await store.get("bids", manifestHash).catch(() => null);
  const text = record?.keyFile ?? (await keyFile?.text());
  if (!text) throw new VaultError("KEY_FILE_MISSING");
  const file = parseKeyFile(text);
  if (file.manifest !== manifestHash) throw new VaultError("KEY_OF_OTHER_BID");
  const stages = await readStages(file, passphrase);
  const base = `/api/tenders/${encodeURIComponent(tender)}/bids/${encodeURIComponent(ref)}`;
  const { policyRaw, manifestRaw } = await documents(base, record);
  const manifest = parseCanonical(manifestRaw);
  const parts = await ciphertexts(base, manifest, manifestHash);
  const released = await ownReleases(parseCanonical(policyRaw), manifest, stages);
  const opened = await openBid({ policyRaw, manifestRaw, parts, released });
  const failed = Object.values(opened.parts).find((part) => part.outcome !== "OK");
  if (failed) throw new VaultError("FORMER_BID", failed.outcome);
  const plain = Object.fromEntries(Object.entries(opened.parts).map(([name, part]) => [name, part.data]));
  return { parts: plain, sheet: await sheetOf(plain["price-sheet"]) };
}

async function sheetOf(blob) {
  try {
    return JSON.parse(fromUtf8(new Uint8Array(await blob.arrayBuffer())));
  } catch {
    return null;
  }
}

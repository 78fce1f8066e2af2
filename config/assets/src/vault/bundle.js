/** The ledger part of an audit bundle, checked in the browser (docs/protocols/bundle.md, verifier steps V1 to V5 in part). */
import { concat, equal, fromUtf8, hex, sha256, unb64url, unbase64, unhex, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";
import { parseCanonical } from "./jcs.js";
import { announcedKey, signedByAny, trustedLogKeys, witnessesOf } from "./logkeys.js";
import { parseCheckpoint, parseNote } from "./note.js";
import { leafBytes } from "./receipt.js";
import { readTar } from "./tar.js";
import { hashLeaf, verifyConsistency, verifyInclusion } from "./tree.js";

// One digest call needs the whole file; ciphertexts beyond this are left to the offline verifier.
const LARGEST = 64 << 20;

/** @returns {{index: number, proof: Uint8Array[], note: string}} of a C2SP tlog-proof (v1) */
export function parseTlogProof(text) {
  const split = text.indexOf("\n\n");
  const [magic, index, ...hashes] = text.slice(0, split).split("\n");
  const match = /^index (0|[1-9][0-9]{0,15})$/.exec(index ?? "");
  if (split < 0 || magic !== "c2sp.org/tlog-proof@v1" || !match) throw new VaultError("MALFORMED", "tlog-proof");
  return { index: Number(match[1]), proof: hashes.map(unbase64), note: text.slice(split + 2) };
}

class Bundle {
  constructor(members) {
    this.files = new Map(members.map(({ name, data }) => [name, data]));
  }
  async bytes(name) {
    const blob = this.files.get(name);
    if (!blob) throw new VaultError("MALFORMED", `no ${name}`);
    return new Uint8Array(await blob.arrayBuffer());
  }
  async text(name) {
    return fromUtf8(await this.bytes(name));
  }
  under(folder) {
    return [...this.files.keys()].filter((name) => name.startsWith(folder));
  }
}

/** Sizes and hashes of MANIFEST.json; what a public bundle leaves out may be missing only by its tier. */
async function checkHashes(bundle) {
  let [checked, skipped] = [0, 0];
  for (const file of parseCanonical(await bundle.bytes("MANIFEST.json")).files) {
    const blob = bundle.files.get(file.path);
    if (!blob && file.tier === "regulator") skipped += 1;
    else if (!blob || blob.size !== file.size) throw new VaultError("MALFORMED", file.path);
    else if (blob.size > LARGEST) skipped += 1;
    else if (hex(await sha256(await bundle.bytes(file.path))) !== file.sha256) throw new VaultError("MALFORMED", file.path);
    else checked += 1;
  }
  return `${checked} / ${checked + skipped}`;
}

/** Adds to `logKeys` those that the log itself announces in this bundle, each under a key that counted already. */
async function followKeys(bundle, head, logKeys, trust) {
  const names = bundle.under("log/rotations/").sort((a, b) => a.match(/\d+/) - b.match(/\d+/));
  const proofs = names.length ? JSON.parse(await bundle.text("log/consistency.json")) : [];
  const continued = async (point) => {
    const row = proofs.find(({ from, to }) => from === point.size && to === head.size);
    return verifyConsistency(point.size, head.size, point.root, head.root, (row?.proof ?? []).map(unbase64));
  };
  for (const name of names) {
    const found = await announcedKey(parseCanonical(await bundle.bytes(name)), logKeys, trust.log.origin, continued);
    if (!logKeys.includes(found)) logKeys.push(found);
  }
  return String(logKeys.length);
}

async function checkManifestNote(bundle, logKeys) {
  const note = parseNote(await bundle.text("MANIFEST.note"));
  const expected = `tradehall-bundle/v1\n${hex(await sha256(await bundle.bytes("MANIFEST.json")))}\n`;
  if (note.text !== expected || !(await signedByAny(note, logKeys))) throw new VaultError("SIGNATURE_WRONG", "MANIFEST.note");
}

async function checkCheckpoint(head, logKeys, trust) {
  if (head.origin !== trust.log.origin || !(await signedByAny(head, logKeys))) throw new VaultError("SIGNATURE_WRONG", "checkpoint");
  const { seen, all } = await witnessesOf(head, trust.witnesses);
  if (seen < trust.quorum) throw new VaultError("SIGNATURE_WRONG", `${seen} < ${trust.quorum}`);
  return `${head.size} · ${seen} / ${all}`;
}

async function checkEntries(bundle, head) {
  const names = bundle.under("log/entries/");
  for (const name of names) {
    const index = Number(name.replace(/^log\/entries\/(\d+)\.json$/, "$1"));
    const proof = parseTlogProof(await bundle.text(`log/proofs/${index}.tlog-proof`));
    const at = parseCheckpoint(proof.note);
    const leaf = await hashLeaf(await bundle.bytes(name));
    const same = at.size === head.size && equal(at.root, head.root) && proof.index === index;
    if (!same || !(await verifyInclusion(leaf, index, head.size, proof.proof, head.root))) throw new VaultError("MALFORMED", name);
  }
  if (names.length === 0) throw new VaultError("MALFORMED", "no entries");
  return String(names.length);
}

async function checkConsistency(bundle, head, logKeys) {
  const roots = new Map();
  for (const name of bundle.under("log/checkpoints/")) {
    const older = parseCheckpoint(await bundle.text(name));
    if (!(await signedByAny(older, logKeys))) throw new VaultError("SIGNATURE_WRONG", name);
    roots.set(older.size, older.root);
  }
  for (const { from, to, proof } of JSON.parse(await bundle.text("log/consistency.json"))) {
    const known = to === head.size && roots.get(from);
    if (!known || !(await verifyConsistency(from, to, known, head.root, proof.map(unbase64)))) throw new VaultError("MALFORMED", `${from} → ${to}`);
    roots.delete(from);
  }
  roots.delete(head.size);
  if (roots.size) throw new VaultError("MALFORMED", `no proof from ${[...roots.keys()]}`);
}

async function checkOpenings(bundle) {
  const openings = JSON.parse(await bundle.text("log/openings.json"));
  for (const opening of openings) {
    const leaf = await leafBytes({ ...opening, salt: unb64url(opening.salt), digest: unhex(opening.digest) });
    if (!equal(leaf, await bundle.bytes(`log/entries/${opening.leaf_index}.json`))) throw new VaultError("MALFORMED", `${opening.leaf_index}`);
  }
  return String(openings.length);
}

async function checkPayloads(bundle) {
  const names = bundle.under("payloads/").filter((name) => name.endsWith(".json"));
  for (const name of names) {
    const nonce = await bundle.bytes(name.replace(/\.json$/, ".nonce"));
    const commitment = hex(await sha256(concat(utf8("ebid-commit/1\n"), nonce, await bundle.bytes(name))));
    if (name !== `payloads/${commitment}.json`) throw new VaultError("MALFORMED", name);
  }
  return String(names.length);
}

/**
 * @param {Blob} tar the bundle
 * @param {object} trust trust.json, from outside the bundle
 * @returns {Promise<{id: string, ok: boolean, detail: string}[]>} one line for each check
 */
export async function checkBundleLedger(tar, trust) {
  const bundle = new Bundle(await readTar(tar));
  const logKeys = await trustedLogKeys(trust);
  const head = parseCheckpoint(await bundle.text("log/checkpoint"));
  const steps = {
    "bundle-keys": () => followKeys(bundle, head, logKeys, trust),
    "bundle-manifest": () => checkManifestNote(bundle, logKeys),
    "bundle-hashes": () => checkHashes(bundle),
    "bundle-checkpoint": () => checkCheckpoint(head, logKeys, trust),
    "bundle-consistency": () => checkConsistency(bundle, head, logKeys),
    "bundle-entries": () => checkEntries(bundle, head),
    "bundle-openings": () => checkOpenings(bundle),
    "bundle-payloads": () => checkPayloads(bundle),
  };
  const lines = [];
  for (const [id, step] of Object.entries(steps)) {
    const line = await step().then((detail) => ({ id, ok: true, detail: detail ?? "" }), (error) => ({ id, ok: false, detail: error.message }));
    lines.push(line);
  }
  return lines;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { checkBundleLedger, parseTlogProof } from "../../config/assets/src/vault/bundle.js";
import { b64url, base64, concat, hex, sha256, u64be, utf8 } from "../../config/assets/src/vault/bytes.js";
import { jcs } from "../../config/assets/src/vault/jcs.js";
import { leafBytes } from "../../config/assets/src/vault/receipt.js";
import { writeTar } from "../../config/assets/src/vault/tar.js";
import { hashLeaf, hashNode, rootOf } from "../../config/assets/src/vault/tree.js";
import { vectors } from "./support.mjs";

const ORIGIN = "ledger.example/1";
const keys = Object.fromEntries(["log", "witness", "first", "next", "thief"].map((name) => [name, generateKeyPairSync("ed25519")]));
const material = (name, kind) => concat(Uint8Array.of(kind), new Uint8Array(keys[name].publicKey.export({ format: "der", type: "spki" }).subarray(-32)));
const keyId = async (label, name, kind) => (await sha256(concat(utf8(`${label}\n`), material(name, kind)))).subarray(0, 4);
const vkey = async (label, name, kind) => `${label}+${hex(await keyId(label, name, kind))}+${base64(material(name, kind))}`;
const raw = (name, text) => new Uint8Array(sign(null, utf8(text), keys[name].privateKey));

async function note(text, signer = "log") {
  const log = base64(concat(await keyId(ORIGIN, signer, 1), raw(signer, text)));
  const time = 1_790_000_000;
  const cosignature = concat(await keyId("w.example/1", "witness", 4), u64be(time), raw("witness", `cosignature/v1\ntime ${time}\n${text}`));
  return `${text}\n— ${ORIGIN} ${log}\n— w.example/1 ${base64(cosignature)}\n`;
}

/** A bundle of two entries, one of them blinded, in a tree of two; `spoil` changes files before they are listed. */
async function bundle(spoil = (files) => files) {
  const opening = { leaf_index: 1, kind: "bid", tender: "T", lot: "1", seq: 1, digest: "ab".repeat(32), at: "2026-11-30T01:00:00.000Z", salt: b64url(new Uint8Array(32)) };
  const entries = [jcs({ v: 1, id: 1, type: "tender.closed" }), await leafBytes({ ...opening, salt: new Uint8Array(32), digest: new Uint8Array(32).fill(0xab) })];
  const leaves = await Promise.all(entries.map(hashLeaf));
  const head = await note(`${ORIGIN}\n2\n${base64(await hashNode(...leaves))}\n`);
  const first = await note(`${ORIGIN}\n1\n${base64(await rootOf(leaves.slice(0, 1)))}\n`);
  const [payload, nonce] = [utf8("{}"), new Uint8Array(32).fill(4)];
  const commitment = hex(await sha256(concat(utf8("ebid-commit/1\n"), nonce, payload)));
  const files = spoil({
    "log/checkpoint": head, "log/checkpoints/1": first,
    "log/consistency.json": jcs([{ from: 1, to: 2, proof: [base64(leaves[1])] }]),
    "log/entries/0.json": entries[0], "log/entries/1.json": entries[1],
    "log/proofs/0.tlog-proof": `c2sp.org/tlog-proof@v1\nindex 0\n${base64(leaves[1])}\n\n${head}`,
    "log/proofs/1.tlog-proof": `c2sp.org/tlog-proof@v1\nindex 1\n${base64(leaves[0])}\n\n${head}`,
    "log/openings.json": jcs([opening]), [`payloads/${commitment}.json`]: payload, [`payloads/${commitment}.nonce`]: nonce,
  });
  const members = Object.entries(files).map(([name, data]) => ({ name, data: new Blob([data]) }));
  const listed = await Promise.all(members.map(async ({ name, data }) =>
    ({ path: name, size: data.size, sha256: hex(await sha256(new Uint8Array(await data.arrayBuffer()))), tier: "public" })));
  const manifest = jcs({ v: 1, typ: "ebid.bundle", tender: "T", created: "2026-12-01T02:00:00.000Z", files: listed });
  members.push({ name: "MANIFEST.json", data: new Blob([manifest]) });
  members.push({ name: "MANIFEST.note", data: new Blob([await note(`tradehall-bundle/v1\n${hex(await sha256(manifest))}\n`)]) });
  const trust = { log: { origin: ORIGIN, vkey: await vkey(ORIGIN, "log", 1) }, witnesses: [{ vkey: await vkey("w.example/1", "witness", 4) }], quorum: 1 };
  return { members, trust };
}

const failing = async ({ members, trust }) => (await checkBundleLedger(writeTar(members), trust)).filter(({ ok }) => !ok).map(({ id }) => id);

test("a good bundle passes every line", async () => {
  assert.deepEqual(await failing(await bundle()), []);
});

test("each altered file is named by its own check, even when the list was signed again", async () => {
  const cases = {
    "bundle-entries": (files) => ({ ...files, "log/entries/0.json": jcs({ v: 1, id: 2 }) }),
    "bundle-consistency": (files) => ({ ...files, "log/consistency.json": jcs([]) }),
    "bundle-payloads": (files) => Object.fromEntries(Object.entries(files).map(([name, data]) => [name, name.startsWith("payloads/") && name.endsWith(".json") ? utf8("[]") : data])),
    "bundle-openings": (files) => ({ ...files, "log/openings.json": utf8(new TextDecoder().decode(files["log/openings.json"]).replace('"seq":1', '"seq":2')) }),
  };
  for (const [id, spoil] of Object.entries(cases)) assert.deepEqual(await failing(await bundle(spoil)), [id]);
  const moved = await bundle();
  moved.members.find(({ name }) => name === "log/entries/0.json").data = new Blob(["{}"]);
  assert.deepEqual(await failing(moved), ["bundle-hashes", "bundle-entries"]);
  const other = await bundle();
  other.trust.log.vkey = await vkey(ORIGIN, "first", 1);
  assert.deepEqual(await failing(other), ["bundle-manifest", "bundle-checkpoint", "bundle-consistency"]);
  other.trust.log.rotations = [{ vkey: await vkey(ORIGIN, "log", 1), index: 0 }];
  assert.deepEqual(await failing(other), [], "signed by a later key that the trust file lists");
  const untrusted = await bundle();
  untrusted.trust.quorum = 2;
  assert.deepEqual(await failing(untrusted), ["bundle-checkpoint"]);
});

/** A bundle signed by the log's next key throughout, which entry 1 announces under the first; `change` alters the announcement. */
async function rotated(change = (said) => said, by = "next") {
  const [previous, next] = [await vkey(ORIGIN, "log", 1), await vkey(ORIGIN, by, 1)];
  const payload = jcs({ key: "log", previous, next, sig: base64(raw(by, `tradehall-key-next/v1\n${previous}\n${next}\n`)) });
  const nonce = new Uint8Array(32).fill(7);
  const commitment = hex(await sha256(concat(utf8("ebid-commit/1\n"), nonce, payload)));
  const entry = (id, type, pl) => jcs({ v: 1, id, t: "2026-11-30T01:00:00.000Z", type, tender: type === "key.next" ? null : "T", actor: "operator", cp: null, pl });
  const entries = [entry("00", "tender.closed", []), entry("01", "key.next", [commitment]), entry("02", "tender.manifest", [])];
  const leaves = await Promise.all(entries.map(hashLeaf));
  const [pair, all] = [await rootOf(leaves.slice(0, 2)), await rootOf(leaves)];
  const under = await note(`${ORIGIN}\n2\n${base64(pair)}\n`);
  const head = await note(`${ORIGIN}\n3\n${base64(all)}\n`, by);
  const said = { v: 1, typ: "ebid.rotation", index: 1, entry: new TextDecoder().decode(entries[1]), payload: new TextDecoder().decode(payload), nonce: base64(nonce), proof: [base64(leaves[0])], checkpoint: under };
  const proofs = [[leaves[1], leaves[2]], null, [pair]];
  const files = {
    "log/checkpoint": head, "log/checkpoints/2": under, "log/rotations/1.json": jcs(await change(said)),
    "log/consistency.json": jcs([{ from: 2, to: 3, proof: [base64(leaves[2])] }]), "log/openings.json": jcs([]),
  };
  for (const index of [0, 2]) {
    files[`log/entries/${index}.json`] = entries[index];
    files[`log/proofs/${index}.tlog-proof`] = `c2sp.org/tlog-proof@v1\nindex ${index}\n${proofs[index].map((hash) => `${base64(hash)}\n`).join("")}\n${head}`;
  }
  const members = Object.entries(files).map(([name, data]) => ({ name, data: new Blob([data]) }));
  const listed = await Promise.all(members.map(async ({ name, data }) =>
    ({ path: name, size: data.size, sha256: hex(await sha256(new Uint8Array(await data.arrayBuffer()))), tier: "public" })));
  const manifest = jcs({ v: 1, typ: "ebid.bundle", tender: "T", created: "2026-12-01T02:00:00.000Z", files: listed });
  members.push({ name: "MANIFEST.json", data: new Blob([manifest]) });
  members.push({ name: "MANIFEST.note", data: new Blob([await note(`tradehall-bundle/v1\n${hex(await sha256(manifest))}\n`, by)]) });
  const trust = { log: { origin: ORIGIN, vkey: previous }, witnesses: [{ vkey: await vkey("w.example/1", "witness", 4) }], quorum: 1 };
  return { members, trust, next };
}

test("a key that the log announced under the one before is followed; a forged announcement is not", async () => {
  assert.deepEqual(await failing(await rotated()), []);
  const forged = {
    "another key in the payload": async (said) => ({ ...said, payload: said.payload.replace(await vkey(ORIGIN, "next", 1), await vkey(ORIGIN, "thief", 1)) }),
    "a checkpoint by the new key itself": async (said) => ({ ...said, checkpoint: await note(said.checkpoint.split("\n\n")[0] + "\n", "next") }),
    "a proof of another place": (said) => ({ ...said, index: 0 }),
    "an entry that is not in the log": (said) => ({ ...said, entry: said.entry.replace('"01"', '"09"') }),
  };
  for (const [what, change] of Object.entries(forged)) assert.ok((await failing(await rotated(change))).includes("bundle-keys"), what);
  const unannounced = await rotated();
  unannounced.members = unannounced.members.filter(({ name }) => !name.startsWith("log/rotations/"));
  assert.ok((await failing(unannounced)).includes("bundle-checkpoint"));
});

test("a later key answers for no tree without its announcement, a retired one for none after its end", async () => {
  const { members, trust, next } = await rotated();
  const without = members.filter(({ name }) => !name.startsWith("log/rotations/"));
  const listed = (index, until) => ({ ...trust, log: { ...trust.log, until, rotations: [{ vkey: next, index }] } });
  assert.deepEqual(await failing({ members, trust: listed(1) }), []);
  assert.ok((await failing({ members: without, trust: listed(3) })).includes("bundle-checkpoint"));
  assert.ok((await failing({ members: without, trust: listed(1, 1) })).includes("bundle-consistency"), "the checkpoint of two entries is the retired key's");
});

test("a witness's key counts in its time, and its next key is no second witness", async () => {
  const { members, trust } = await bundle();
  const [first] = trust.witnesses;
  const second = { vkey: await vkey("w.example/2", "first", 4), succeeds: first.vkey };
  assert.deepEqual(await failing({ members, trust: { ...trust, witnesses: [first, second] } }), []);
  assert.deepEqual(await failing({ members, trust: { ...trust, witnesses: [{ ...first, until: "2020-01-01T00:00:00.000Z" }, second] } }), ["bundle-checkpoint"]);
  assert.deepEqual(await failing({ members, trust: { ...trust, witnesses: [{ ...first, from: "2020-01-01T00:00:00.000Z" }] } }), []);
});

test("the tlog-proof of the vectors is read", () => {
  const { tlog_proof: text } = vectors("ledger_log");
  const parsed = parseTlogProof(text);
  assert.equal(parsed.index, 31337);
  assert.ok(parsed.proof.every((hash) => hash.length === 32) && parsed.note.startsWith("ledger.ebid.example/2026\n70000\n"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKeyPairSync, sign } from "node:crypto";
import { b64url, base64, concat, hex, sha256, u64be, unbase64, utf8 } from "../../config/assets/src/vault/bytes.js";
import { verifiers } from "../../config/assets/src/vault/ed25519.js";
import { jcs } from "../../config/assets/src/vault/jcs.js";
import { cosignedAt, parseCheckpoint, parseVkey, signedByLog } from "../../config/assets/src/vault/note.js";
import { checkClose, checkReceipt, leafBytes } from "../../config/assets/src/vault/receipt.js";
import { TreeHasher, hashLeaf, hashNode, rootOf, treeOfBlob, verifyConsistency, verifyInclusion } from "../../config/assets/src/vault/tree.js";
import { paddedSize } from "../../config/assets/src/vault/derive.js";
import { bytesOf, fromBase64, vectors } from "./support.mjs";

test("tree hashes and padded sizes are those of the vectors", async () => {
  for (const c of vectors("derivations").cases) {
    if (c.padme) for (const [size, padded] of c.padme) assert.equal(paddedSize(size), padded);
    if (!c.treehash_of) continue;
    const data = new Uint8Array(c.n).map((_, i) => (i * 7 + 3) % 251);
    const hasher = new TreeHasher();
    for (let offset = 0; offset < data.length; offset += 100_003) await hasher.update(data.subarray(offset, offset + 100_003));
    assert.equal(hex(await hasher.root()), c.root);
    assert.equal(hex(await treeOfBlob(new Blob([data]))), c.root);
  }
});

test("inclusion proofs are judged as the reference cases say", async () => {
  for (const c of vectors("rfc6962/inclusion").cases) {
    const proof = (c.proof ?? []).map(fromBase64);
    const ok = await verifyInclusion(fromBase64(c.leafHash), c.leafIdx, c.treeSize, proof, fromBase64(c.root));
    assert.equal(ok, !c.wantErr, c.file);
  }
});

test("consistency proofs are judged as the reference cases say", async () => {
  for (const c of vectors("rfc6962/consistency").cases) {
    const [root1, root2] = [fromBase64(c.root1), fromBase64(c.root2)];
    if (root1.length !== 32 || root2.length !== 32) continue; // no hash of SHA-256, refused before this point
    const ok = await verifyConsistency(c.size1, c.size2, root1, root2, (c.proof ?? []).map(fromBase64));
    assert.equal(ok, !c.wantErr, c.file);
  }
});

test("checkpoints of the ledger's vectors verify, tampered ones do not", async () => {
  const { keys, checkpoints, two_witnesses: both, tampered_checkpoints: tampered, c2sp_spec_example: example } = vectors("ledger_log");
  const [log, witness, other] = await Promise.all([keys.log_vkey, keys.witness_vkey, keys.witness2_vkey].map(parseVkey));
  for (const note of Object.values(checkpoints)) {
    const parsed = parseCheckpoint(note);
    assert.ok(await signedByLog(parsed, log));
    assert.ok((await cosignedAt(parsed, witness)) > 1_600_000_000);
    assert.equal(await signedByLog(parsed, witness), false);
  }
  assert.ok(await cosignedAt(parseCheckpoint(both), other));
  for (const { why, note } of tampered) {
    let good = false;
    try {
      const parsed = parseCheckpoint(note);
      good = (await signedByLog(parsed, log)) && parsed.origin === log.name && (await cosignedAt(parsed, witness)) !== null;
    } catch (error) {
      assert.equal(error.code, "MALFORMED");
    }
    assert.equal(good, false, why);
  }
  assert.equal((await parseVkey(example.vkey)).name, "example.com/foo");
  await assert.rejects(parseVkey(example.vkey.replace("530d903a", "530d903b")), { code: "MALFORMED" });
});

test("Ed25519 is judged alike by the browser and by the portable code", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  const message = utf8("note");
  const good = new Uint8Array(sign(null, message, privateKey));
  const bad = good.slice();
  bad[3] ^= 1;
  for (const verify of Object.values(verifiers)) {
    assert.equal(await verify(raw, message, good), true);
    assert.equal(await verify(raw, message, bad), false);
  }
});

/** A small log with a log key, a witness, a receipt key and one bid at index 5 of 8. */
async function hall() {
  const keys = Object.fromEntries(["log", "witness", "receipt"].map((name) => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return [name, { privateKey, raw: new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32)) }];
  }));
  const vkey = async (name, kind, raw) => {
    const material = concat(Uint8Array.of(kind), raw);
    return `${name}+${hex((await sha256(concat(utf8(`${name}\n`), material))).subarray(0, 4))}+${base64(material)}`;
  };
  const log = await vkey("log.example/1", 1, keys.log.raw);
  const witness = await vkey("w.example/1", 4, keys.witness.raw);
  const policyRaw = jcs({
    tender: "T", lot: "1", deadline: "2026-12-01T01:00:00.000Z", log: "log.example/1", log_key: log,
    receipt_key: b64url(keys.receipt.raw), witnesses: [{ name: "w.example/1", key: witness }],
  });
  const at = "2026-11-30T01:00:00.000Z";
  const salt = new Uint8Array(32).fill(5);
  const digest = await sha256(utf8("manifest"));
  const mine = { manifest: hex(digest), cms: hex(await sha256(utf8("cms"))), parts: [{ name: "documents", size: 16472, tree: "aa".repeat(32) }], seq: 1 };
  const leaf = await leafBytes({ salt, kind: "bid", tender: "T", lot: "1", seq: 1, digest, at });
  const leaves = await Promise.all(Array.from({ length: 8 }, (_, i) => hashLeaf(i === 5 ? leaf : utf8(`other ${i}`))));
  const root = await rootOf(leaves);
  const proof = [leaves[4], await hashNode(leaves[6], leaves[7]), await rootOf(leaves.slice(0, 4))];
  const body = `log.example/1\n8\n${base64(root)}\n`;
  const line = async (key, name, kind, prefix, message) => {
    const parsed = await parseVkey(await vkey(name, kind, key.raw));
    return `— ${name} ${base64(concat(parsed.id, prefix, new Uint8Array(sign(null, utf8(message), key.privateKey))))}\n`;
  };
  const seconds = Date.parse(at) / 1000 + 3;
  const checkpoint = `${body}\n${await line(keys.log, "log.example/1", 1, new Uint8Array(0), body)}`;
  const cosignature = await line(keys.witness, "w.example/1", 4, u64be(seconds), `cosignature/v1\ntime ${seconds}\n${body}`);
  const signReceipt = (fields) => ({ ...fields, sig: b64url(new Uint8Array(sign(null, jcs(fields), keys.receipt.privateKey))) });
  const fields = {
    v: 1, typ: "ebid.receipt", kind: "bid", tender: "T", lot: "1", ref: "R-1", seq: 1, manifest: mine.manifest, cms: mine.cms,
    parts: mine.parts, received: at, at, salt: b64url(salt), leaf_index: 5, proof: proof.map(b64url),
    checkpoint: checkpoint + cosignature, tsa: null,
  };
  return { policyRaw, mine, fields, signReceipt, checkpoint, leaves, root, now: Date.parse(at) };
}

const failed = (result) => result.checks.filter((check) => check.ok === false).map((check) => check.id);

test("a good receipt is SUBMITTED, and WITNESS PENDING while no witness has cosigned", async () => {
  const h = await hall();
  const good = await checkReceipt(h.signReceipt(h.fields), h);
  assert.deepEqual([good.verdict, failed(good)], ["SUBMITTED", []]);
  const early = await checkReceipt(h.signReceipt({ ...h.fields, checkpoint: h.checkpoint }), h);
  assert.deepEqual([early.verdict, failed(early)], ["WITNESS_PENDING", []]);
});

test("each false receipt fails at its own check", async () => {
  const h = await hall();
  const late = "2026-12-01T01:00:00.000Z";
  const cases = {
    mine: { ...h.fields, cms: "00".repeat(32) },
    inclusion: { ...h.fields, leaf_index: 4 },
    checkpoint: { ...h.fields, checkpoint: h.fields.checkpoint.replace("\n\n— log.example/1 ", "\n\n— other.example ") },
    deadline: { ...h.fields, at: late, received: late },
  };
  for (const [id, fields] of Object.entries(cases)) {
    const result = await checkReceipt(h.signReceipt(fields), h);
    assert.equal(result.verdict, "FAILED");
    assert.ok(failed(result).includes(id), id);
  }
  const forged = await checkReceipt({ ...h.signReceipt(h.fields), ref: "R-2" }, h);
  assert.deepEqual(failed(forged), ["signature"]);
  const forked = { size: 8, root: new Uint8Array(32) };
  assert.deepEqual(failed(await checkReceipt(h.signReceipt(h.fields), { ...h, previous: forked })), ["consistency"]);
});

test("a checkpoint kept earlier is connected by a consistency proof", async () => {
  const h = await hall();
  const previous = { size: 4, root: await rootOf(h.leaves.slice(0, 4)) };
  const proof = [await rootOf(h.leaves.slice(4))];
  const context = { ...h, previous, fetchConsistency: async () => proof };
  assert.equal((await checkReceipt(h.signReceipt(h.fields), context)).verdict, "SUBMITTED");
  const broken = { ...context, fetchConsistency: async () => [new Uint8Array(32)] };
  assert.deepEqual(failed(await checkReceipt(h.signReceipt(h.fields), broken)), ["consistency"]);
});

test("a closing list without my bid is MISSING", async () => {
  const h = await hall();
  const receipt = h.signReceipt(h.fields);
  const close = { v: 1, typ: "ebid.close", tender: "T", lot: "1", tree_size: 8, root: hex(h.root), entries: [{ leaf_index: 5, manifest: h.mine.manifest, status: "valid" }] };
  assert.deepEqual(await checkClose(receipt, h.signReceipt(close), h), { verdict: "LISTED", status: "valid" });
  assert.equal((await checkClose(receipt, h.signReceipt({ ...close, entries: [] }), h)).verdict, "MISSING");
  assert.equal((await checkClose(receipt, { ...h.signReceipt(close), lot: "2" }, h)).verdict, "FAILED");
});

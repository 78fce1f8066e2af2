import assert from "node:assert/strict";
import { test } from "node:test";
import { createHash } from "node:crypto";
import { hex, unhex } from "../../config/assets/src/vault/bytes.js";
import { decrypt, encrypt } from "../../config/assets/src/vault/cobblestone.js";
import * as derive from "../../config/assets/src/vault/derive.js";
import * as hpke from "../../config/assets/src/vault/hpke.js";
import { jcs, parseCanonical } from "../../config/assets/src/vault/jcs.js";
import { openBid } from "../../config/assets/src/vault/open.js";
import { sealBid } from "../../config/assets/src/vault/seal.js";
import { combine } from "../../config/assets/src/vault/shamir.js";
import { bytesOf, collect, fromBase64, inflate, textOf, vectors } from "./support.mjs";

test("every derived value of the vectors is recomputed", async () => {
  for (const c of vectors("derivations").cases) {
    if (!c.K) continue;
    const [B, K] = [unhex(c.B), unhex(c.K)];
    const shares = await derive.dealShares(K, B, c.stage, c.t, c.n);
    for (let i = 1; i <= c.n; i++) {
      assert.equal(hex(shares[i - 1]), c.shares[i]);
      assert.equal(await derive.shareCommitment(shares[i - 1], B, c.stage, i), c.share_commits[i]);
    }
    assert.equal(await derive.keyCommitment(K, B, c.stage), c.k_commit);
    assert.equal(hex(await derive.partKey(K, B, "docs")), c.cek_part_docs);
    assert.equal(hex(derive.contentContext(B, "docs")), c.content_context_docs);
    assert.equal(hex(derive.wrapInfo(B, c.stage, 1)), c.wrap_info_1);
    assert.equal(hex(await derive.dualKey(K, new Uint8Array(32), B, c.stage)), c.dual_with_Kb_zero32);
  }
});

test("any three shares of the audited library's splits rebuild the secret", () => {
  for (const c of vectors("shamir_gf256").cases) {
    const points = Object.entries(c.shares).map(([i, s]) => [Number(i), unhex(s)]);
    for (let skip = 0; skip + c.t <= points.length; skip++) {
      assert.equal(hex(combine(new Map(points.slice(skip, skip + c.t)))), c.secret);
    }
  }
});

test("Cobblestone-256 agrees with the published cases", async () => {
  for (const c of vectors("cobblestone256").cases) {
    const ciphertext = new Blob([inflate(c.ct)]);
    const work = () => collect(decrypt(ciphertext, inflateOrHex(c.key), inflateOrHex(c.ctx)));
    if (c.result === "valid") {
      assert.equal(createHash("sha512").update(await work()).digest("hex"), c.msgSha512, c.comment);
    } else {
      await assert.rejects(work, undefined, c.comment);
    }
  }
});

const inflateOrHex = (text) => (text.startsWith("78da") ? inflate(text) : bytesOf(text));

test("Cobblestone-256 returns what was encrypted at every boundary", async () => {
  const [key, context] = [new Uint8Array(32).fill(7), new Uint8Array(3)];
  for (const size of [0, 1, 16383, 16384, 16385, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 * (1 << 20) + 5]) {
    const data = new Uint8Array(size).map((_, i) => i * 31);
    const sealed = await collect(encrypt(new Blob([data]), key, context));
    assert.deepEqual(await collect(decrypt(new Blob([sealed]), key, context)), data);
    await assert.rejects(() => collect(decrypt(new Blob([sealed.slice(0, -1)]), key, context)));
  }
});

test("X-Wing public keys come from their seeds as in the draft's vectors", async () => {
  for (const c of vectors("xwing_kem").cases) assert.equal(hex(await hpke.publicKeyOfSeed(unhex(c.sk))), c.pk);
});

test("a wrap opens with its seed and its info only", async () => {
  const info = new Uint8Array([1]);
  const seed = new Uint8Array(32).fill(9);
  const sealed = await hpke.seal("647a-0001-0002", await hpke.publicKeyOfSeed(seed), info, new Uint8Array(32).fill(3));
  assert.equal(sealed.length, hpke.wrapSize("647a-0001-0002"));
  assert.equal(hex(await hpke.open("647a-0001-0002", seed, info, sealed)), "03".repeat(32));
  await assert.rejects(() => hpke.open("647a-0001-0002", seed, new Uint8Array([2]), sealed), { code: "DECRYPT_FAILED" });
});

function releasedOf(base, c) {
  const stages = {};
  for (const stage of JSON.parse(base.policy_raw).stages) {
    const seeds = base.custodian_seeds[stage.name] ?? {};
    stages[stage.name] = {
      seeds: stage.mode === "bidder" ? {} : Object.fromEntries(c.released.map((i) => [i, unhex(seeds[i])])),
      bidderKey: c.bidder_key ? unhex(c.bidder_key) : undefined,
    };
  }
  return stages;
}

const blobsOf = (base) =>
  Object.fromEntries(Object.entries(base.parts).map(([name, part]) => [name, new Blob([fromBase64(part.ciphertext_b64)])]));

test("every case of the opening vectors has its outcome", async () => {
  for (const { id, base, cases } of vectors("seal_open").cases) {
    for (const c of cases) {
      const parts = blobsOf(base);
      const [name] = Object.keys(parts);
      if (c.ciphertext_b64 !== "base") parts[name] = new Blob([fromBase64(c.ciphertext_b64)]);
      const manifestRaw = new TextEncoder().encode(c.manifest_raw === "base" ? base.manifest_raw : c.manifest_raw);
      const policyRaw = new TextEncoder().encode(base.policy_raw);
      let outcome;
      try {
        const opened = await openBid({ policyRaw, manifestRaw, parts, released: releasedOf(base, c) });
        outcome = opened.parts[name].outcome;
        if (outcome === "OK") assert.equal(hex(new Uint8Array(await opened.parts[name].data.arrayBuffer())), base.parts[name].plaintext_hex);
      } catch (error) {
        outcome = error.code;
      }
      assert.equal(outcome, c.expect, `${id}: ${c.name}`);
    }
  }
});

test("a bid that Chromium sealed is opened, its empty part too", async () => {
  for (const base of vectors("seal_browser").cases) {
    const released = { opening: { bidderKey: unhex(base.stages.opening.Kb) } };
    const [policyRaw, manifestRaw] = [base.policy_raw, base.manifest_raw].map((text) => new TextEncoder().encode(text));
    const opened = await openBid({ policyRaw, manifestRaw, parts: blobsOf(base), released });
    for (const [name, part] of Object.entries(base.parts)) {
      assert.equal(hex(new Uint8Array(await opened.parts[name].data.arrayBuffer())), part.plaintext_hex);
    }
  }
});

test("the releases of one envelope never open the other", async () => {
  const { base } = vectors("two_envelope").cases[0];
  const [policyRaw, manifestRaw] = [base.policy_raw, base.manifest_raw].map((text) => new TextEncoder().encode(text));
  const seedsOf = (stage) => Object.fromEntries(Object.entries(base.custodian_seeds[stage]).map(([i, s]) => [i, unhex(s)]));
  const first = await openBid({ policyRaw, manifestRaw, parts: blobsOf(base), released: { technical: { seeds: seedsOf("technical") } } });
  assert.equal(first.parts["technical-sheet"].outcome, "OK");
  assert.equal(first.parts["price-sheet"].outcome, "WAIT_CUSTODIANS");
  const crossed = await openBid({ policyRaw, manifestRaw, parts: blobsOf(base), released: { price: { seeds: seedsOf("technical") } } });
  assert.notEqual(crossed.parts["price-sheet"].outcome, "OK");
  const both = await openBid({
    policyRaw, manifestRaw, parts: blobsOf(base),
    released: { technical: { seeds: seedsOf("technical") }, price: { seeds: seedsOf("price") } },
  });
  assert.equal(await textOf(both.parts["price-sheet"].data), Buffer.from(base.parts["price-sheet"].plaintext_hex, "hex").toString());
});

const seeds = [1, 2, 3].map((i) => new Uint8Array(32).fill(i));

async function policyOf(mode) {
  const custodians = [];
  for (const [i, seed] of seeds.entries()) {
    custodians.push({ index: i + 1, id: `c${i + 1}`, org: `o${i + 1}`, cks_sha256: "00".repeat(32), pk: Buffer.from(await hpke.publicKeyOfSeed(seed)).toString("base64url") });
  }
  return jcs({
    v: 1, typ: "ebid.policy", tender: "T", lot: "1", deadline: "2026-12-01T01:00:00.000Z",
    stages: [{ name: "opening", mode, t: 2, n: 3, suite: "647a-0001-0002", bidder_window_s: 1800, custodians: mode === "bidder" ? [] : custodians }],
    parts: [
      { name: "price-sheet", stage: "opening", max_bytes: 1 << 20, public_after_open: true },
      { name: "documents", stage: "opening", max_bytes: 1 << 30, public_after_open: false },
    ],
  });
}

for (const mode of ["custodian", "bidder", "dual", "either"]) {
  test(`a bid sealed in mode ${mode} opens with its releases and not without`, async () => {
    const policyRaw = await policyOf(mode);
    const documents = new Blob([new Uint8Array(2_500_000).map((_, i) => i)]);
    const bid = await sealBid({
      policyRaw, bidder: { id: "91110000600037341L", cert_sha256: "ab".repeat(32) },
      parts: { "price-sheet": new Blob(["{}"]), documents },
    });
    const bidderKey = new Uint8Array(Buffer.from(bid.keys.opening.Kb, "base64url"));
    const open = (released) => openBid({ policyRaw, manifestRaw: bid.manifest, parts: bid.parts, released: { opening: released } });
    const custodians = { 1: seeds[0], 3: seeds[2] };
    const outcome = async (released) => (await open(released)).parts.documents.outcome;
    const expected = {
      custodian: ["OK", "OK", "OK"], either: ["OK", "OK", "OK"],
      bidder: ["WAIT_BIDDER", "OK", "OK"], dual: ["WAIT_BIDDER", "WAIT_CUSTODIANS", "OK"],
    }[mode];
    const released = [{ seeds: custodians }, { bidderKey }, { seeds: custodians, bidderKey }];
    if (mode === "bidder") for (const r of released) delete r.seeds;
    assert.deepEqual(await Promise.all(released.map(outcome)), expected);
    assert.equal(await outcome({}), mode === "bidder" ? "WAIT_BIDDER" : "WAIT_CUSTODIANS");
    const opened = await open({ seeds: mode === "bidder" ? undefined : custodians, bidderKey });
    assert.deepEqual(await opened.parts.documents.data.arrayBuffer(), await documents.arrayBuffer());
  });
}

test("a part the policy does not know and a part over its limit are refused", async () => {
  const policyRaw = await policyOf("either");
  const bidder = { id: "x", cert_sha256: "ab".repeat(32) };
  await assert.rejects(() => sealBid({ policyRaw, bidder, parts: { other: new Blob(["x"]) } }), { code: "PART_UNKNOWN" });
  const big = new Blob([new Uint8Array((1 << 20) + 1)]);
  await assert.rejects(() => sealBid({ policyRaw, bidder, parts: { "price-sheet": big } }), { code: "PART_TOO_BIG" });
});

test("canonical JSON refuses what does not write back to the same bytes", () => {
  const bytes = (text) => new TextEncoder().encode(text);
  assert.deepEqual(parseCanonical(bytes('{"a":1,"b":["é"]}')), { a: 1, b: ["é"] });
  for (const bad of ['{"b":1,"a":1}', '{"a":1,"a":1}', '{"a":1.5}', '{"a": 1}', '{"a":1e2}', '{"a":-0}', '{"a":"\\ud800"}', "\ufeff{}", "{"]) {
    assert.throws(() => parseCanonical(bytes(bad)), { code: "MALFORMED" }, bad);
  }
  assert.throws(() => parseCanonical(new Uint8Array([0x22, 0xff, 0x22])), { code: "MALFORMED" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createHash } from "node:crypto";
import { Refused, insist, pollReceipt, uploadBid } from "../../config/assets/src/vault/upload.js";

const PIECE = 1000;
const sleep = async () => {};

/** A server of a few lines: keeps pieces, loses what `fate` says. */
function server(parts, fate = () => null) {
  const got = new Map();
  const log = [];
  const missing = () => Object.fromEntries(Object.entries(parts)
    .map(([name, blob]) => [name, Array.from({ length: Math.ceil(blob.size / PIECE) }, (_, n) => n).filter((n) => !got.has(`${name}/${n}`))])
    .filter(([, pieces]) => pieces.length));
  const state = () => ({ upload: "u1", piece_bytes: PIECE, missing: missing() });
  async function send(method, url, { body, headers } = {}) {
    log.push(`${method} ${url}`);
    const answer = fate(method, url, log.length);
    if (answer === "lost") throw new TypeError("Failed to fetch");
    if (answer) return answer;
    if (method === "PUT") {
      const bytes = Buffer.from(await body.arrayBuffer());
      assert.equal(headers["X-Content-SHA256"], createHash("sha256").update(bytes).digest("hex"));
      got.set(url.replace("/api/bids/uploads/u1/", ""), bytes);
      return { status: 204, body: null };
    }
    if (url.endsWith("/submit")) return { status: 202, body: { ref: "R1", receipt: "/r/R1" } };
    return { status: method === "POST" ? 201 : 200, body: state() };
  }
  return { send, got, log };
}

const bid = (parts) => ({ tender: "T", manifest: new Uint8Array(3), cms: new Uint8Array(2), parts });
const parts = () => ({ a: new Blob([new Uint8Array(2500).fill(1)]), b: new Blob([new Uint8Array(10)]) });

test("all pieces arrive with their hashes and the bid is submitted", async () => {
  const blobs = parts();
  const hall = server(blobs);
  const seen = [];
  const answer = await uploadBid(bid(blobs), { send: hall.send, sleep, onProgress: (done, total) => seen.push([done, total]) });
  assert.equal(answer.ref, "R1");
  assert.deepEqual([...hall.got.keys()].sort(), ["a/0", "a/1", "a/2", "b/0"]);
  assert.equal(hall.got.get("a/2").length, 500);
  assert.deepEqual([seen[0], seen.at(-1)], [[0, 2510], [2510, 2510]]);
});

test("what the server already has is not sent again", async () => {
  const blobs = parts();
  const hall = server(blobs);
  hall.got.set("a/0", Buffer.alloc(0));
  hall.got.set("b/0", Buffer.alloc(0));
  await uploadBid(bid(blobs), { send: hall.send, sleep });
  assert.deepEqual(hall.log.filter((line) => line.startsWith("PUT")).map((line) => line.slice(-3)).sort(), ["a/1", "a/2"]);
});

test("lost connections and a server that is away are waited out with growing pauses", async () => {
  const pauses = [];
  let calls = 0;
  const send = async () => {
    calls += 1;
    if (calls < 4) throw new TypeError("Failed to fetch");
    return { status: calls < 6 ? 503 : 200, body: "ok" };
  };
  const answer = await insist(send, "GET", "/x", {}, { sleep: async (ms) => pauses.push(ms) });
  assert.equal(answer.body, "ok");
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000]);
});

test("a piece that the server lost is sent in the next round, but not for ever", async () => {
  const blobs = parts();
  const hall = server(blobs);
  const { send } = hall;
  let dropped = 0;
  const forgetful = async (method, url, options) => {
    const answer = await send(method, url, options);
    if (url.endsWith("/a/1") && dropped++ === 0) hall.got.delete("a/1");
    return answer;
  };
  assert.equal((await uploadBid(bid(blobs), { send: forgetful, sleep })).ref, "R1");
  const hopeless = server(blobs, (method) => (method === "PUT" ? { status: 204, body: null } : null));
  await assert.rejects(uploadBid(bid(blobs), { send: hopeless.send, sleep }), { code: "UPLOAD_INCOMPLETE" });
});

test("a refusal ends the upload and carries the signed document", async () => {
  const blobs = parts();
  const refusal = { typ: "ebid.refusal", reason: "late" };
  const hall = server(blobs, (method, url) => (url.endsWith("/submit") ? { status: 409, body: { detail: "late", refusal } } : null));
  await assert.rejects(uploadBid(bid(blobs), { send: hall.send, sleep }), (error) => error instanceof Refused && error.refusal === refusal);
});

test("an answer of submit that got lost is asked for again", async () => {
  const blobs = parts();
  let submits = 0;
  const hall = server(blobs, (method, url) => (url.endsWith("/submit") && submits++ === 0 ? "lost" : null));
  assert.equal((await uploadBid(bid(blobs), { send: hall.send, sleep })).ref, "R1");
  assert.equal(submits, 2);
});

test("a receipt is polled until it is there", async () => {
  const answers = [{ status: 202 }, { status: 202 }, { status: 200, body: { ref: "R1" } }];
  assert.equal((await pollReceipt("/r/R1", { send: async () => answers.shift(), sleep })).ref, "R1");
  await assert.rejects(pollReceipt("/r/R1", { send: async () => ({ status: 404, body: {} }), sleep }), { code: "REFUSED" });
});

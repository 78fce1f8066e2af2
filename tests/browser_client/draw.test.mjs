import assert from "node:assert/strict";
import { test } from "node:test";
import { readTranscript, replay } from "../../config/assets/src/draw/replay.js";
import { sm3 } from "../../config/assets/src/draw/sm3.js";
import { hex, utf8 } from "../../config/assets/src/vault/bytes.js";
import { jcs } from "../../config/assets/src/vault/jcs.js";
import { vectors } from "./support.mjs";

const draws = vectors("draw_ebid");
const refusal = (work) => {
  try {
    work();
  } catch (error) {
    return error.code;
  }
  return "accepted";
};

test("SM3 is that of the standard", () => {
  assert.equal(hex(sm3(utf8("abc"))), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
  assert.equal(hex(sm3(utf8("abcd".repeat(16)))), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
});

test("every intermediate value of the good transcripts is computed", () => {
  for (const { name, transcript, intermediate } of draws.positive) {
    const found = replay(readTranscript(jcs(transcript)));
    assert.equal(hex(found.announce), intermediate.announce, name);
    assert.equal(hex(found.freeze), intermediate.freeze, name);
    for (const [party, r] of Object.entries(found.contributions)) assert.equal(hex(r), intermediate.contrib[party], name);
    assert.deepEqual(found.tickets.map(([, handle]) => handle), intermediate.order, name);
    assert.deepEqual(found.tickets.slice(0, 5).map(([ticket, handle]) => [handle, ticket]), intermediate.first_tickets, name);
  }
});

test("every bad transcript is refused", () => {
  for (const { name, transcript } of draws.negative) assert.notEqual(refusal(() => replay(transcript)), "accepted", name);
});

test("a slip of another draw and bytes that are not canonical are refused", () => {
  const { transcript } = draws.positive[0];
  assert.equal(refusal(() => replay(transcript, [Object.values(transcript.slips)[0][0]])), "SLIP_REUSED");
  assert.equal(refusal(() => readTranscript(utf8(JSON.stringify(transcript, null, 1)))), "MALFORMED");
});

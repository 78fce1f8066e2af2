import assert from "node:assert/strict";
import { test } from "node:test";
import { fault, merge, plainNumber, total } from "../../config/assets/src/ui/scores.js";

test("scores are read from any keyboard", () => {
  assert.equal(plainNumber(" ２０。５０ "), "20.5");
  assert.equal(plainNumber("20.0"), "20");
  assert.equal(plainNumber("100"), "100");
  assert.equal(plainNumber("about 3"), "about 3");
});

test("a score is missing, no number, above the maximum, or may stand", () => {
  const cases = { "": "missing", "1,5": "number", "-1": "number", "1.00001": "number", "25.0001": "range", 25: "", "0": "" };
  for (const [typed, code] of Object.entries(cases)) assert.equal(fault(typed, "25"), code, typed);
});

test("totals are exact and rounded half up once", () => {
  // goods-87: B1's price points 1680000 ÷ 2180000 × 35, and the first expert's scores.
  const scores = [["21", "25"], ["12", "15"], ["10", "10"], ["13", "15"]].map(([score, max]) => ({ score, max, share: max }));
  assert.equal(total("5880/218", scores), "82.97");
  assert.equal(total("0", [{ score: "1", max: "3", share: "10" }]), "3.33");
  assert.equal(total("1/200", []), "0.01");
});

test("two windows are put together; only where both changed a field somebody chooses", () => {
  const before = { a: "1", b: "2", c: "3" };
  const { fields, differing } = merge(before, { a: "9", b: "2", c: "4", d: "7" }, { a: "1", b: "5", c: "8" });
  assert.deepEqual(fields, { a: "9", b: "5", c: "4", d: "7" });
  assert.deepEqual(differing, ["c"]);
  assert.deepEqual(merge(before, { b: "2", c: "3" }, before).fields, { b: "2", c: "3" }, "what was emptied stays empty");
  assert.deepEqual(merge({}, { a: "1" }, { a: "1" }).differing, []);
});

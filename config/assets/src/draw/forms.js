/** The forms of a transcript (draw.md section 8): what is not of this form is MALFORMED, before anything is computed. */
import { DrawError } from "./error.js";
import { knows } from "./hashing.js";

const MOST_TRUSTEES = 15;
const PARAMS = ["v", "alg", "scope", "prev", "list_root", "list_size", "strata", "cap", "trustees", "k", "must", "beacon", "t_commit", "t_freeze", "t_reveal"];
const PARTS = ["params", "rows", "commits", "slips", "beacon", "waves", "result", "openings"];

function demand(holds, what) {
  if (!holds) throw new DrawError("MALFORMED", what);
}

const isObject = (x) => x !== null && typeof x === "object" && !Array.isArray(x);
const isText = (x) => typeof x === "string" && x !== "" && x.isWellFormed();
const isName = (x) => typeof x === "string" && /^[\x20-\x7e]{1,128}$/.test(x);
const isCount = (x) => Number.isSafeInteger(x) && x >= 0 && !Object.is(x, -0);
const isHash = (x) => typeof x === "string" && /^[0-9a-f]{64}$/.test(x);
const isDistinct = (list) => new Set(list).size === list.length;
const hasFields = (x, names) => isObject(x) && Object.keys(x).length === names.length && names.every((name) => Object.hasOwn(x, name));
const areTexts = (x) => Array.isArray(x) && x.every(isText) && isDistinct(x);
const areNames = (x) => Array.isArray(x) && x.every(isName) && isDistinct(x);

function checkValue(value, what, depth = 0) {
  demand(depth <= 16, what);
  if (Array.isArray(value)) for (const item of value) checkValue(item, what, depth + 1);
  else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      demand(isName(key), what);
      checkValue(item, what, depth + 1);
    }
  } else if (typeof value === "string") demand(value.isWellFormed(), what);
  else if (typeof value === "number") demand(Number.isSafeInteger(value) && !Object.is(value, -0), what);
  else demand(value === null || typeof value === "boolean", what);
}

/** n over k. */
export function choose(n, k) {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}

function checkStrata(strata) {
  demand(Array.isArray(strata) && strata.length > 0, "strata");
  for (const stratum of strata) {
    demand(hasFields(stratum, ["id", "quota", "tags"]) && isName(stratum.id), "stratum");
    demand(isCount(stratum.quota) && stratum.quota >= 1, "quota");
    demand(areTexts(stratum.tags) && stratum.tags.length > 0, "tags");
  }
  demand(isDistinct(strata.map(({ id }) => id)), "strata");
}

function checkBeaconRule(beacon) {
  if (beacon !== null) demand(hasFields(beacon, ["source", "rule"]) && isText(beacon.source) && isText(beacon.rule), "beacon rule");
}

export function checkParams(p) {
  checkValue(p, "params");
  demand(hasFields(p, PARAMS) && p.v === 1, "params");
  demand(typeof p.alg === "string" && knows(p.alg), "alg");
  demand(typeof p.scope === "string" && /^[^/]+\/[^/]+\/[1-9][0-9]{0,8}$/.test(p.scope), "scope");
  demand(p.prev === null || isHash(p.prev), "prev");
  demand(isHash(p.list_root), "list_root");
  for (const name of ["list_size", "cap", "k", "t_commit", "t_freeze", "t_reveal"]) demand(isCount(p[name]), name);
  demand(p.t_commit <= p.t_freeze && p.t_freeze <= p.t_reveal, "times");
  checkStrata(p.strata);
  demand(areNames(p.trustees), "trustees");
  demand(p.k >= 2 && 2 * p.k - 1 <= p.trustees.length && p.trustees.length <= MOST_TRUSTEES, "k of n");
  demand(areNames(p.must), "must");
  checkBeaconRule(p.beacon);
}

function checkRow(row) {
  demand(isObject(row) && isHash(row.h), "row");
  if (Object.hasOwn(row, "x")) {
    demand(hasFields(row, ["h", "x"]) && isText(row.x), "excluded row");
    return;
  }
  demand(hasFields(row, ["h", "g", "s"]) && areTexts(row.s) && areTexts(row.g), "row");
  demand(row.g.every((label) => /^[0-9a-f]{16}$/.test(label)), "group label");
}

function checkHashes(object, what, count) {
  demand(isObject(object), what);
  for (const [party, list] of Object.entries(object)) {
    demand(isName(party) && Array.isArray(list) && list.every(isHash), what);
    demand(count === undefined || list.length === count, what);
  }
}

function checkWave(wave) {
  demand(isObject(wave), "wave");
  for (const [handle, outcome] of Object.entries(wave)) {
    demand(isHash(handle) && typeof outcome === "string" && /^[ADNRX]$/.test(outcome), "wave");
  }
}

function checkOpenings(openings) {
  demand(isObject(openings), "openings");
  for (const [handle, opening] of Object.entries(openings)) {
    demand(isHash(handle) && Array.isArray(opening) && opening.length === 2, "opening");
    demand(isHash(opening[0]) && isObject(opening[1]), "opening");
    checkValue(opening[1], "record");
  }
}

/** @throws {DrawError} MALFORMED */
export function checkForms(transcript) {
  demand(hasFields(transcript, PARTS), "parts");
  const { params, rows, commits, slips, beacon, waves, result, openings } = transcript;
  checkParams(params);
  demand(Array.isArray(rows), "rows");
  rows.forEach(checkRow);
  checkHashes(commits, "commits", choose(params.trustees.length, params.k - 1));
  demand(Object.keys(commits).length > 0, "commits");
  checkHashes(slips, "slips");
  demand(typeof beacon === "string" && /^[\x20-\x7e]*$/.test(beacon), "beacon");
  demand(Array.isArray(waves), "waves");
  waves.forEach(checkWave);
  checkValue(result, "result");
  checkOpenings(openings);
}

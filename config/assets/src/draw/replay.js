/**
 * A draw computed anew from its transcript (draw.md), in the reader's own browser. Shares nothing with the hall's
 * Python code but the protocol's text.
 */
import { equal, hex, unhex, utf8 } from "../vault/bytes.js";
import { jcs, parseCanonical } from "../vault/jcs.js";
import { playWaves } from "./calling.js";
import { DrawError } from "./error.js";
import { checkForms, choose } from "./forms.js";
import { family } from "./hashing.js";

const u32 = (n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
const sorted = (object) => Object.keys(object).sort();

/** The transcript of canonical JSON bytes; @throws {DrawError} MALFORMED */
export function readTranscript(bytes) {
  try {
    return parseCanonical(bytes);
  } catch (error) {
    throw new DrawError("MALFORMED", error.message);
  }
}

function checkList({ root }, { params, rows }) {
  if (rows.some((row, i) => i > 0 && rows[i - 1].h >= row.h)) throw new DrawError("ROWS_UNORDERED");
  if (rows.length !== params.list_size || hex(root(rows.map(jcs))) !== params.list_root) throw new DrawError("LIST_DIFFERS");
}

/** The slips that may never come again, in order: those of organisations. A phone's harm only its own contribution. */
export const lasting = ({ params, slips }) =>
  sorted(slips).filter((party) => params.must.includes(party) || !/^floor-[0-9a-f]{16}$/.test(party)).flatMap((party) => slips[party].map((slip) => [slip, party]));

function checkSlips({ H }, announce, transcript, seen) {
  const { params, commits, slips } = transcript;
  const absent = params.must.find((party) => !Object.hasOwn(commits, party));
  if (absent !== undefined) throw new DrawError("PARTY_MISSING", absent);
  const count = choose(params.trustees.length, params.k - 1);
  for (const party of [...new Set([...sorted(commits), ...sorted(slips)])].sort()) {
    const opens = Object.hasOwn(commits, party) && Object.hasOwn(slips, party) && slips[party].length === count &&
      slips[party].every((slip, i) => hex(H("slip", announce, party, u32(i), unhex(slip))) === commits[party][i]);
    if (!opens) throw new DrawError("SLIPS_UNOPENED", party);
  }
  const used = new Set(seen);
  for (const [slip, party] of lasting(transcript)) {
    if (used.has(slip)) throw new DrawError("SLIP_REUSED", party);
    used.add(slip);
  }
}

function checkOpened({ H }, { params, rows, openings }) {
  const listed = new Set(rows.map(({ h }) => h));
  for (const handle of sorted(openings)) {
    const [nonce, record] = openings[handle];
    if (!listed.has(handle) || hex(H("cand", params.scope, unhex(nonce), jcs(record))) !== handle) {
      throw new DrawError("OPENING_DIFFERS", handle);
    }
  }
}

/** Every value between the announcement and the order of the draw. */
function derive({ H }, announce, { commits, slips, beacon, rows }) {
  const joined = (party) => unhex(commits[party].join(""));
  const freeze = H("freeze", announce, ...sorted(commits).flatMap((party) => [party, joined(party)]));
  const contributions = Object.fromEntries(
    sorted(slips).map((party) => [party, H("contrib", announce, party, ...slips[party].map(unhex))]),
  );
  const seed = H("seed", freeze, ...sorted(slips).map((party) => contributions[party]), utf8(beacon));
  const tickets = rows
    .filter((row) => !Object.hasOwn(row, "x"))
    .map(({ h }) => [hex(H("ticket", seed, unhex(h))), h])
    .sort(([t1, h1], [t2, h2]) => (t1 === t2 ? (h1 < h2 ? -1 : 1) : t1 < t2 ? -1 : 1));
  return { freeze, contributions, seed, tickets };
}

/** The seed (hex) that a transcript's commitments, slips and public value give, whatever result it names. */
export function seedOf(transcript) {
  const hashes = family(transcript.params.alg);
  return hex(derive(hashes, hashes.H("announce", jcs(transcript.params)), transcript).seed);
}

/**
 * @param {object} transcript parsed JSON
 * @param {Iterable<string>} seen slips (hex) of other draws, which may not come again
 * @returns every computed value, hashes as bytes, tickets as [ticket, handle] in hex
 * @throws {DrawError} with a code of draw.md section 9
 */
export function replay(transcript, seen = []) {
  checkForms(transcript);
  const { params, rows, beacon, waves } = transcript;
  const hashes = family(params.alg);
  checkList(hashes, transcript);
  const announce = hashes.H("announce", jcs(params));
  checkSlips(hashes, announce, transcript, seen);
  if ((params.beacon === null) !== (beacon === "")) throw new DrawError("BEACON_UNEXPECTED");
  const values = derive(hashes, announce, transcript);
  const eligible = new Map(rows.filter((row) => !Object.hasOwn(row, "x")).map((row) => [row.h, row]));
  const played = playWaves(params, eligible, values.tickets.map(([, handle]) => handle), waves);
  const result = { ...played, seed: hex(values.seed) };
  if (!equal(jcs(result), jcs(transcript.result))) throw new DrawError("RESULT_DIFFERS");
  checkOpened(hashes, transcript);
  return { announce, ...values, result, resultHash: hashes.H("result", announce, jcs(result)) };
}

/**
 * A party from the floor (draw.md section 14.2): its key, slips, commitment and deals, made in this browser and nowhere else; and what it
 * checks before it shows anything: that the log holds the freeze with its commitment, and that a witness has seen it.
 */
import { concat, hex, sha256, unbase64, unhex, utf8 } from "../vault/bytes.js";
import { verifyDetached } from "../vault/cms.js";
import { seal } from "../vault/hpke.js";
import { jcs, parseCanonical } from "../vault/jcs.js";
import { signedByAny, trustedLogKeys, witnessesOf } from "../vault/logkeys.js";
import { parseCheckpoint } from "../vault/note.js";
import { hashLeaf, verifyInclusion } from "../vault/tree.js";
import { choose } from "./forms.js";
import { family } from "./hashing.js";

const SUITE = "647a-0001-0002";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const { subtle } = globalThis.crypto;
const u32 = (n) => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);

/** Subsets of `k` of the sorted names, in lexicographic order. */
function subsets(names, k) {
  if (k === 0) return [[]];
  return names.flatMap((name, i) => subsets(names.slice(i + 1), k - 1).map((rest) => [name, ...rest]));
}

const holders = ({ trustees, k }) => {
  const names = [...trustees].sort();
  return subsets(names, k - 1).map((left) => names.filter((name) => !left.includes(name)));
};

function fail(detail) {
  throw new Error(detail);
}

/** The announcement's hash, which must be the one in the address. @throws {Error} */
export function announced(params, ann) {
  const hashes = family(params.alg);
  const announce = hashes.H("announce", jcs(params));
  if (hex(announce) !== ann) fail("another announcement");
  return { ...hashes, announce };
}

/** Fresh randomness for one draw: key pair, name, slips. What it returns can be kept as JSON. */
export async function begin(params, ann) {
  announced(params, ann);
  const pair = await subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const key = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  const slips = Array.from({ length: choose(params.trustees.length, params.k - 1) }, () => hex(globalThis.crypto.getRandomValues(new Uint8Array(32))));
  return { ann, jwk: await subtle.exportKey("jwk", pair.privateKey), key: hex(key), party: `floor-${hex(await sha256(key)).slice(0, 16)}`, slips };
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

async function signed(own, document) {
  const key = await subtle.importKey("jwk", own.jwk, CURVE, false, ["sign"]);
  const signature = new Uint8Array(await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, document));
  return { document: base64(document), p7s: base64(signature) };
}

/** The signed commitment, to be handed in. */
export const commitment = (own, params) => signed(own, jcs(ownCommit(own, params)));

function ownCommit(own, params) {
  const { H, announce } = announced(params, own.ann);
  const commits = own.slips.map((slip, i) => hex(H("slip", announce, own.party, u32(i), unhex(slip))));
  return { v: 1, typ: "ebid.draw-commit", announce: own.ann, party: own.party, key: own.key, commits };
}

async function cardKey(name, { cards, certificates }) {
  const raw = unhex(cards[name].card);
  const { certSha256 } = await verifyDetached(unhex(cards[name].p7s), raw);
  const card = parseCanonical(raw);
  if (certSha256 !== certificates[name] || card.name !== name) fail(`the card of ${name}`);
  return unhex(card.key);
}

/** The signed deals: the slips of each trustee, encrypted to it, with the list of commitments that is closed now. @throws {Error} */
export async function deals(own, papers) {
  const { params } = papers;
  const { H, announce } = announced(params, own.ann);
  const mine = hex(await sha256(jcs(ownCommit(own, params))));
  if (!papers.commits.includes(mine) || params.must.some((name) => !papers.must.includes(name))) fail("the list of commitments lacks one");
  const list = hex(await sha256(jcs([...papers.commits].sort())));
  const held = holders(params);
  const sealed = {};
  for (const trustee of params.trustees) {
    const slips = Object.fromEntries(own.slips.map((slip, i) => [String(i), slip]).filter((_, i) => held[i].includes(trustee)));
    const plain = jcs({ v: 1, typ: "ebid.draw-deal", announce: own.ann, party: own.party, trustee, list, slips });
    sealed[trustee] = hex(await seal(SUITE, await cardKey(trustee, papers), H("deal", announce, own.party, trustee), plain));
  }
  return signed(own, jcs({ v: 1, typ: "ebid.draw-deals", announce: own.ann, party: own.party, sealed }));
}

/** T binds this phone's commitments and those of all the others. @throws {Error} */
function checkBound(own, papers, said) {
  const { H, announce } = announced(papers.params, own.ann);
  const mine = ownCommit(own, papers.params).commits;
  if (!said.parties.includes(own.party) || papers.values[own.party]?.join() !== mine.join()) fail("this phone's chance is not in the freeze");
  const parts = [...said.parties].sort().flatMap((name) => [name, unhex(papers.values[name].join(""))]);
  if (hex(H("freeze", announce, ...parts)) !== said.freeze) fail("the freeze binds other chances");
}

/**
 * Whether the log holds a freeze that binds this phone's commitment as it was made (or that the draw is void), and a witness has cosigned it.
 * @param {object} trust /trust.json
 * @throws {Error} with what is not so
 */
export async function checkFrozen(own, papers, trust) {
  const { entry, payload, nonce, index, path, note } = papers.frozen ?? fail("no witness has signed the freeze yet");
  const raw = unbase64(payload);
  const [said, record] = [parseCanonical(raw), parseCanonical(unbase64(entry))];
  const bound = hex(await sha256(concat(utf8("ebid-commit/1\n"), unbase64(nonce), raw)));
  const wanted = papers.voided ? "draw.void" : "draw.frozen";
  if (record.type !== wanted || record.pl[0] !== bound || said.draw !== own.ann) fail("the entry is no freeze of this draw");
  if (!papers.voided) checkBound(own, papers, said);
  const point = parseCheckpoint(note);
  const leaf = await hashLeaf(unbase64(entry));
  if (!(await verifyInclusion(leaf, index, point.size, path.map(unbase64), point.root))) fail("the freeze is not in the log");
  if (point.origin !== trust.log.origin || !(await signedByAny(point, await trustedLogKeys(trust)))) fail("the log has not signed");
  if ((await witnessesOf(point, trust.witnesses)).seen < trust.quorum) fail("no witness has signed the freeze yet");
}

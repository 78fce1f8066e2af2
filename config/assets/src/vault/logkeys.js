/** The log's keys that follow each other (docs/protocols/ledger.md, section 14): which of them signed a note, and for how many entries each answers. */
import { concat, equal, hex, sha256, unbase64, utf8 } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { VaultError } from "./errors.js";
import { parseCanonical } from "./jcs.js";
import { LOG_KEY, cosignedAt, parseCheckpoint, parseVkey, signedByLog } from "./note.js";
import { hashLeaf, verifyInclusion } from "./tree.js";

const same = (a, b) => a.name === b.name && a.kind === b.kind && equal(a.key, b.key);
const wrong = (detail) => new VaultError("SIGNATURE_WRONG", detail);

/** @returns {Promise<{key: object, index: number, until: number}[]>} the keys that the trust file lists: `index` is the
 *  entry that announced the key (-1 for the first), `until` the entries for which it answers at most */
export async function trustedLogKeys(trust) {
  const rows = [{ ...trust.log, index: -1 }, ...(trust.log.rotations ?? [])];
  const keys = await Promise.all(rows.map(async ({ vkey, index, until = Infinity }) => ({ key: await parseVkey(vkey), index, until })));
  if (keys.some(({ key }) => key.name !== trust.log.origin || key.kind !== LOG_KEY)) throw new VaultError("MALFORMED", "vkey");
  return keys;
}

/** Did one of these keys sign, and may it answer for a tree of this size? `size` null: not about a tree. */
export async function signedByAny(note, keys, size = note.size ?? null) {
  for (const { key, index, until } of keys) {
    if (size !== null && (index >= size || until < size)) continue;
    if (await signedByLog(note, key)) return true;
  }
  return false;
}

/**
 * The key that an announcement of the log names, when it is in the log as it says.
 * @param {object} said a file of `log/rotations/`
 * @param {{key: object}[]} keys those that count so far
 * @param {(point: object) => Promise<boolean>} continued whether the bundle's tree continues a checkpoint's
 */
export async function announcedKey(said, keys, origin, continued) {
  const [entry, payload] = [utf8(said.entry), utf8(said.payload)];
  const [record, content] = [parseCanonical(entry), parseCanonical(payload)];
  const commitment = hex(await sha256(concat(utf8("ebid-commit/1\n"), unbase64(said.nonce), payload)));
  if (record.type !== "key.next" || record.tender !== null || record.pl.length !== 1 || record.pl[0] !== commitment) throw wrong("key.next");
  const [before, key] = [await parseVkey(content.previous), await parseVkey(content.next)];
  const former = keys.find((known) => same(known.key, before));
  if (!former || key.name !== before.name || key.kind !== LOG_KEY) throw wrong("key.next: previous");
  const statement = utf8(`tradehall-key-next/v1\n${content.previous}\n${content.next}\n`);
  if (!(await verifyEd25519(key.key, statement, unbase64(content.sig)))) throw wrong("key.next: sig");
  const point = parseCheckpoint(said.checkpoint);
  if (point.origin !== origin || !(await signedByAny(point, [former]))) throw wrong("key.next: checkpoint");
  const leaf = await hashLeaf(entry);
  if (!(await verifyInclusion(leaf, said.index, point.size, said.proof.map(unbase64), point.root))) throw wrong("key.next: proof");
  if (!(await continued(point))) throw wrong("key.next: consistency");
  const listed = keys.find((known) => same(known.key, key));
  if (listed && listed.index !== said.index) throw wrong("key.next: index");
  return listed ?? { key, index: said.index, until: Infinity };
}

const inTime = ({ from, until }, second) =>
  (!from || Date.parse(from) / 1000 <= second) && (!until || second < Date.parse(until) / 1000);

/** How many witnesses of the trust file cosigned while their keys counted; keys that succeed each other are one witness. */
export async function witnessesOf(head, rows) {
  const before = new Map(rows.map(({ vkey, succeeds }) => [vkey, succeeds]));
  const first = (vkey, steps = rows.length) => (before.get(vkey) && steps ? first(before.get(vkey), steps - 1) : vkey);
  const seen = new Set();
  for (const row of rows) {
    const second = await cosignedAt(head, await parseVkey(row.vkey));
    if (second !== null && inTime(row, second)) seen.add(first(row.vkey));
  }
  return { seen: seen.size, all: new Set(rows.map(({ vkey }) => first(vkey))).size };
}

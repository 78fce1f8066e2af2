/** `check_policy` of vault.md 2.2, as the client runs it before it seals. */
import { hex, sha256, unb64url, unhex } from "./bytes.js";
import { VaultError } from "./errors.js";
import { publicKeySize } from "./hpke.js";
import { exactKeys, parseCanonical } from "./jcs.js";
import { LOG_KEY, WITNESS_KEY, parseVkey } from "./note.js";

const FIELDS = [
  "v", "typ", "tender", "lot", "deadline", "open_at", "log", "log_key", "receipt_key", "witnesses", "tsa",
  "stages", "parts", "sig", "client_sha256",
];
// A policy that replaces another says so: its version (2, 3…) and the hash of the one before.
const LATER = ["version", "replaces"];
const STAGE = ["name", "mode", "t", "n", "suite", "bidder_window_s", "custodians"];
const KEY_STATEMENT = [
  "v", "typ", "tender", "lot", "stage", "custodian", "index", "suite", "pk", "created", "release_after",
];

function need(condition, detail) {
  if (!condition) throw new VaultError("POLICY_REFUSED", detail);
}

function checkStage(stage, blocs) {
  exactKeys(stage, STAGE);
  if (stage.mode === "bidder") return need(stage.custodians.length === 0, "bidder mode");
  need(["custodian", "dual", "either"].includes(stage.mode), "mode");
  need(stage.t >= 2 && stage.t <= stage.n && stage.n <= 15 && stage.custodians.length === stage.n, "threshold");
  const indexes = stage.custodians.map((custodian) => custodian.index).sort((a, b) => a - b);
  need(indexes.every((index, i) => index === i + 1), "indexes");
  const held = new Map();
  for (const custodian of stage.custodians) {
    exactKeys(custodian, ["index", "id", "org", "cks_sha256", "pk"]);
    need(unb64url(custodian.pk).length === publicKeySize(stage.suite), "public key");
    need(unhex(custodian.cks_sha256).length === 32, "key statement");
    const bloc = blocs.includes(custodian.org) ? "operating bloc" : custodian.org;
    held.set(bloc, (held.get(bloc) ?? 0) + 1);
  }
  need(Math.max(...held.values()) < stage.t, "one bloc holds the threshold");
}

/**
 * @param {Uint8Array} raw
 * @param {object} expect
 * @param {string} expect.tender code of the tender the page is about
 * @param {string} [expect.sha256] policy hash as the notice prints it
 * @param {string[]} [expect.bloc] organisations of tenderer, agent and operator, which count as one
 * @returns {Promise<object>} the policy
 * @throws {VaultError} MALFORMED, POLICY_REFUSED
 */
export async function checkPolicy(raw, { tender, sha256: expected, bloc = [] }) {
  const document = parseCanonical(raw);
  const optional = ["upload_grace_s", ...LATER].filter((name) => Object.hasOwn(document, name));
  const policy = exactKeys(document, [...FIELDS, ...optional]);
  const later = LATER.filter((name) => optional.includes(name)).length;
  need(later === 0 || (later === 2 && Number.isSafeInteger(policy.version) && policy.version >= 2 && unhex(policy.replaces).length === 32), "version");
  need(policy.v === 1 && policy.typ === "ebid.policy" && policy.tender === tender, "other tender");
  if (expected) need(hex(await sha256(raw)) === expected, "hash differs from the notice");
  need(Date.parse(policy.deadline) <= Date.parse(policy.open_at), "opening before the deadline");
  need((policy.upload_grace_s ?? 0) === 0, "upload grace");
  need(unb64url(policy.receipt_key).length === 32, "receipt key");
  const logKey = await parseVkey(policy.log_key);
  need(logKey.name === policy.log && logKey.kind === LOG_KEY, "log key");
  for (const witness of policy.witnesses) {
    const key = await parseVkey(exactKeys(witness, ["name", "key"]).key);
    need(key.name === witness.name && key.kind === WITNESS_KEY, `key of witness ${witness.name}`);
  }
  need(policy.stages.length > 0, "stages");
  policy.stages.forEach((stage) => checkStage(stage, bloc));
  const stages = policy.stages.map((stage) => stage.name);
  for (const part of policy.parts) {
    exactKeys(part, ["name", "stage", "max_bytes", "public_after_open"]);
    need(stages.includes(part.stage), "part of no stage");
  }
  return policy;
}

/**
 * Each custodian's signed key statement against the policy.
 * @param {{cks: string, p7s: string}[]} statements as served
 * @param {(p7s: Uint8Array, data: Uint8Array) => Promise<{certSha256: string}>} verify
 */
export async function checkCustodianKeys(policy, statements, verify) {
  const byHash = new Map();
  for (const { cks, p7s } of statements) byHash.set(hex(await sha256(unb64url(cks))), { cks: unb64url(cks), p7s: unb64url(p7s) });
  for (const stage of policy.stages) {
    for (const custodian of stage.custodians) {
      const statement = byHash.get(custodian.cks_sha256);
      need(statement, `no key statement of ${custodian.id}`);
      const document = exactKeys(parseCanonical(statement.cks), KEY_STATEMENT);
      const signer = await verify(statement.p7s, statement.cks);
      const told = [document.tender, document.lot, document.stage, document.index, document.pk, document.suite, document.custodian.id, document.custodian.org];
      const want = [policy.tender, policy.lot, stage.name, custodian.index, custodian.pk, stage.suite, custodian.id, custodian.org];
      need(told.join("\n") === want.join("\n"), `key statement of ${custodian.id}`);
      need(Date.parse(document.release_after) >= Date.parse(policy.deadline), `release time of ${custodian.id}`);
      need(signer.certSha256 === document.custodian.cert_sha256, `signer of ${custodian.id}`);
    }
  }
}

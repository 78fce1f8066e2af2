/** RFC 8785 canonical JSON, restricted as vault.md 1.7: integers only, no lone surrogates. */
import { equal, fromUtf8, utf8 } from "./bytes.js";
import { VaultError } from "./errors.js";

function write(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new VaultError("MALFORMED", "only integers");
    return String(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new VaultError("MALFORMED", "lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value === "object") {
    // Array.sort compares UTF-16 code units, which is the order RFC 8785 3.2.3 asks for.
    const members = Object.keys(value).sort().map((key) => `${write(key)}:${write(value[key])}`);
    return `{${members.join(",")}}`;
  }
  throw new VaultError("MALFORMED", `cannot write ${typeof value}`);
}

/** @returns {Uint8Array} */
export const jcs = (value) => utf8(write(value));

/** Parse bytes that must be canonical; duplicates, spaces, floats and other orders are refused. */
export function parseCanonical(bytes) {
  let value;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    throw new VaultError("MALFORMED", "not JSON in UTF-8");
  }
  if (!equal(jcs(value), bytes)) throw new VaultError("MALFORMED", "not canonical");
  return value;
}

/** Refuse unknown and missing keys. */
export function exactKeys(value, keys) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new VaultError("MALFORMED", "not an object");
  const have = Object.keys(value).sort().join(",");
  if (have !== [...keys].sort().join(",")) throw new VaultError("MALFORMED", `fields ${have}`);
  return value;
}

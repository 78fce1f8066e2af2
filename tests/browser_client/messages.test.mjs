import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const source = new URL("../../config/assets/", import.meta.url);
const catalogue = JSON.parse(readFileSync(new URL("messages.json", source), "utf8"));
const scripts = readdirSync(new URL("src/", source), { recursive: true }).filter((name) => name.endsWith(".js"))
  .map((name) => readFileSync(new URL(`src/${name}`, source), "utf8"));
const text = scripts.join("\n");

test("every message has both languages with the same places", () => {
  const places = (words) => (words.match(/\{[a-z]+\}/g) ?? []).sort().join();
  for (const [id, { en, zh_CN: zh, ...rest }] of Object.entries(catalogue)) {
    assert.ok(en && zh && Object.keys(rest).length === 0, id);
    assert.match(zh, /[\u4e00-\u9fff]|\{/, id);
    assert.equal(places(en), places(zh), id);
    assert.doesNotMatch(zh, /[\u4e00-\u9fff][,;:!?]/, `${id}: Chinese has full-width punctuation`);
  }
});

test("every message that a script names exists", () => {
  const named = [...text.matchAll(/(?:say|show|row|passphraseField|field|group|showState)\((?:"[\w-]+", )?"([a-z]+\.[\w-]+)"/g)].map((match) => match[1]);
  assert.ok(named.length > 40);
  for (const id of named) assert.ok(Object.hasOwn(catalogue, id), id);
});

test("every error code has words", () => {
  const codes = [...text.matchAll(/new VaultError\("([A-Z_]+)"/g)].map((match) => match[1]);
  // Not shown as such: shown elsewhere already, carried as a problem of the server, or an outcome of opening.
  const silent = new Set(["SHOWN", "FORM", "REFUSED", "WRONG_POLICY"]);
  for (const code of new Set(codes)) assert.ok(silent.has(code) || Object.hasOwn(catalogue, `error.${code}`), code);
});

test("no message is left over", () => {
  for (const id of Object.keys(catalogue)) {
    const [group] = id.split(".");
    const used = text.includes(`"${id}"`) || ["error", "check"].includes(group) || [...text.matchAll(/`([a-z]+\.[a-z.-]*)\$\{/g)].some((match) => id.startsWith(match[1]));
    assert.ok(used, id);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { b64url, hex, utf8 } from "../../config/assets/src/vault/bytes.js";
import { describeKeyFile, encryptKey, openKeyFile } from "../../config/assets/src/vault/certkey.js";
import { signDetached, stampTime, verifyDetached } from "../../config/assets/src/vault/cms.js";
import { encode, parseDer } from "../../config/assets/src/vault/der.js";
import { makeRequest } from "../../config/assets/src/vault/csr.js";
import { parseKeyFile, keyFileText, readKeyFile, writeKeyFile } from "../../config/assets/src/vault/keyfile.js";
import { amount, inWords, priceSheet } from "../../config/assets/src/vault/pricesheet.js";
import { fitName, packDocuments, readTar, writeTar } from "../../config/assets/src/vault/tar.js";
import { fromBase64, textOf, vectors } from "./support.mjs";

const fast = { iterations: 1000 };

test("the key file gives its keys back to its passphrase only", async () => {
  const bid = { policyHash: "aa".repeat(32), bidId: b64url(new Uint8Array(16)), manifestHash: "bb".repeat(32), keys: { opening: { Kb: b64url(new Uint8Array(32).fill(7)) } } };
  const text = keyFileText(await writeKeyFile(bid, "龙门 passphrase", fast));
  const keys = await readKeyFile(parseKeyFile(text), "龙门 passphrase");
  assert.equal(hex(keys.opening), "07".repeat(32));
  await assert.rejects(readKeyFile(parseKeyFile(text), "other"), { code: "PASSPHRASE_WRONG" });
  for (const bad of ["", "{}", text.replace("PBKDF2", "none")]) assert.throws(() => parseKeyFile(bad), { code: "KEY_FILE_UNREADABLE" });
});

/** A root and a leaf for the request, made by openssl: another program's view of our request and key file. */
async function enrolled(kind) {
  const dir = mkdtempSync(join(tmpdir(), "enrol-"));
  const run = (...args) => execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "pipe", "pipe"] }).toString();
  const { csr, keyPem } = await makeRequest({ C: "CN", O: "某某有限公司", CN: "张三", serialNumber: "91110000600037341L" }, "secret", kind, fast);
  writeFileSync(join(dir, "req.pem"), csr);
  run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root", "-days", "30");
  run("req", "-in", "req.pem", "-verify", "-noout");
  run("x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "leaf.pem", "-days", "30");
  const certificate = run("x509", "-in", "leaf.pem");
  const root = run("x509", "-in", "ca.pem");
  return { dir, run, keyFile: keyPem + certificate + root, keyPem, certificate };
}

test("a wrong passphrase is called wrong even when the padding comes out right by chance", async () => {
  const { keyFile, keyPem } = await enrolled("ec-p256");
  const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  for (let n = 0; n < 1500; n += 1) {
    const other = await encryptKey(pkcs8, "secret", { iterations: 1 });
    await assert.rejects(openKeyFile(keyFile.replace(keyPem, other), "wrong"), { code: "PASSPHRASE_WRONG" });
  }
});

for (const kind of ["ec-p256", "rsa-3072"]) {
  test(`a request, key file and signature of kind ${kind} are accepted by openssl`, async () => {
    const { dir, run, keyFile, keyPem, certificate } = await enrolled(kind);
    assert.equal((await describeKeyFile(keyFile)).commonName, "张三");
    const signer = await openKeyFile(keyFile, "secret");
    assert.equal(signer.chain.length, 1);
    await assert.rejects(openKeyFile(keyFile, "wrong"), { code: "PASSPHRASE_WRONG" });
    await assert.rejects(openKeyFile(keyPem, "secret"), { code: "KEY_FILE_UNREADABLE" });
    const data = utf8('{"v":1}');
    const cms = await signDetached(data, signer, new Date());
    assert.equal((await verifyDetached(cms, data, { roots: signer.chain })).certSha256, signer.certSha256);
    await assert.rejects(verifyDetached(cms, utf8('{"v":2}')), { code: "SIGNATURE_WRONG" });
    writeFileSync(join(dir, "data"), data);
    writeFileSync(join(dir, "sig.p7s"), cms);
    run("cms", "-verify", "-inform", "DER", "-in", "sig.p7s", "-content", "data", "-binary", "-CAfile", "ca.pem", "-purpose", "any", "-cades", "-out", "out");
    writeFileSync(join(dir, "key.pem"), keyPem);
    run("pkey", "-in", "key.pem", "-passin", "pass:secret", "-noout");
    if (kind === "ec-p256") {
      run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-outform", "DER", "-out", "raw.der");
      run("pkcs8", "-topk8", "-inform", "DER", "-in", "raw.der", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256", "-passout", "pass:secret", "-out", "other.pem");
      const foreign = execFileSync("cat", ["other.pem"], { cwd: dir }).toString() + certificate;
      await assert.rejects(openKeyFile(foreign, "secret"), { code: "KEY_NOT_OF_CERTIFICATE" });
    }
  });
}

test("signatures of another program are judged as its vectors say, as far as mathematics goes", async () => {
  for (const c of vectors("cades").cases) {
    const [cms, data] = [fromBase64(c.p7s_b64), new Uint8Array(Buffer.from(c.data_hex, "hex"))];
    if (c.valid) await verifyDetached(cms, data, { at: new Date(vectors("cades").moment) });
    if (/tamper/.test(c.name)) await assert.rejects(verifyDetached(cms, data), { code: "SIGNATURE_WRONG" });
  }
});

test("tar archives are read by another program and read back", async () => {
  const long = `${"某".repeat(60)}.pdf`;
  const files = [new File(["b"], "乙.txt"), new File(["a".repeat(513)], "甲.txt"), new File(["c"], long), new File(["d"], long)];
  const blob = packDocuments(files);
  const dir = mkdtempSync(join(tmpdir(), "tar-"));
  writeFileSync(join(dir, "x.tar"), new Uint8Array(await blob.arrayBuffer()));
  const names = execFileSync("tar", ["-tf", "x.tar", "--quoting-style=literal"], { cwd: dir }).toString().trim().split("\n");
  const members = await readTar(blob);
  assert.deepEqual(members.map((member) => member.name), names);
  assert.equal(names.length, 4);
  assert.ok(names.every((name) => utf8(name).length <= 100));
  assert.equal(await textOf(members.find((member) => member.name === "甲.txt").data), "a".repeat(513));
  assert.deepEqual(await packDocuments([...files].slice(0, 2)).arrayBuffer(), await packDocuments([files[1], files[0]]).arrayBuffer());
  await assert.rejects(readTar(blob.slice(0, 1200)), { code: "MALFORMED" });
  assert.throws(() => writeTar([{ name: "n".repeat(101), data: new Blob([]) }]), { code: "FILE_NAME_TOO_LONG" });
  assert.equal(fitName("a/b\\c.txt"), "a_b_c.txt");
});

test("amounts in capital figures read as a cashier writes them", () => {
  const cases = {
    1: "壹分", 10: "壹角", 105: "壹元零伍分", 123450: "壹仟贰佰叁拾肆元伍角", 10000_00: "壹万元整", 10010_00: "壹万零壹拾元整",
    100100_00: "壹拾万零壹佰元整", 1001000_00: "壹佰万壹仟元整", 100000001_00: "壹亿零壹元整", 100010000_00: "壹亿零壹万元整",
    100001000_00: "壹亿零壹仟元整", 12030450: "壹拾贰万零叁佰零肆元伍角", 1000000_01: "壹佰万元零壹分", 0: "零元整",
  };
  for (const [fen, words] of Object.entries(cases)) assert.equal(inWords(BigInt(fen)), words);
});

test("the price sheet multiplies and adds exactly", () => {
  assert.equal(amount("3", "0.10"), "0.30");
  assert.equal(amount("0.333333", "100.00"), "33.33");
  assert.equal(amount("1.005", "1.00"), "1.01");
  const item = { name: "服务器", brand: "甲", unit: "台", quantity: "2", unit_price: "12,500.5" };
  const sheet = priceSheet({ items: [item, { ...item, quantity: "1" }], periodDays: 30, claims: ["micro-enterprise"] });
  assert.equal(sheet.total, "37501.50");
  assert.equal(JSON.parse(new TextDecoder().decode(sheet.bytes)).body.items[0].amount, "25001.00");
  for (const bad of ["", "-1", "1.234", "1e3", "٣", "1,2", "12,3456"]) {
    assert.throws(() => priceSheet({ items: [{ ...item, unit_price: bad }], periodDays: 30 }), { code: "AMOUNT_INVALID" }, bad);
  }
  assert.throws(() => priceSheet({ items: [item], periodDays: 0 }), { code: "PERIOD_INVALID" });
});

test("the time of a time-stamp token is read", () => {
  const { tsr_b64: answer } = vectors("rfc3161").cases.find((c) => c.valid);
  const [, token] = parseDer(fromBase64(answer)).valueBlock.value; // TimeStampResp: status, token
  assert.match(new Date(stampTime(encode(token))).toISOString(), /^2026-11-/);
});

/**
 * A damaged file handed in again (重新提交): the same sealed file, piece by piece, and no other.
 *
 * <section data-damaged data-tender="T-1" data-manifest="hex of the standing manifest">
 *   <div data-damaged-banner></div> <div data-damaged-problem hidden></div>
 *   <form data-damaged-form>
 *     <div data-damaged-kept hidden><button type="button" data-damaged-send>…</button></div>   shown when this browser has the file
 *     <input type="file" accept=".sealed"> <button type="submit">…</button>
 *   </form>
 *   <div data-damaged-progress></div>
 * </section>
 */
import { hex, sha256 } from "../vault/bytes.js";
import { VaultError } from "../vault/errors.js";
import { readSealed } from "../vault/sealedfile.js";
import { Refused, insist } from "../vault/upload.js";
import { banner, busy, problem, progressBar } from "../ui/dom.js";
import { send } from "../ui/http.js";
import * as store from "../ui/store.js";
import { bytes, explain, say } from "../ui/words.js";

const root = document.querySelector("[data-damaged]");
const find = (name) => root.querySelector(`[data-damaged-${name}]`);
const progress = progressBar(find("progress"));
const address = `/api/tenders/${encodeURIComponent(root.dataset.tender)}/damaged`;
const kept = (await store.get("sealed", root.dataset.manifest).catch(() => null))?.parts ?? {};

find("kept").hidden = Object.keys(kept).length === 0;

/** The parts of the chosen file, when it is the very file that was receipted. */
async function chosenParts() {
  const file = find("form").querySelector("input[type=file]").files[0];
  if (!file) throw new VaultError("SEALED_FILE_MISSING");
  const bid = await readSealed(file);
  if (bid.manifestHash !== root.dataset.manifest) throw new VaultError("NOT_THE_SAME");
  return bid.parts;
}

async function sendAgain(parts) {
  const onLost = () => progress.show(say("bid.line-lost"));
  const call = (method, url, options) => insist(send, method, url, options, { onLost });
  const { status, body: wanted } = await call("GET", address);
  if (status !== 200) throw new Refused({ status, body: wanted });
  const pieces = wanted.pieces.map((piece) => {
    const start = piece.number * wanted.piece_bytes;
    return { ...piece, blob: (parts[piece.part] ?? new Blob()).slice(start, start + wanted.piece_bytes) };
  });
  const total = pieces.reduce((sum, piece) => sum + piece.blob.size, 0);
  let done = 0;
  for (const { part, number, blob, sha256: receipted } of pieces) {
    progress.show(say("bid.step-upload", { done: bytes(done), total: bytes(total) }), done, total);
    if (hex(await sha256(new Uint8Array(await blob.arrayBuffer()))) !== receipted) throw new VaultError("NOT_THE_SAME");
    const headers = { "Content-Type": "application/octet-stream" };
    const answer = await call("PUT", `${address}/${encodeURIComponent(part)}/${number}`, { body: blob, headers });
    if (answer.status >= 300) throw new Refused(answer);
    done += blob.size;
  }
  root.dataset.state = "whole";
  banner(find("banner"), "done", say("damaged.done"), say("damaged.done-detail"));
  find("form").hidden = true;
}

const attempt = (partsOf) => {
  problem(find("problem"), "");
  return busy(root.querySelectorAll("button, input"), () =>
    partsOf().then(sendAgain).catch((error) => problem(find("problem"), explain(error))).finally(progress.hide));
};

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(chosenParts);
});
find("send").addEventListener("click", () => attempt(async () => kept));
root.dataset.ready = "";

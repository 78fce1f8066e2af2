/**
 * The recording of a throw (掷骰子录像): its SHA-256 is computed here, piece by piece; the file itself goes nowhere.
 *
 * <input type="file" data-hash-into="recording"> <input id="recording">
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { hex } from "../vault/bytes.js";

const chosen = document.querySelector("[data-hash-into]");
const target = document.getElementById(chosen.dataset.hashInto);

chosen.addEventListener("change", async () => {
  const [file] = chosen.files;
  if (!file) return;
  target.value = "…";
  const hash = sha256.create();
  for await (const piece of file.stream()) hash.update(piece);
  target.value = hex(hash.digest());
});

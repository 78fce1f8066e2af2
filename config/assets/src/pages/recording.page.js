/**
 * Filing a recording (录音录像归档): the file goes to the hall in pieces, then the form without it.
 *
 * <form data-recording="/api/tenders/CODE/recordings" method="post" enctype="multipart/form-data">
 *   <input type="file" name="file"> <div data-recording-progress></div> <div data-recording-problem hidden></div> <button>…</button>
 * </form>
 */
import { hex, randomBytes } from "../vault/bytes.js";
import { Refused, insist } from "../vault/upload.js";
import { busy, element, problem, progressBar } from "../ui/dom.js";
import { send } from "../ui/http.js";
import { bytes, explain, say } from "../ui/words.js";

const PIECE = 8 << 20;
const form = document.querySelector("[data-recording]");
const chosen = form.querySelector("input[type=file]");
const progress = progressBar(form.querySelector("[data-recording-progress]"));
const trouble = form.querySelector("[data-recording-problem]");

/** Sends the file; the hall's answer says where to go on, also after a line that dropped. */
async function sendPieces(file, upload) {
  const onLost = () => progress.show(say("bid.line-lost"));
  for (let done = 0; done < file.size; ) {
    progress.show(say("bid.step-upload", { done: bytes(done), total: bytes(file.size) }), done, file.size);
    const address = `${form.dataset.recording}/uploads/${upload}/${done}`;
    const headers = { "Content-Type": "application/octet-stream" };
    const answer = await insist(send, "PUT", address, { body: file.slice(done, done + PIECE), headers }, { onLost });
    if (answer.status !== 200) throw new Refused(answer);
    done = answer.body.size;
  }
}

const hidden = (name, value) => element("input", { type: "hidden", name, value });

form.addEventListener("submit", (event) => {
  const file = chosen.files[0];
  if (!file || file.size <= PIECE) return; // a short one, or none, goes with the form
  event.preventDefault();
  problem(trouble, "");
  const upload = hex(randomBytes(16));
  busy(form.querySelectorAll("button"), () => sendPieces(file, upload))
    .then(() => {
      form.append(hidden("upload", upload), hidden("media_type", file.type));
      chosen.disabled = true;
      form.submit();
    })
    .catch((error) => problem(trouble, explain(error)))
    .finally(progress.hide);
});
form.dataset.ready = "";

/**
 * A citizen's own browser computes a draw again (抽取验证); while it is under way the page looks again by itself.
 *
 * <section data-draw="address of the transcript">
 *   <p data-draw-state="wait"></p> <p data-draw-state="good" hidden></p>
 *   <p data-draw-state="bad" hidden><span data-draw-fault></span></p>
 *   <dl data-draw-values hidden><dd data-draw-value="seed"></dd><dd data-draw-value="result"></dd></dl>
 * </section>
 */
import { readTranscript, replay } from "../draw/replay.js";
import { hex } from "../vault/bytes.js";
import { bytesOf } from "../ui/http.js";

const LOOK_AGAIN = 2000;
const root = document.querySelector("[data-draw]");

function show(state) {
  for (const element of root.querySelectorAll("[data-draw-state]")) element.hidden = element.dataset.drawState !== state;
}

async function verify() {
  try {
    const found = replay(readTranscript(await bytesOf(root.dataset.draw)));
    const values = { seed: hex(found.seed), result: hex(found.resultHash) };
    for (const element of root.querySelectorAll("[data-draw-value]")) element.textContent = values[element.dataset.drawValue];
    root.querySelector("[data-draw-values]").hidden = false;
    show("good");
  } catch (error) {
    root.querySelector("[data-draw-fault]").textContent = error.code ?? error.message;
    show("bad");
  }
}

if (root) await verify();
else if (document.querySelector(".banner-now")) setTimeout(() => location.reload(), LOOK_AGAIN);

/**
 * Somebody on the floor puts a chance of their own into a public draw (现场参与), with nothing but this page.
 *
 * <section data-floor="address of the papers" data-hall="/api/draws/ANN/" data-ann="hex">
 *   <p data-floor-name hidden></p> <li data-floor-step="commit|deal|held|reveal"></li> <div data-floor-banner hidden></div> <button data-floor-go></button>
 * </section>
 *
 * What was made is kept on this phone (localStorage), so that a page that was reloaded goes on; it serves this one draw.
 */
import { begin, checkFrozen, commitment, deals } from "../draw/contribution.js";
import { banner, element } from "../ui/dom.js";
import { send } from "../ui/http.js";
import { say } from "../ui/words.js";

const LOOK = 2000;
const root = document.querySelector("[data-floor]");
const go = root?.querySelector("[data-floor-go]");
const place = `tradehall.floor.${root?.dataset.ann}`;
const own = { kept: JSON.parse(localStorage.getItem(place) ?? "null") };

function keep(changes) {
  own.kept = { ...own.kept, ...changes };
  localStorage.setItem(place, JSON.stringify(own.kept));
}

function done(step) {
  root.querySelector(`[data-floor-step="${step}"]`).classList.add("is-done");
  root.dataset.done = step;
}

const tell = (tone, id, detail = "") => banner(root.querySelector("[data-floor-banner]"), tone, say(id), detail);

async function papers() {
  const { status, body } = await send("GET", `${root.dataset.floor}?party=${own.kept?.party ?? ""}`);
  if (status !== 200) throw new Error(String(status));
  return body;
}

async function handIn(what, json) {
  const { status, body } = await send("POST", `${root.dataset.hall}/${what}`, { json });
  if (status >= 300) throw new Error(body.faults?.map(({ message }) => message).join(" ") ?? String(status));
}

const acts = {
  async commit(now) {
    await handIn("commits", await commitment(own.kept, now.params));
    keep({ committed: true });
  },
  async deal(now) {
    await handIn("deals", await deals(own.kept, now));
    keep({ dealt: true });
  },
  async reveal(now) {
    const { body: trust } = await send("GET", "/trust.json");
    await checkFrozen(own.kept, now, trust);
    done("held");
    await handIn("slips", { party: own.kept.party, slips: own.kept.slips });
  },
};

/** One look: do what is wanted, show how far it is; false when nothing more comes. */
async function step() {
  const now = await papers();
  for (const what of now.wanted) await acts[what](now);
  if (own.kept.committed) done("commit");
  if (own.kept.dealt) done("deal");
  if (now.held) done("held");
  if (now.revealed) {
    done("reveal");
    tell("done", "floor.done");
    return false;
  }
  if (now.voided) {
    tell("now", "floor.void");
    return Boolean(now.wanted.length);
  }
  const late = now.ended || (now.frozen && !now.held) || (!own.kept.committed && now.now > now.params.t_commit);
  if (late) tell("now", "floor.late");
  else tell("wait", own.kept.dealt ? "floor.dealt" : "floor.wait");
  return !late;
}

async function run() {
  go.hidden = true;
  const name = root.querySelector("[data-floor-name]");
  name.replaceChildren(element("span", { class: "mono" }, own.kept.party.slice(6, 14)));
  name.hidden = false;
  for (let more = true; more; ) {
    try {
      more = await step();
    } catch (error) {
      tell("now", "floor.trouble", error.message);
    }
    if (more) await new Promise((resolve) => setTimeout(resolve, LOOK * (0.75 + Math.random() / 2)));
  }
}

async function start() {
  try {
    keep(await begin((await papers()).params, root.dataset.ann));
    await run();
  } catch (error) {
    tell("now", "floor.trouble", error.message);
  }
}

go?.addEventListener("click", start);
if (own.kept && root) run();
else if (root) root.dataset.ready = "";

/**
 * The citizen's own check of a lottery (摇号核验), beside the live page: as soon as there is a result, and again after every further one.
 *
 * <section data-lottery-check="address of the record">
 *   <p data-check-state="wait|busy|good"></p> <div data-check-state="bad"><ul data-check-faults></ul></div> <ul data-check-lines></ul>
 *   <div data-check-own hidden><input id="own-ball"><ul data-own-found></ul></div>
 * </section>
 */
import { checkLottery } from "../draw/lottery.js";
import { element } from "../ui/dom.js";
import { bytesOf } from "../ui/http.js";
import { say } from "../ui/words.js";
import { parseCanonical } from "../vault/jcs.js";

const MOST = 20;
const root = document.querySelector("[data-lottery-check]");
const input = root.querySelector("#own-ball");
let judged = { key: "", record: null, draws: [] };

function show(state) {
  for (const node of root.querySelectorAll("[data-check-state]")) node.hidden = node.dataset.checkState !== state;
}

const STEPS = ["finalists", "order", "winner", "k"];
const step = (name) => say(`lottery.step.${name}`);

function lineOf({ number, step: name, void: isVoid, seed }) {
  if (isVoid) return element("li", { "data-ok": "true" }, `– ${say("lottery.voided", { n: String(number), step: step(name) })}`);
  const ok = Boolean(seed);
  return element("li", { "data-ok": String(ok) }, `${ok ? "✓" : "…"} ${say(ok ? "lottery.checked" : "lottery.running", { n: String(number), step: step(name) })}`);
}

function faultOf({ code, draw, detail }) {
  const words = say(`lottery.fault.${code}`, { detail: STEPS.includes(detail) ? step(detail) : detail });
  const where = draw ? say("lottery.draw", { n: String(draw) }) : "";
  return element("li", { "data-ok": "false", "data-fault": code }, `${where}${words}`);
}

async function verify() {
  show("busy");
  const record = parseCanonical(await bytesOf(root.dataset.lotteryCheck));
  const began = performance.now();
  const { faults, draws } = checkLottery(record);
  judged = { ...judged, record, draws };
  root.dataset.milliseconds = String(Math.round(performance.now() - began));
  root.querySelector("[data-check-lines]").replaceChildren(...draws.map(lineOf));
  root.querySelector("[data-check-faults]").replaceChildren(...faults.map(faultOf));
  const done = draws.some(({ seed }) => seed);
  root.querySelector("[data-check-words]").textContent = say("lottery.good", { n: String(draws.length), balls: String(record.balls?.balls.length ?? 0) });
  show(faults.length ? "bad" : done ? "good" : "wait");
  root.dataset.state = faults.length ? "bad" : done ? "good" : "wait";
  const own = root.querySelector("[data-check-own]");
  if (own) own.hidden = !record.balls;
  find();
}

/** Where a firm stands: its ball, and its place in every draw. */
function find() {
  if (!input || !judged.record) return;
  const asked = input.value.trim();
  const { balls } = judged.record.balls;
  const fits = ({ number, id, name }) => String(number) === asked || id === asked.toUpperCase() || (asked.length > 1 && name.includes(asked));
  const found = asked ? balls.filter(fits) : [];
  root.querySelector("[data-own-found]").replaceChildren(...found.slice(0, MOST).map((ball) => element("li", {}, ownLine(ball))));
}

function ownLine(ball) {
  const head = say("lottery.own", { ball: String(ball.number), name: ball.name, weight: String(ball.weight) });
  if (ball.excluded) return `${head} ${say("lottery.own-out", { reason: [say(`lottery.reason.${ball.excluded}`), ball.detail].filter(Boolean).join(" ") })}`;
  const places = judged.draws.filter(({ seed, order }) => seed && order.includes(ball.id)).map(({ step: name, order }) =>
    say("lottery.own-place", { step: step(name), place: String(order.indexOf(ball.id) + 1), of: String(order.length) }));
  return [head, ...places].join(" ");
}

/** The record is fetched when the page shows another result than the last time, not at every event. */
async function look() {
  const key = [...document.querySelectorAll("#lottery-main .lot-seed, #lottery-main .lot-order")].map((node) => node.textContent).join();
  if (key === judged.key) return;
  judged.key = key;
  try {
    await verify();
  } catch (error) {
    root.querySelector("[data-check-faults]").replaceChildren(element("li", { "data-ok": "false" }, error.code ?? error.message));
    show("bad");
  }
}

input?.addEventListener("input", find);
document.addEventListener("live:updated", look);
await look();

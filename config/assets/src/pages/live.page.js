/**
 * Live pages (实时页面): parts of the page follow what happens; clocks run on the hall's time.
 *
 * <body> … <main data-live-url="/live/opening/T-1" data-live-every="5">
 *   <div id="attendance" data-live>…</div>               replaced by the element of the same id when something happens
 *   <time data-countdown="2026-12-01T01:00:00.000Z"></time>   "1 天 02:03:04" until then; then the page's parts are fetched anew
 *   <time data-clock></time>                              the hall's clock, Beijing time
 *   <span data-live-state></span>                         live, polling or lost, in words
 *   <div id="mine" data-live data-live-key="a1">…</div>   when the page comes with another key here, it is loaded anew
 *   <section data-live-on="bid:state">                    an event of this element, too, has the parts fetched anew
 * </main> <meta name="server-now" content="2026-12-01T00:59:00.000Z">
 * An answer's header `Server-Now` (the same form) sets the clock again.
 *
 * Events come as server-sent events from `data-live-url`; any event makes the page fetch itself (with If-None-Match) and
 * exchange its `data-live` parts. Without events, or while the stream is down, it does so every `data-live-every` seconds. `data-live-source` names another address to fetch: the parts that are the same
 * for everybody, without the rest of the page.
 */
import { moment, say } from "../ui/words.js";

const root = document.querySelector("[data-live-url]");
const every = 1000 * Number(root?.dataset.liveEvery || 5);
const serverNow = Date.parse(document.querySelector('meta[name="server-now"]')?.content ?? "") || Date.now();
// The hall's time at the moment this page was made, carried on by a clock that a user cannot set.
let offset = serverNow - performance.now();
const now = () => offset + performance.now();

/** A demonstration's clock may jump ahead, and a phone that slept has missed time; the network's delay is no jump. */
function setClock(instant) {
  const jump = Date.parse(instant ?? "") - now();
  if (Math.abs(jump) > 2000) offset += jump;
}

let etag = null;
let running = false;
let again = false;

function replaceParts(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  setClock(fresh.querySelector('meta[name="server-now"]')?.content);
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    // A part in which somebody types is left alone.
    const typing = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    if (next && part.dataset.liveKey !== undefined) {
      if (next.dataset.liveKey !== part.dataset.liveKey) renew();
      continue;
    }
    if (!next || typing || next.innerHTML === part.innerHTML) continue;
    part.replaceChildren(...next.childNodes);
    for (const { name, value } of next.attributes) part.setAttribute(name, value);
  }
  document.dispatchEvent(new CustomEvent("live:updated"));
}

/** Load the page anew, because a part's own scripts must begin again; not under the hands of somebody who types. */
function renew() {
  if (!document.activeElement?.matches("input, textarea, select")) location.reload();
  else document.activeElement.addEventListener("blur", () => setTimeout(renew), { once: true });
}

/** Fetch the page and exchange its parts; calls that come meanwhile are answered by one more round. */
async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    const response = await fetch(root?.dataset.liveSource ?? location.href, { headers: { Accept: "text/html", ...(etag ? { "If-None-Match": etag } : {}) }, cache: "no-store" });
    setClock(response.headers.get("Server-Now"));
    if (response.status === 200) {
      etag = response.headers.get("ETag");
      replaceParts(await response.text());
    }
    if (response.ok || response.status === 304) showState(stream?.readyState === EventSource.OPEN ? "live.live" : "live.polling");
  } catch {
    showState("live.lost");
  } finally {
    running = false;
  }
  if (again) {
    again = false;
    await refresh();
  }
}

function showState(id) {
  for (const node of document.querySelectorAll("[data-live-state]")) node.textContent = say(id);
}

let stream = null;

function follow() {
  stream = new EventSource(root.dataset.liveUrl);
  stream.onopen = () => {
    showState("live.live");
    refresh();
  };
  stream.onmessage = refresh; // events without a name; named ones are listed in data-live-events
  for (const name of (root.dataset.liveEvents ?? "").split(" ").filter(Boolean)) stream.addEventListener(name, refresh);
  stream.onerror = () => showState("live.lost");
  setInterval(() => stream.readyState !== EventSource.OPEN && refresh(), every);
}

const pad = (n) => String(n).padStart(2, "0");

function left(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const days = Math.floor(seconds / 86400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(pad).join(":");
  return days ? say("live.days", { days: String(days), clock }) : clock;
}

function tick() {
  for (const node of document.querySelectorAll("[data-countdown]")) {
    const rest = Date.parse(node.dataset.countdown) - now();
    if (rest > 0) delete node.dataset.due;
    const text = left(rest);
    if (node.textContent !== text) node.textContent = text;
    if (rest <= 0 && node.dataset.due === undefined) {
      node.dataset.due = "";
      setTimeout(refresh, 500);
    }
  }
  for (const node of document.querySelectorAll("[data-clock]")) node.textContent = moment(now());
}

tick();
setInterval(tick, 250);
for (const node of document.querySelectorAll("[data-live-on]")) node.addEventListener(node.dataset.liveOn, refresh);
if (root) follow();

/**
 * The score sheet (评分表): several bids side by side, saved while it is filled in.
 *
 * <form id="scores" data-scores data-save="URL" data-place="code/round/member" data-device-key="b64url" data-version="3" data-saved="10:31:05">
 *   <input class="scoring-input" name="score-0-1" data-bid data-item data-column data-max data-share data-stated="10">  <p data-fault hidden></p>
 *   <button data-level="5" data-for="score-0-1" hidden>   <textarea name="why-score-0-1">   <td data-price="n/d">   <output data-total="0">
 *   <p data-scores-state role="status"></p> <p data-scores-missing></p> <button name="act" value="sign">
 * </form>  <div data-scores-conflict hidden></div>
 *
 * Every change is first kept on this device, then sent; what the hall has is no longer kept here. Without a line it stays
 * here, survives a reload, and is sent when the line is back. Another window's newer version is put together with this
 * one: only where both changed the same field a person chooses. `form[data-state]`: saved, saving, kept, conflict, signed-out.
 */
import { element } from "../ui/dom.js";
import { send } from "../ui/http.js";
import { forget, keptFor } from "../ui/kept.js";
import { offerLevels, showLevels } from "../ui/levels.js";
import { fault, merge, plainNumber, total } from "../ui/scores.js";
import { say } from "../ui/words.js";

const WAIT = 600;
const AGAIN = 3_000;
const PATIENCE = 15_000;
const clock = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", timeStyle: "medium", hourCycle: "h23" });

class ScoreSheet {
  constructor(form) {
    this.form = form;
    this.inputs = [...form.querySelectorAll(".scoring-input")];
    this.fields = [...this.inputs, ...form.querySelectorAll("textarea[name^=why-]")];
    this.stated = Object.fromEntries(this.inputs.filter(({ dataset }) => dataset.stated).map(({ name, dataset }) => [name, dataset.stated]));
    this.kept = keptFor(form.dataset.place, form.dataset.deviceKey);
    this.version = Number(form.dataset.version);
    this.atHall = this.typed();
    this.differing = new Set();
    this.timer = null;
    this.sending = null;
    if (form.dataset.saved) this.state("saved", say("scores.saved", { time: form.dataset.saved }));
  }

  typed() {
    return Object.fromEntries(this.fields.filter((field) => field.value.trim()).map((field) => [field.name, field.value]));
  }

  get pending() {
    return JSON.stringify(this.typed()) !== JSON.stringify(this.atHall);
  }

  /** @param {string} state for tests and styles @param {string} words for people */
  state(state, words) {
    this.form.dataset.state = state;
    const place = this.form.querySelector("[data-scores-state]");
    if (place.textContent !== words) place.textContent = words;
  }

  // -- what is on the screen

  show(fields) {
    for (const field of this.fields) {
      const value = fields[field.name] ?? "";
      if (field.value !== value) field.value = value;
      if (value && field.closest("details")) field.closest("details").open = true;
    }
    this.check();
  }

  check() {
    let missing = 0;
    for (const input of this.inputs) {
      const wrong = fault(input.value, input.dataset.max);
      missing += wrong === "missing";
      this.say(input, wrong && wrong !== "missing" ? say(`scores.${wrong}`, { most: input.dataset.max }) : "");
      this.compare(input, wrong);
    }
    const place = this.form.querySelector("[data-scores-missing]");
    showLevels(this.form);
    place.textContent = missing ? say("scores.missing", { count: missing }) : say("scores.complete");
    place.dataset.missing = missing;
    this.totals();
  }

  /** Shows beside a prefilled score whether it still is the stated one; another one asks for its reason. */
  compare(input, wrong) {
    if (input.dataset.stated === undefined) return;
    const departs = !wrong && plainNumber(input.value) !== input.dataset.stated;
    input.closest("td").classList.toggle("scoring-departs", departs);
    if (departs) this.reason(input).closest("details").open = true;
  }

  reason(input) {
    return this.form.elements[`why-${input.name}`];
  }

  /** What keeps the sheet from being signed at this field, or "". */
  lacking(input) {
    const code = fault(input.value, input.dataset.max);
    const departs = !code && input.dataset.stated !== undefined && plainNumber(input.value) !== input.dataset.stated;
    return departs && !this.reason(input).value.trim() ? "departs" : code;
  }

  say(input, words) {
    const place = input.parentElement.querySelector("[data-fault]");
    place.textContent = words;
    place.hidden = !words;
    if (words) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  totals() {
    const prices = [...this.form.querySelectorAll("[data-price]")].map((cell) => cell.dataset.price);
    for (const place of this.form.querySelectorAll("[data-total]")) {
      const good = this.inputs.filter((input) => input.dataset.column === place.dataset.total && !fault(input.value, input.dataset.max));
      const scores = good.map((input) => ({ score: plainNumber(input.value), max: input.dataset.max, share: input.dataset.share }));
      place.textContent = total(prices[Number(place.dataset.total)] ?? "0", scores);
    }
  }

  // -- keeping and sending

  changed() {
    this.check();
    this.keep();
    this.later(WAIT);
  }

  keep() {
    return this.kept.put({ version: this.version, atHall: this.atHall, typed: this.typed() })
      .catch(() => this.state("kept", say("scores.not-kept")));
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), milliseconds);
  }

  /** Send what the hall does not have. @returns {Promise<boolean>} whether it has everything now */
  flush() {
    clearTimeout(this.timer);
    this.sending ??= this.save().finally(() => (this.sending = null));
    return this.sending;
  }

  async save() {
    while (this.pending) {
      if (this.differing.size) return false;
      const sent = this.typed();
      this.state("saving", say("scores.saving"));
      let answer;
      try {
        answer = await send("POST", this.form.dataset.save, { json: { base: this.version, scores: this.entries(sent) }, signal: AbortSignal.timeout(PATIENCE) });
      } catch {
        return this.offline();
      }
      if (answer.status === 200) this.taken(answer.body, sent);
      else if (answer.status === 409) this.together(answer.body.newest.version, this.named(answer.body.newest.scores));
      else return this.refused(answer);
    }
    if (!this.differing.size) await this.kept.remove();
    return !this.differing.size;
  }

  taken({ version, saved }, sent) {
    this.version = version;
    this.atHall = sent;
    this.form.elements.base.value = version;
    this.state("saved", say("scores.saved", { time: clock.format(new Date(saved)) }));
  }

  async offline() {
    await this.keep();
    this.state("kept", say("scores.kept"));
    this.later(AGAIN);
    return false;
  }

  async refused({ status, body }) {
    await this.keep();
    if (status >= 500) return this.offline();
    const words = status === 401 || status === 403 ? say("scores.signed-out") : (body.faults ?? []).map((each) => each.message).join(" ");
    this.state("signed-out", words || say("scores.signed-out"));
    return false;
  }

  entries(fields) {
    return this.inputs
      .map(({ name, dataset }) => ({ bid: dataset.bid, item: dataset.item, score: fields[name] ?? "", reason: fields[`why-${name}`] ?? "" }))
      .filter(({ score, reason }) => score || reason);
  }

  named(scores) {
    const places = new Map(this.inputs.map(({ name, dataset }) => [`${dataset.bid}/${dataset.item}`, name]));
    const pairs = scores.flatMap(({ bid, item, score, reason }) => {
      const name = places.get(`${bid}/${item}`);
      return [[name, score], [`why-${name}`, reason]];
    });
    // The hall keeps no copy of a prefilled score that nobody has changed.
    return { ...this.stated, ...Object.fromEntries(pairs.filter(([, value]) => value)) };
  }

  // -- two windows

  /** Another version is newer: put both together. What only one of them changed is taken; the rest a person chooses. */
  together(version, theirs) {
    const { fields, differing } = merge(this.atHall, this.typed(), theirs);
    this.version = version;
    this.form.elements.base.value = version;
    this.atHall = theirs;
    this.show(fields);
    this.differing = new Set(differing);
    for (const name of differing) this.choice(name, theirs[name] ?? "");
    if (differing.length) this.state("conflict", say("scores.conflict", { count: differing.length }));
    document.querySelector("[data-scores-conflict]").hidden = !differing.length;
  }

  choice(name, theirs) {
    const field = this.form.elements[name];
    const here = element("button", { type: "button", class: "scoring-level" }, say("scores.keep-mine", { value: field.value || "—" }));
    const there = element("button", { type: "button", class: "scoring-level", "data-take-theirs": name }, say("scores.take-theirs", { value: theirs || "—" }));
    const box = element("p", { class: "scoring-theirs", "data-choice": name, role: "group" }, here, there);
    const settle = (value) => {
      field.value = value;
      box.remove();
      this.settled(name);
    };
    here.addEventListener("click", () => settle(field.value));
    there.addEventListener("click", () => settle(theirs));
    this.form.querySelector(`[data-choice="${name}"]`)?.remove();
    field.after(box);
  }

  settled(name) {
    this.differing.delete(name);
    document.querySelector("[data-scores-conflict]").hidden = !this.differing.size;
    this.changed();
    if (!this.differing.size && !this.pending) this.kept.remove().then(() => this.state("saved", say("scores.settled")));
  }

  /** Whoever saves by hand keeps what this window shows. */
  keepMine() {
    for (const box of this.form.querySelectorAll("[data-choice]")) box.remove();
    this.differing.clear();
    document.querySelector("[data-scores-conflict]").hidden = true;
    return this.flush();
  }

  // -- from before

  async begin() {
    if (Object.keys(this.stated).length) forget(`${this.form.dataset.place}/facts`);
    const before = await this.kept.get();
    if (before) {
      const here = this.typed();
      const version = this.version;
      this.atHall = before.atHall;
      this.show(before.typed);
      this.together(version, here);
      this.later(0);
    }
    this.check();
    this.form.dataset.ready = "";
  }
}

function wire(sheet) {
  const { form, inputs } = sheet;
  form.addEventListener("input", () => sheet.changed());
  for (const input of inputs) {
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => {
      const plain = plainNumber(input.value) || input.dataset.stated || "";
      if (plain !== input.value) { input.value = plain; sheet.changed(); }
    });
    input.addEventListener("keydown", (event) => step(event, inputs));
  }
  offerLevels(form, () => sheet.changed());
  form.addEventListener("submit", (event) => submit(event, sheet));
  addEventListener("online", () => sheet.flush());
  document.querySelector("form[action$='/logout']")?.addEventListener("submit", (event) => leave(event, sheet));
}

/** Enter goes on to the next field; up and down to the same bid's other criteria. */
function step(event, inputs) {
  const input = event.target;
  const column = inputs.filter(({ dataset }) => dataset.column === input.dataset.column);
  const [line, by] = { Enter: [inputs, 1], ArrowDown: [column, 1], ArrowUp: [column, -1] }[event.key] ?? [];
  if (!line || event.isComposing) return;
  event.preventDefault();
  line[line.indexOf(input) + by]?.focus();
}

async function submit(event, sheet) {
  event.preventDefault();
  if (event.submitter?.value !== "sign") return sheet.keepMine();
  const wrong = sheet.inputs.find((input) => sheet.lacking(input));
  if (wrong) {
    for (const input of sheet.inputs) {
      const code = sheet.lacking(input);
      if (code) sheet.say(input, say(`scores.${code}-here`, { most: input.dataset.max, points: input.dataset.stated }));
    }
    return (sheet.lacking(wrong) === "departs" ? sheet.reason(wrong) : wrong).focus();
  }
  if (!(await sheet.flush())) return undefined;
  sheet.form.append(element("input", { type: "hidden", name: "act", value: "sign" }));
  return sheet.form.submit();
}

/** At signing out nothing stays on this device (as on every page: leave.page.js), and here nothing unsent is left behind. */
async function leave(event, sheet) {
  event.preventDefault();
  if (!(await sheet.flush())) return;
  forget();
  event.target.submit();
}

const form = document.querySelector("[data-scores]");
if (form) {
  const sheet = new ScoreSheet(form);
  wire(sheet);
  sheet.begin();
}

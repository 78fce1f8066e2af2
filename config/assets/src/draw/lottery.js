/**
 * All draws of a lottery, judged together by a citizen's own browser (draw.md section 14.5): none hidden, none repeated, over the
 * printed balls and no others, by the announced rules. Written from the protocol's text; shares nothing with the hall.
 */
import { hex } from "../vault/bytes.js";
import { jcs } from "../vault/jcs.js";
import { formName, formOf } from "./beacon.js";
import { DrawError } from "./error.js";
import { family } from "./hashing.js";
import { lasting, replay, seedOf } from "./replay.js";
import { faultsAfter } from "./turns.js";

const TAG = "ball";
const seconds = (text) => Math.floor(Date.parse(text) / 1000);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
/** Whether a ball in the draw says what the printed list says of it. */
const sameBall = (printed, opened) =>
  [["name", "name"], ["number", "ball"], ["grade", "grade"], ["firm", "firm"]].every(([ours, theirs]) =>
    !Object.hasOwn(printed, ours) || !Object.hasOwn(opened, theirs) || printed[ours] === opened[theirs]);

class Judge {
  constructor(record) {
    this.record = record;
    this.printed = record.balls?.balls ?? [];
    this.rules = record.notice.draw;
    this.faults = [];
    this.draws = [];
    this.results = new Map(); // step → ids in drawn order
    this.slips = [];
    this.last = null; // hash of the last result
    this.next = 1; // number of the draw that must come now
  }

  fault(code, draw, detail = "") {
    this.faults.push({ code, draw, detail });
  }

  /** id → {weight, excluded, name, number}: what a step must be drawn from, by the printed list and the results before. */
  listFor(step) {
    if (step === "k") return new Map(this.rules.k_values.map((value) => [`K=${value}`, { weight: 1, excluded: "", name: value }]));
    const printed = this.printed.map((ball) => [ball.id, ball]);
    if (step !== "order") return new Map(printed);
    const finalists = this.results.get("finalists") ?? [];
    return new Map(printed.filter(([id]) => finalists.includes(id)));
  }

  quotaFor(step, list) {
    if (step === "k") return 1;
    const eligible = [...list.values()].filter(({ excluded }) => !excluded).length;
    return Math.min(eligible, { finalists: this.rules.finalists, order: eligible, winner: 20 }[step]);
  }

  checkPrinted() {
    if (!this.record.balls) {
      this.fault("NO_LIST", 0);
      return;
    }
    const { balls, at } = this.record.balls;
    const numbered = balls.every(({ number }, i) => number === i + 1);
    const distinct = new Set(balls.map(({ id }) => id)).size === balls.length;
    if (this.record.balls.works !== this.record.works || !numbered || !distinct) this.fault("LIST_FORM", 0);
    if (!(seconds(at) >= seconds(this.record.notice.declines_until))) this.fault("TOO_EARLY", 0, at);
    for (const { name, weight, excluded, grade, rule } of balls) {
      const due = excluded ? 1 : (this.rules.weights[grade] ?? 1);
      if (weight !== due) this.fault("WEIGHT_CHANGED", 0, `${name}: ${due} → ${weight}`);
      if (excluded && !rule) this.fault("NO_REASON", 0, name);
    }
    this.checkDeclines(balls, at);
  }

  /** Who declined did so before the list was fixed and is printed as left out; nobody else is printed as having declined. */
  checkDeclines(balls, at) {
    const rows = new Map(balls.map((ball) => [ball.id, ball]));
    const declined = new Set(this.record.declined.map(({ id }) => id));
    for (const { id, at: when } of this.record.declined) {
      const ball = rows.get(id);
      if (!ball) this.fault("BALL_MISSING", 0, id);
      else if (Date.parse(when) >= Date.parse(at)) this.fault("DECLINED_LATE", 0, ball.name);
      else if (!ball.excluded) this.fault("EXCLUSION_DIFFERS", 0, ball.name);
    }
    for (const { id, name, excluded } of balls) if (excluded === "declined" && !declined.has(id)) this.fault("EXCLUSION_DIFFERS", 0, name);
  }

  /** The numbers run through, each names the result before, and each step comes once, in its turn. */
  checkPlace(params, number, shown, isVoid) {
    const [works, purpose] = params.scope.split("/");
    if (works !== this.record.works || purpose !== "lottery" || number !== this.next) this.fault("HIDDEN", number, String(this.next));
    else if (params.prev !== this.last) this.fault("HIDDEN", number, "prev");
    this.next = number + 1;
    const step = params.strata[0].id;
    if (this.results.has(step)) this.fault("AGAIN", number, step);
    else if (step !== this.rules.steps.find((name) => !this.results.has(name))) this.fault("OUT_OF_TURN", number, step);
    // Whoever leaves a draw hanging and holds another has seen what the first would have given.
    if (this.draws.some(({ void: gone, ended }) => !gone && !ended)) this.fault("HANGING", number, step);
    this.draws.push({ number, step, void: isVoid, ended: shown.transcript.result !== null, ann: shown.ann, order: [] });
  }

  checkRules(params, number, quota) {
    const [stratum] = params.strata;
    const beacon = params.beacon ? formName(params.beacon.rule) : "";
    const parties = same([...params.must].sort(), [...params.trustees].sort());
    if (params.strata.length !== 1 || !same(stratum.tags, [TAG]) || params.cap !== 1 || beacon !== this.rules.beacon || !parties) this.fault("RULES_DIFFER", number);
    const began = params.t_commit - this.rules.pace[0];
    if (!same([params.t_commit, params.t_freeze, params.t_reveal], this.rules.pace.map((pace) => began + pace))) this.fault("RULES_DIFFER", number, "pace");
    if (!(began >= seconds(this.record.notice.draw_at))) this.fault("TOO_EARLY", number, this.record.notice.draw_at);
    if (stratum.quota !== quota) this.fault("PLACES_DIFFER", number, String(stratum.quota));
  }

  /** Every row is opened, and the rows are the balls of the list: no other, none missing, each as often as its weight says. */
  checkBalls({ rows, openings }, number, list) {
    const found = new Map();
    const owners = new Map(); // label → id
    for (const row of rows) {
      const opening = openings[row.h];
      if (!opening) {
        this.fault("NOT_OPENED", number, row.h.slice(0, 12));
        continue;
      }
      const { id } = opening[1];
      const excluded = row.x ?? "";
      const one = found.get(id) ?? { count: 0, excluded, groups: row.g };
      found.set(id, { ...one, count: one.count + 1, excluded: one.excluded === excluded ? excluded : "?" });
      // Rows of one firm must share a label, else more than its first ticket would count.
      // A label that two firms share would let the seat of one shut out the other.
      const alone = excluded || row.g.every((label) => (owners.get(label) ?? owners.set(label, id).get(label)) === id);
      if (!alone) this.fault("RULES_DIFFER", number, id);
      if (!excluded && (row.g.length === 0 || !same(row.g, one.groups) || !same(row.s, [TAG]))) this.fault("RULES_DIFFER", number, id);
    }
    const opened = new Map(Object.values(openings).map(([, ball]) => [ball.id, ball]));
    for (const [id, printed] of list) {
      const { weight, excluded, name } = printed;
      const there = found.get(id);
      if (!there) this.fault("BALL_MISSING", number, name);
      else if (there.excluded !== excluded) this.fault("EXCLUSION_DIFFERS", number, name);
      else if (there.count !== weight) this.fault("WEIGHT_CHANGED", number, `${name}: ${weight} → ${there.count}`);
    }
    for (const [id, { excluded }] of found) if (!list.has(id)) this.fault("BALL_ADDED", number, opened.get(id).name + (excluded && ` (${excluded})`));
    for (const [id, printed] of list) {
      const ball = opened.get(id);
      if (ball && !sameBall(printed, ball)) this.fault("BALL_DIFFERS", number, `${printed.number} ${printed.name} / ${ball.ball} ${ball.name}`);
    }
  }

  /** The chances that the draw rests on are those that the log froze, no fewer and no more; what was frozen is never void. */
  checkFrozen({ frozen, transcript: { result, commits } }, number, isVoid) {
    if (isVoid && frozen) this.fault("VOID_AFTER_FREEZE", number);
    if (result !== null && !frozen) this.fault("NOT_FROZEN", number);
    if (!frozen || isVoid) return;
    for (const party of frozen.parties) if (!Object.hasOwn(commits, party)) this.fault("CHANCE_MISSING", number, party);
    for (const party of Object.keys(commits)) if (!frozen.parties.includes(party)) this.fault("CHANCE_ADDED", number, party);
  }

  one(shown) {
    const t = shown.transcript;
    const { params } = t;
    const number = Number(params.scope.split("/")[2]);
    const isVoid = Boolean(shown.void);
    this.checkPlace(params, number, shown, isVoid);
    const step = params.strata[0].id;
    const list = this.listFor(step);
    this.checkRules(params, number, this.quotaFor(step, list));
    this.checkBalls(t, number, list);
    this.checkFrozen(shown, number, isVoid);
    if (hex(family(params.alg).H("announce", jcs(params))) !== shown.ann) this.fault("ANNOUNCED_DIFFERS", number);
    if (isVoid && (t.result !== null || t.beacon !== "")) this.fault("VOID_WITH_RESULT", number);
    if (t.result === null) return;
    const form = params.beacon && formOf(params.beacon.rule);
    if (form && !form(t.beacon)) this.fault("BEACON_FORM", number, t.beacon);
    this.play(shown, number, step);
  }

  play({ transcript: t, frozen }, number, step) {
    let played;
    try {
      played = replay(t, this.slips);
    } catch (error) {
      if (!(error instanceof DrawError)) throw error;
      this.believe(t, step);
      const bent = ["WAVE_UNSETTLED", "RESULT_DIFFERS"].includes(error.code) && seedOf(t) !== t.result.seed;
      this.fault(bent ? "SEED_DIFFERS" : error.code, number, bent ? "" : error.detail);
      return;
    }
    if (frozen && hex(played.freeze) !== frozen.freeze) this.fault("FREEZE_DIFFERS", number);
    this.slips.push(...lasting(t).map(([slip]) => slip));
    this.last = hex(played.resultHash);
    const ids = played.result.panel[step].map((handle) => t.openings[handle][1].id);
    const order = [...new Set(played.tickets.map(([, handle]) => t.openings[handle][1].id))];
    Object.assign(this.draws.at(-1), { order, seats: ids, seed: hex(played.seed) });
    if (!this.results.has(step)) this.results.set(step, ids);
  }

  /** A result that does not come out is named once; what follows is judged by what it claims, so that nothing else is blamed. */
  believe({ params, result, openings }, step) {
    const { H } = family(params.alg);
    this.last = hex(H("result", H("announce", jcs(params)), jcs(result)));
    const ids = (result.panel?.[step] ?? []).map((handle) => openings[handle]?.[1].id ?? handle);
    if (!this.results.has(step)) this.results.set(step, ids);
  }

  run() {
    this.checkPrinted();
    this.record.draws.forEach((shown, i) => {
      try {
        this.one(shown);
      } catch (error) {
        this.fault("MALFORMED", i + 1, error.message);
      }
    });
    for (const [step, ids] of Object.entries(this.record.drawn)) {
      if (!same(ids, this.results.get(step))) this.fault("ORDER_DIFFERS", 0, step);
    }
    for (const step of this.results.keys()) if (!Object.hasOwn(this.record.drawn, step)) this.fault("ORDER_DIFFERS", 0, step);
    this.faults.push(...faultsAfter(this.record, this.results));
    return { faults: this.faults, draws: this.draws };
  }
}

/**
 * @param {object} record the parsed record of a works (`/api/small-works/CODE/record`)
 * @returns {{faults: {code: string, draw: number, detail: string}[], draws: {number, step, void, order: string[], seats?: string[], seed?: string}[]}}
 *   `order` the ids of all eligible balls as drawn; `draw` 0 for what concerns the whole
 */
export function checkLottery(record) {
  return new Judge(record).run();
}

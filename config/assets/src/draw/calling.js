/** Queues, calls and waves: draw.md sections 5 and 6. */
import { DrawError } from "./error.js";

const tally = (values) => values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map());

/** Everybody with the stratum's first tag in the order of the draw, then those with its fallbacks. */
function queueOf({ tags }, ordered, rows) {
  const queue = new Set();
  for (const tag of tags) for (const handle of ordered) if (rows.get(handle).s.includes(tag)) queue.add(handle);
  return [...queue];
}

/**
 * Play all waves and give the result.
 * @param {object} params the announcement
 * @param {Map<string, object>} rows eligible rows by handle
 * @param {string[]} ordered their handles in the order of the draw
 */
export function playWaves(params, rows, ordered, waves) {
  const queues = new Map(params.strata.map((stratum) => [stratum.id, queueOf(stratum, ordered, rows)]));
  const seats = new Map(); // handle → {stratum, accepted}: everybody pending or accepted
  const called = new Set();
  const calls = [];

  const call = () => {
    const groups = tally([...seats.keys()].flatMap((handle) => rows.get(handle).g));
    const now = [];
    for (const { id, quota } of params.strata) {
      let missing = quota - [...seats.values()].filter(({ stratum }) => stratum === id).length;
      for (const handle of queues.get(id)) {
        if (missing <= 0) break;
        const { g } = rows.get(handle);
        if (called.has(handle) || (params.cap > 0 && g.some((label) => (groups.get(label) ?? 0) >= params.cap))) continue;
        called.add(handle);
        seats.set(handle, { stratum: id, accepted: false });
        for (const label of g) groups.set(label, (groups.get(label) ?? 0) + 1);
        now.push([id, handle]);
        missing -= 1;
      }
    }
    calls.push(now);
  };

  call();
  for (const wave of waves) {
    settle(seats, wave);
    call();
  }
  if ([...seats.values()].some(({ accepted }) => !accepted)) throw new DrawError("WAVE_UNSETTLED");
  return { calls, ...seated(params, ordered, seats) };
}

/** One wave: an answer for everybody pending, X for members that are removed, and nothing else. */
function settle(seats, wave) {
  const open = [...seats].filter(([, { accepted }]) => !accepted).map(([handle]) => handle);
  for (const [handle, outcome] of Object.entries(wave)) {
    const seat = seats.get(handle);
    if (!seat || seat.accepted !== (outcome === "X")) throw new DrawError("WAVE_UNSETTLED", handle);
  }
  for (const handle of open) if (!Object.hasOwn(wave, handle)) throw new DrawError("WAVE_UNSETTLED", handle);
  for (const [handle, outcome] of Object.entries(wave)) {
    if (outcome === "A") seats.get(handle).accepted = true;
    else seats.delete(handle);
  }
}

function seated({ strata }, ordered, seats) {
  const members = strata.map(({ id }) => [id, ordered.filter((handle) => seats.get(handle)?.stratum === id)]);
  const short = strata.map(({ id, quota }, i) => [id, quota - members[i][1].length]).filter(([, number]) => number > 0);
  return { panel: Object.fromEntries(members), short: Object.fromEntries(short) };
}

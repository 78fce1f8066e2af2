/** After the draws (draw.md section 14.1): the firms have their turn in the drawn order, at the ceiling less the drawn share. */

const PASSED_ON = ["refused", "rejected"];

/** An amount of yuan in fen. */
function fen(amount) {
  const [yuan, rest = ""] = amount.split(".");
  return BigInt(yuan) * 100n + BigInt(rest.padEnd(2, "0"));
}

/** The price of the contract in fen: ceiling × (1 − K), half up; `k` like "0.02", or "" where none is drawn. */
function priceOf(ceiling, k) {
  const digits = k.split(".")[1] ?? "";
  const whole = 10n ** BigInt(digits.length);
  return (fen(ceiling) * (whole - BigInt(digits || "0")) * 2n + whole) / (2n * whole);
}

/**
 * @param {object} record the parsed record of a works
 * @param {Map<string, string[]>} results step → ids in drawn order
 * @returns {{code: string, draw: number, detail: string}[]}
 */
export function faultsAfter({ notice, balls, turns }, results) {
  if (notice.form?.method === "low-price") return []; // sealed prices decide there, which the offline verifier opens
  const order = results.get(notice.draw.steps.at(-1)) ?? [];
  const price = priceOf(notice.ceiling, results.get("k")?.[0].replace("K=", "") ?? "");
  const names = new Map((balls?.balls ?? []).map(({ id, name }) => [id, name]));
  return turns.flatMap((turn, i) => {
    const before = turns[i - 1];
    const found = [];
    const name = names.get(turn.id) ?? turn.id;
    if (turn.id !== order[i] || turn.rank !== i + 1) found.push({ code: "AWARD_DIFFERS", draw: 0, detail: name });
    else if (before && !(PASSED_ON.includes(before.state) && before.reason)) found.push({ code: "PASSED_OVER", draw: 0, detail: names.get(before.id) ?? before.id });
    if (fen(turn.price) !== price) found.push({ code: "PRICE_DIFFERS", draw: 0, detail: turn.price });
    return found;
  });
}

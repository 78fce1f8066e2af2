/** Score sheets as data: numbers as people type them, exact sums, and what two windows have typed put together. */

const NUMBER = /^(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,4})?$/;

/** What was typed on any keyboard (１２。５) as a number is written; what is no number stays as it is. */
export function plainNumber(text) {
  const found = text.normalize("NFKC").trim().replaceAll("。", ".");
  return found.includes(".") && NUMBER.test(found) ? found.replace(/\.?0+$/, "") : found;
}

/** "" while a score may stand, else the code of what is wrong: "missing", "number" or "range". */
export function fault(text, most) {
  const score = plainNumber(text);
  if (!score) return "missing";
  if (!NUMBER.test(score)) return "number";
  return scaled(score) > scaled(most) ? "range" : "";
}

const PLACES = 10_000n;

/** A number with at most four places, times 10,000, exact. */
function scaled(text) {
  const [whole, rest = ""] = text.split(".");
  return BigInt(whole) * PLACES + BigInt(rest.padEnd(4, "0"));
}

function fraction(text) {
  const [over, under = "1"] = text.split("/");
  return [BigInt(over), BigInt(under)];
}

/** Points to two places, half up: `price` ("n/d", exact) and the scores ({score, max, share}) that are there. */
export function total(price, scores) {
  let [over, under] = fraction(price);
  for (const { score, max, share } of scores) {
    const most = scaled(max);
    over = over * most * PLACES + scaled(score) * scaled(share) * under;
    under *= most * PLACES;
  }
  const cents = (2n * over * 100n + under) / (2n * under);
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}

/**
 * Two windows' fields put together: `before` is what both began with, `mine` and `theirs` what they have now.
 * @returns {{fields: object, differing: string[]}} what only one of them changed is taken; where both changed
 *   a field in different ways, mine stays and the field is named
 */
export function merge(before, mine, theirs) {
  const fields = {};
  const differing = [];
  for (const name of new Set([...Object.keys(before), ...Object.keys(mine), ...Object.keys(theirs)])) {
    const [old, here, there] = [before, mine, theirs].map((each) => each[name] ?? "");
    const value = here === old ? there : here;
    if (here !== old && there !== old && here !== there) differing.push(name);
    if (value !== "") fields[name] = value;
  }
  return { fields, differing };
}

/** The price sheet: exact decimal strings, and the total in capital Chinese figures (大写金额). */
import { VaultError } from "./errors.js";
import { jcs } from "./jcs.js";

const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const PLACES = ["", "拾", "佰", "仟"];
const GROUPS = ["", "万", "亿", "兆"];

const AMOUNT = /^(?<whole>[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.(?<fraction>[0-9]+))?$/;

/**
 * "1,234.5" to an integer scaled by ten to the `places`; full-width figures as Chinese keyboards type
 * them are fine, misplaced separators are not.
 * @throws {VaultError} AMOUNT_INVALID
 */
export function scaled(text, places) {
  const plain = String(text).normalize("NFKC").trim();
  const { whole, fraction = "" } = AMOUNT.exec(plain)?.groups ?? {};
  if (whole === undefined || fraction.length > places) throw new VaultError("AMOUNT_INVALID", String(text));
  return BigInt(whole.replaceAll(",", "") + fraction.padEnd(places, "0"));
}

/** Integer fen to "yuan.fen". */
export const money = (fen) => `${fen / 100n}.${String(fen % 100n).padStart(2, "0")}`;

/** quantity (up to 6 places) × unit price (2 places), rounded half up to the fen. */
export const amount = (quantity, unitPrice) =>
  money((scaled(quantity, 6) * scaled(unitPrice, 2) + 500_000n) / 1_000_000n);

function groupWords(group) {
  let words = "";
  for (let place = 3; place >= 0; place--) {
    const digit = Math.floor(group / 10 ** place) % 10;
    if (digit) words += DIGITS[digit] + PLACES[place];
    else if (words && !words.endsWith("零") && group % 10 ** place) words += "零";
  }
  return words;
}

/** Capital figures of an amount in fen: 1234.50 元 is 壹仟贰佰叁拾肆元伍角. */
export function inWords(fen) {
  const yuan = fen / 100n;
  const [jiao, rest] = [Number((fen / 10n) % 10n), Number(fen % 10n)];
  let [words, skipped] = ["", false];
  for (let i = GROUPS.length - 1; i >= 0; i--) {
    const group = Number((yuan / 10n ** BigInt(4 * i)) % 10_000n);
    // A gap between two groups is spoken once as 零.
    if (group && words && (skipped || group < 1000)) words += "零";
    if (group) words += groupWords(group) + GROUPS[i];
    skipped = !group;
  }
  const whole = words ? `${words}元` : "";
  if (!jiao && !rest) return `${whole || "零元"}整`;
  const gap = whole && !jiao ? "零" : "";
  return `${whole}${gap}${jiao ? `${DIGITS[jiao]}角` : ""}${rest ? `${DIGITS[rest]}分` : ""}`;
}

/**
 * @param {object} form
 * @param {{name, brand, unit, quantity, unit_price}[]} form.items
 * @param {number} form.periodDays
 * @param {string} [form.coreBrand]
 * @param {string[]} [form.claims]
 * @returns {{bytes: Uint8Array, total: string, words: string}} JCS bytes of the part `price-sheet`
 */
export function priceSheet({ items, periodDays, coreBrand = "", claims = [] }) {
  const rows = items.map((item) => ({
    name: item.name, brand: item.brand, unit: item.unit, quantity: String(item.quantity).normalize("NFKC").trim().replaceAll(",", ""),
    unit_price: money(scaled(item.unit_price, 2)), amount: amount(item.quantity, item.unit_price),
  }));
  const fen = rows.reduce((sum, row) => sum + scaled(row.amount, 2), 0n);
  if (rows.length === 0 || fen === 0n) throw new VaultError("AMOUNT_INVALID", "total");
  if (!Number.isSafeInteger(periodDays) || periodDays < 1) throw new VaultError("PERIOD_INVALID");
  const [total, words] = [money(fen), inWords(fen)];
  const bytes = jcs({
    v: 1, typ: "ebid.price-sheet", currency: "CNY", opening: { total, words, period_days: periodDays },
    body: { total, items: rows }, core_brand: coreBrand, claims: [...claims].sort(),
  });
  return { bytes, total, words };
}

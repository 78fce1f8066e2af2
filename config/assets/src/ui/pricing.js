/** The price rows of a bid form: amounts and the total in figures and capitals as the user types. */
import { VaultError } from "../vault/errors.js";
import { amount, inWords, money, priceSheet, scaled } from "../vault/pricesheet.js";
import { say } from "./words.js";

const FIELDS = ["name", "brand", "unit", "quantity", "unit_price"];

/** A row's values: from its inputs `data-field`, else from the row's own data attributes. */
function rowValues(row) {
  return Object.fromEntries(FIELDS.map((name) => {
    const input = row.querySelector(`[data-field="${name}"]`);
    return [name, (input ? input.value : row.dataset[name === "unit_price" ? "unitPrice" : name] ?? "").trim()];
  }));
}

const set = (root, selector, text) => {
  for (const node of root.querySelectorAll(selector)) node.textContent = text;
};

/** 1995600.00 as people read it: 1,995,600.00. */
const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d)(?=.*\.|$))/g, ",");

/** Show amounts and totals; rows that cannot be computed yet show a dash. */
function refresh(root) {
  let [fen, complete] = [0n, true];
  for (const row of root.querySelectorAll("[data-bid-item]")) {
    const { quantity, unit_price: price } = rowValues(row);
    let text = "–";
    try {
      text = amount(quantity, price);
      fen += scaled(text, 2);
    } catch {
      complete = false;
    }
    set(row, "[data-bid-amount]", grouped(text));
  }
  set(root, "[data-bid-total]", complete ? grouped(money(fen)) : "–");
  set(root, "[data-bid-words]", complete ? inWords(fen) : "");
}

/** Mark the first wrong input and say why. */
function markWrong(root, selector, id) {
  const input = root.querySelector(selector);
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
  throw new VaultError("FORM", say(id));
}

/**
 * @param {HTMLElement} root the form
 * @returns {() => {bytes: Uint8Array, total: string, words: string}} reads the form; throws VaultError FORM
 */
export function priceForm(root) {
  root.addEventListener("input", (event) => {
    event.target.removeAttribute?.("aria-invalid");
    refresh(root);
  });
  refresh(root);
  return () => {
    const rows = [...root.querySelectorAll("[data-bid-item]")];
    for (const row of rows) {
      const values = rowValues(row);
      try {
        scaled(values.quantity, 6);
        scaled(values.unit_price, 2);
      } catch {
        markWrong(row, '[data-field="unit_price"]', "error.AMOUNT_INVALID");
      }
    }
    const periodDays = Number(root.querySelector('[name="period_days"]').value);
    if (!Number.isSafeInteger(periodDays) || periodDays < 1) markWrong(root, '[name="period_days"]', "error.PERIOD_INVALID");
    const claims = [...root.querySelectorAll('[name="claims"]:checked')].map((box) => box.value);
    const coreBrand = root.querySelector('[name="core_brand"]')?.value.trim() ?? "";
    return priceSheet({ items: rows.map(rowValues), periodDays, coreBrand, claims });
  };
}

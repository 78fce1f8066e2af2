/** Scores to be given with one tap: <button data-level="5" data-for="score-0-1" hidden>, shown where there is script. */
import { plainNumber } from "./scores.js";

/** @param {() => void} changed after a tap */
export function offerLevels(form, changed) {
  for (const level of form.querySelectorAll("[data-level]")) {
    level.hidden = false;
    level.addEventListener("click", () => {
      form.elements[level.dataset.for].value = level.dataset.level;
      changed();
    });
  }
}

/** Press the levels that the fields show. */
export function showLevels(form) {
  for (const level of form.querySelectorAll("[data-level]")) {
    const here = plainNumber(form.elements[level.dataset.for].value) === level.dataset.level;
    level.setAttribute("aria-pressed", String(here));
  }
}

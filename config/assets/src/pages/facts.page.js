/**
 * The facts of objective criteria (客观分陈述): <form data-facts data-place="code/round/member/facts" data-device-key="b64url">.
 * What is typed is kept on this device, sealed, until it is signed or somebody signs out: a line that drops costs nothing.
 */
import { keptFor } from "../ui/kept.js";
import { offerLevels, showLevels } from "../ui/levels.js";
import { plainNumber } from "../ui/scores.js";

const form = document.querySelector("[data-facts]");
const fields = [...form.querySelectorAll(".scoring-input, textarea")];
const kept = keptFor(form.dataset.place, form.dataset.deviceKey);

function changed() {
  showLevels(form);
  kept.put(Object.fromEntries(fields.map((field) => [field.name, field.value]))).catch(() => {});
}

const before = (await kept.get()) ?? {};
for (const field of fields) field.value ||= before[field.name] ?? "";
for (const input of form.querySelectorAll(".scoring-input")) {
  input.addEventListener("blur", () => {
    const plain = plainNumber(input.value);
    if (plain !== input.value) {
      input.value = plain;
      changed();
    }
  });
}
offerLevels(form, changed);
showLevels(form);
form.addEventListener("input", changed);
form.dataset.ready = "";

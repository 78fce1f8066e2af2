/** Words of the scripts in the page's language (messages.json holds them all). */
import catalogue from "../../messages.json" with { type: "json" };

const language = document.documentElement.lang.startsWith("en") ? "en" : "zh_CN";

/** The text of a message id with `{name}` places filled in. */
export function say(id, values = {}) {
  const text = catalogue[id]?.[language] ?? id;
  return text.replace(/\{([a-z]+)\}/g, (_, name) => values[name] ?? "");
}

/** What an error means to a person; unknown codes show themselves. */
export function explain(error) {
  if (error.code === "REFUSED") return error.problem?.faults?.map((fault) => fault.message).join(" ") || error.detail;
  // The browser's own: a file was changed or moved meanwhile, or a private window ran out of room.
  if (error.name === "NotReadableError") return say("error.FILE_UNREADABLE");
  const id = `error.${error.code}`;
  return Object.hasOwn(catalogue, id) ? say(id, { detail: error.detail }) : say("error.unexpected", { detail: error.message });
}

export const bytes = (n) => (n < 1e6 ? `${Math.ceil(n / 1e3)} kB` : `${(n / 1e6).toFixed(1)} MB`);

const beijing = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "zh-CN", {
  timeZone: "Asia/Shanghai", dateStyle: "medium", timeStyle: "medium",
});
/** An instant in Beijing time. */
export const moment = (time) => beijing.format(new Date(time));

/** Small DOM pieces that the pages share. */

/** element("p", {class: "hint"}, "text", child…): text is never parsed as HTML. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Save something as a file of the user. */
export function download(name, content, type = "application/octet-stream") {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = element("a", { href: url, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A link that saves a file again. */
export function downloadLink(text, name, content) {
  const link = element("button", { type: "button", class: "btn btn-outline-primary" }, text);
  link.addEventListener("click", () => download(name, content));
  return link;
}

/** The banner of a page: tone now (not done), wait, done; also announced to screen readers. */
export function banner(node, tone, title, detail = "") {
  node.className = `banner banner-${tone}`;
  node.setAttribute("role", "status");
  node.replaceChildren(title, ...(detail ? [element("p", {}, detail)] : []));
  node.hidden = false;
}

/** A problem near what the user was doing; empty text takes it away. */
export function problem(node, text) {
  node.hidden = !text;
  node.setAttribute("role", "alert");
  node.className = "error-summary";
  node.replaceChildren(...(text ? [element("p", {}, text)] : []));
  if (text) node.scrollIntoView({ block: "nearest" });
}

/** A labelled progress bar; `show(text, done, total)` and `hide()`. */
export function progressBar(container) {
  const label = element("p", { class: "hint" });
  const bar = element("progress", { class: "progress-line", max: "100" });
  container.replaceChildren(label, bar);
  container.hidden = true;
  return {
    show(text, done, total) {
      container.hidden = false;
      label.textContent = text;
      bar.setAttribute("aria-label", text);
      if (total) bar.value = (100 * done) / total;
      else bar.removeAttribute("value");
    },
    hide() {
      container.hidden = true;
    },
  };
}

/** While something runs: controls off, and the browser asks before the page is left. */
export async function busy(controls, work) {
  const ask = (event) => event.preventDefault();
  addEventListener("beforeunload", ask);
  for (const control of controls) control.disabled = true;
  try {
    return await work();
  } finally {
    removeEventListener("beforeunload", ask);
    for (const control of controls) control.disabled = false;
  }
}

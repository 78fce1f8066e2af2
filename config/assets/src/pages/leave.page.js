/** On every page of somebody who is signed in: signing out forgets what pages keep on this device. */
import { forget } from "../ui/kept.js";

// At the document, after the page's own handlers: one that must send something first stops the event and forgets itself.
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.matches("form[action$='/logout']")) forget();
});

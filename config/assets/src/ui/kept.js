/**
 * What is typed and not yet at the hall, kept on this device (localStorage), encrypted: the key comes with the page, to
 * whoever is signed in as the one who typed. So nobody else who holds the tablet reads it; it is gone once the hall has it.
 */
import { b64url, unb64url, utf8 } from "../vault/bytes.js";

const PREFIX = "tradehall/scores/";

export function keptFor(place, key) {
  const name = PREFIX + place;
  const usable = crypto.subtle.importKey("raw", unb64url(key), "AES-GCM", false, ["encrypt", "decrypt"]);
  let last = Promise.resolve();
  return {
    /** Keep it; writes follow one another in the order of the calls. */
    put(value) {
      last = last.then(async () => {
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await usable, utf8(JSON.stringify(value)));
        localStorage.setItem(name, `${b64url(iv)}.${b64url(new Uint8Array(sealed))}`);
      });
      return last;
    },
    /** What was kept, or null: also when it cannot be read. */
    async get() {
      const [iv, sealed] = (localStorage.getItem(name) ?? "").split(".");
      if (!sealed) return null;
      try {
        const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: unb64url(iv) }, await usable, unb64url(sealed));
        return JSON.parse(new TextDecoder().decode(plain));
      } catch {
        return null;
      }
    },
    /** Forget it, after what is being written. */
    remove() {
      last = last.then(() => localStorage.removeItem(name));
      return last;
    },
  };
}

/** What was kept under one place and below it, once it is signed; everything, whoever's, at signing out. */
export function forget(place = "") {
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX + place)) localStorage.removeItem(name);
}

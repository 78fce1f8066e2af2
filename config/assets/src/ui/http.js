/** Requests to the hall with its CSRF token. */

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** @returns {Promise<{status: number, body: any}>} body parsed where it is JSON, else the bytes */
export async function send(method, url, { json, body, headers = {}, signal } = {}) {
  const all = { Accept: "application/json", ...headers };
  if (method !== "GET") all["X-CSRF-Token"] = token();
  if (json !== undefined) all["Content-Type"] = "application/json";
  const response = await fetch(url, {
    method, headers: all, body: json === undefined ? body : JSON.stringify(json), signal, credentials: "same-origin", cache: "no-store",
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const kind = response.headers.get("Content-Type") ?? "";
  const isJson = /^application\/(?:[a-z.+-]*\+)?json/.test(kind) && bytes.length > 0;
  return { status: response.status, body: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : bytes };
}

/** The raw bytes of a document whose bytes matter. @throws {Error} when the hall does not have it */
export async function bytesOf(url) {
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store" });
  if (!response.ok) throw new Error(`${response.status} ${url}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Upload in resumable pieces: what the hall already has is not sent again, a lost line is waited out. */
import { b64url, hex, sha256 } from "./bytes.js";
import { VaultError } from "./errors.js";

const LONGEST_PAUSE_MS = 30_000;
const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);
const sleepFor = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * One request, repeated with growing pauses while the line or the server is away.
 * @param {(method: string, url: string, options: object) => Promise<{status: number, body: any}>} send
 *   throws on a lost connection
 * @param {{sleep?: Function, onLost?: (ms: number) => void, signal?: AbortSignal}} [patience]
 */
export async function insist(send, method, url, options = {}, { sleep = sleepFor, onLost, signal } = {}) {
  for (let pause = 500; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    let answer = null;
    try {
      answer = await send(method, url, options);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch throws TypeError when no answer came
    }
    if (answer && !RETRIED.has(answer.status)) return answer;
    onLost?.(pause);
    await sleep(pause);
  }
}

/** A refusal of the server, with the signed one where it sent one. */
export class Refused extends VaultError {
  constructor({ status, body }) {
    super("REFUSED", body?.detail ?? body?.title ?? String(status));
    this.status = status;
    this.problem = body;
    this.refusal = body?.refusal ?? null;
  }
}

function need(answer, ...statuses) {
  if (!statuses.includes(answer.status)) throw new Refused(answer);
  return answer.body;
}

/** Send the missing pieces, two at a time. */
async function sendPieces(call, upload, parts, progress) {
  const queue = Object.entries(upload.missing).flatMap(([part, pieces]) => pieces.map((n) => ({ part, n })));
  const worker = async () => {
    for (let piece = queue.shift(); piece; piece = queue.shift()) {
      const start = piece.n * upload.piece_bytes;
      const blob = parts[piece.part].slice(start, start + upload.piece_bytes);
      const hash = hex(await sha256(new Uint8Array(await blob.arrayBuffer())));
      const headers = { "X-Content-SHA256": hash, "Content-Type": "application/octet-stream" };
      // The Blob itself is the body: the browser streams it without another copy in this page.
      need(await call("PUT", `/api/bids/uploads/${upload.upload}/${piece.part}/${piece.n}`, { body: blob, headers }), 204, 200);
      progress(blob.size);
    }
  };
  await Promise.all([worker(), worker()]);
}

const missingBytes = (upload, parts) =>
  Object.entries(upload.missing).reduce((sum, [part, pieces]) => sum + pieces.reduce(
    (inner, n) => inner + Math.min(upload.piece_bytes, parts[part].size - n * upload.piece_bytes), 0), 0);

/**
 * Upload and submit one sealed bid. Calling it again after a reload, with the same bid, goes on where
 * the last call stopped: the server answers the same upload with what is still missing.
 * @param {{tender: string, manifest: Uint8Array, cms: Uint8Array, parts: Record<string, Blob>}} bid
 * @param {object} options
 * @param {Function} options.send as for `insist`
 * @param {(done: number, total: number) => void} [options.onProgress] in bytes
 * @returns {Promise<{ref: string, receipt: string}>}
 * @throws {Refused}
 */
export async function uploadBid({ tender, manifest, cms, parts }, { send, onProgress, ...patience }) {
  const call = (method, url, options) => insist(send, method, url, options, patience);
  const json = { tender, manifest: b64url(manifest), cms: b64url(cms) };
  const total = Object.values(parts).reduce((sum, blob) => sum + blob.size, 0);
  let upload = need(await call("POST", "/api/bids/uploads", { json }), 200, 201);
  // A piece that the server lost or refused shows as missing again; three rounds are plenty.
  for (let round = 0; missingBytes(upload, parts) > 0; round++) {
    if (round === 3) throw new VaultError("UPLOAD_INCOMPLETE");
    let done = total - missingBytes(upload, parts);
    onProgress?.(done, total);
    await sendPieces(call, upload, parts, (bytes) => onProgress?.((done += bytes), total));
    upload = need(await call("GET", `/api/bids/uploads/${upload.upload}`), 200);
  }
  return need(await call("POST", `/api/bids/uploads/${upload.upload}/submit`, { json: {} }), 200, 202);
}

/**
 * Wait for a receipt; asks more slowly with time.
 * @returns {Promise<object>} the receipt
 */
export async function pollReceipt(url, { send, sleep = sleepFor, ...patience }) {
  for (let pause = 250; ; pause = Math.min(pause * 1.5, 5000)) {
    const answer = await insist(send, "GET", url, {}, { sleep, ...patience });
    if (answer.status === 200) return answer.body;
    if (answer.status !== 202) throw new Refused(answer);
    await sleep(pause);
  }
}

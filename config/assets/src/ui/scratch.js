/**
 * Files of this page's own on the device's disk (the origin private file system): a sealed bid is written
 * there while it is made. A browser keeps Blobs of up to 2 GB in its memory, files it does not.
 */
import { blobSink } from "../vault/sink.js";

const FOLDER = "sealed";
const lockOf = (name) => `tradehall/${FOLDER}/${name}`;

async function folder() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

/** Held until this page goes away: the file is in use. */
const hold = (name) => new Promise((held) => {
  navigator.locks.request(lockOf(name), () => (held(), new Promise(() => {})));
});

/** Files of pages that are gone; what is worth keeping of them is in the store. */
async function sweep(files) {
  const used = new Set((await navigator.locks.query()).held.map((lock) => lock.name));
  for await (const name of files.keys()) {
    if (!used.has(lockOf(name))) await files.removeEntry(name).catch(() => undefined);
  }
}

async function file() {
  const files = await folder();
  await sweep(files);
  const name = crypto.randomUUID();
  await hold(name);
  const handle = await files.getFileHandle(name, { create: true });
  const stream = await handle.createWritable();
  return {
    write: (bytes) => stream.write(bytes),
    close: async () => {
      await stream.close();
      return handle.getFile();
    },
  };
}

/** A sink on the disk; in memory where the browser has no such files, as in private windows of some. */
export const fileSink = () => file().catch(blobSink);

/** Where finished bytes go while more are made: into Blobs here, into a file of the device in ui/scratch.js. */

// Handed to a Blob in portions of this size, so that this page itself holds no more.
const PORTION = 8 << 20;

/**
 * A sink in memory.
 * @returns {{write: (bytes: Uint8Array) => Promise<void>, close: () => Promise<Blob>}}
 */
export async function blobSink() {
  const portions = [];
  let [pending, size] = [[], 0];
  return {
    async write(bytes) {
      pending.push(bytes);
      size += bytes.length;
      if (size < PORTION) return;
      portions.push(new Blob(pending));
      [pending, size] = [[], 0];
    },
    close: async () => new Blob([...portions, ...pending]),
  };
}

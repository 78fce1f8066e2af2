/**
 * What this browser keeps (IndexedDB): certificate key files (encrypted as they are), bids with their key
 * files and receipts, apart from them their ciphertexts, and the last checkpoint seen of each log.
 */

const STORES = { keys: "certSha256", bids: "manifestHash", sealed: "manifestHash", checkpoints: "origin" };

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("tradehall", 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run(store, mode, operation) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction(store, mode);
      const request = operation(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    db.close();
  }
}

export const put = (store, value) => run(store, "readwrite", (objects) => objects.put(value));
export const get = (store, key) => run(store, "readonly", (objects) => objects.get(key));
export const all = (store) => run(store, "readonly", (objects) => objects.getAll());
export const remove = (store, key) => run(store, "readwrite", (objects) => objects.delete(key));

/** Ask the browser not to clear our storage when the disk gets full. */
export const persist = () => navigator.storage?.persist?.().catch(() => false);

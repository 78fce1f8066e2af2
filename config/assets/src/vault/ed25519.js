/** Ed25519 verification: WebCrypto where the browser has it, @noble/curves where it has not. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { subtle } from "./bytes.js";

/** Each way alone, so that a test can hold them against each other. */
export const verifiers = {
  async native(publicKey, message, signature) {
    const key = await subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return subtle.verify("Ed25519", key, signature, message);
  },
  async portable(publicKey, message, signature) {
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false;
    }
  },
};

/** @returns {Promise<boolean>} */
export async function verifyEd25519(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return await verifiers.native(publicKey, message, signature);
  } catch (error) {
    if (error?.name !== "NotSupportedError") return false;
    return verifiers.portable(publicKey, message, signature);
  }
}

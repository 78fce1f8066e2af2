/** A fault with a stable code; pages look the words up in their message catalogue. */
export class VaultError extends Error {
  /**
   * @param {string} code a message id of messages.json, or an outcome of vault.md 2.9
   * @param {string} [detail] for logs and support, never the only thing a user sees
   */
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "VaultError";
    this.code = code;
    this.detail = detail;
  }
}

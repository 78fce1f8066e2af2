/** A draw is refused; `code` is one of draw.md section 9, `detail` says what. */
export class DrawError extends Error {
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "DrawError";
    this.code = code;
    this.detail = detail;
  }
}

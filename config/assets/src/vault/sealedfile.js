/** The `.sealed` file: a USTAR archive of policy.json, bid.json, bid.p7s and parts/<name>.bin. */
import { hex, sha256 } from "./bytes.js";
import { VaultError } from "./errors.js";
import { parseManifest } from "./manifest.js";
import { readTar, writeTar } from "./tar.js";

const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

/** @param {{policyRaw: Uint8Array, manifest: Uint8Array, cms: Uint8Array, parts: Record<string, Blob>}} bid */
export const writeSealed = ({ policyRaw, manifest, cms, parts }) =>
  writeTar([
    { name: "policy.json", data: new Blob([policyRaw]) },
    { name: "bid.json", data: new Blob([manifest]) },
    { name: "bid.p7s", data: new Blob([cms]) },
    ...Object.entries(parts).map(([name, data]) => ({ name: `parts/${name}.bin`, data })),
  ]);

/**
 * Read a `.sealed` file back; part contents are slices of it.
 * @throws {VaultError} MALFORMED when members, order or sizes are not as the manifest says
 */
export async function readSealed(blob) {
  const members = await readTar(blob);
  const names = members.map((member) => member.name);
  if (names.slice(0, 3).join() !== "policy.json,bid.json,bid.p7s") throw new VaultError("MALFORMED", "not a .sealed file");
  const [policyRaw, manifest, cms] = await Promise.all(members.slice(0, 3).map((member) => bytesOf(member.data)));
  const document = parseManifest(manifest);
  const parts = Object.fromEntries(members.slice(3).map(({ name, data }) => [name.replace(/^parts\/(.*)\.bin$/, "$1"), data]));
  for (const part of document.parts) {
    if (parts[part.name]?.size !== part.size) throw new VaultError("MALFORMED", `part ${part.name}`);
  }
  if (Object.keys(parts).length !== document.parts.length) throw new VaultError("MALFORMED", "loose part");
  return { policyRaw, manifest, cms, parts, document, manifestHash: hex(await sha256(manifest)) };
}

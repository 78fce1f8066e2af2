/**
 * Build everything a browser gets into built/: page scripts and styles under hashed names, third-party
 * files copied from node_modules, and the offline sealer as one HTML file.
 *
 * built/manifest.json  {"bid.page.js": "bid.page-ABCDEFGH.js", …}: logical name to hashed file name
 * built/sealer.json    {"file", "sha256"}: the offline sealer, whose hash policies name
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as esbuild from "esbuild";

const OUT = "built";
const COPIED = {
  "bootstrap.css": "node_modules/bootstrap/dist/css/bootstrap.min.css",
  "htmx.js": "node_modules/htmx.org/dist/htmx.min.js",
  "hx-sse.js": "node_modules/htmx.org/dist/ext/hx-sse.min.js",
};
const TARGET = ["chrome111", "firefox119", "safari17"];
const shared = { bundle: true, minify: true, format: "esm", target: TARGET, legalComments: "eof", charset: "utf8", logLevel: "warning" };

const digest = (bytes, encoding) => createHash("sha256").update(bytes).digest(encoding);

/** Write under a name that carries the content's hash; through a temporary file, so no reader sees half of it. */
async function put(name, bytes) {
  await writeFile(join(OUT, `${name}.part`), bytes);
  await rename(join(OUT, `${name}.part`), join(OUT, name));
  return name;
}

function hashed(logical, bytes) {
  const dot = logical.lastIndexOf(".");
  return `${logical.slice(0, dot)}-${digest(bytes, "hex").slice(0, 12)}${logical.slice(dot)}`;
}

async function outputs() {
  const files = {};
  for (const [logical, path] of Object.entries(COPIED)) {
    // Source maps are not shipped, so the reference to them goes too.
    files[logical] = Buffer.from((await readFile(path, "utf8")).replace(/\n?\/[*/]# sourceMappingURL=.*$/m, ""));
  }
  for (const style of (await readdir("src")).filter((name) => name.endsWith(".css"))) {
    const { outputFiles } = await esbuild.build({ ...shared, entryPoints: [join("src", style)], write: false });
    files[style] = Buffer.from(outputFiles[0].contents);
  }
  files["favicon.svg"] = await readFile("src/favicon.svg");
  return files;
}

/** Page scripts; what several of them use lies in chunks, which esbuild names by their hash. */
async function scripts() {
  const pages = (await readdir("src/pages")).filter((name) => name.endsWith(".page.js"));
  const { outputFiles } = await esbuild.build({
    ...shared, entryPoints: pages.map((page) => join("src/pages", page)), outdir: OUT,
    splitting: true, chunkNames: "chunk-[hash]", write: false,
  });
  return outputFiles.map((file) => [basename(file.path), Buffer.from(file.contents)]);
}

/** The sealer: script and style inline, allowed by their hashes and by nothing else; no network at all. */
async function sealer() {
  const build = async (entry) =>
    (await esbuild.build({ ...shared, format: "iife", legalComments: "none", entryPoints: [entry], write: false })).outputFiles[0].text.trim();
  // Inside HTML, `</script` in a string of the bundle would end the element.
  const script = (await build("src/offline/sealer.js")).replaceAll("</script", "<\\/script");
  const style = await build("src/offline/sealer.css");
  const messages = JSON.stringify(JSON.parse(await readFile("messages.json", "utf8"))).replaceAll("<", "\\u003c");
  const policy = `default-src 'none'; script-src 'sha256-${digest(script, "base64")}'; style-src 'sha256-${digest(style, "base64")}'; base-uri 'none'; form-action 'none'`;
  const fill = { "{{csp}}": policy, "{{style}}": style, "{{messages}}": messages, "{{script}}": script };
  const template = await readFile("src/offline/sealer.html", "utf8");
  return template.replace(/\{\{[a-z]+\}\}/g, (place) => fill[place]);
}

await mkdir(OUT, { recursive: true });
const manifest = {};
for (const [logical, bytes] of Object.entries(await outputs())) {
  manifest[logical] = await put(hashed(logical, bytes), bytes);
}
const chunks = [];
for (const [name, bytes] of await scripts()) {
  if (name.startsWith("chunk-")) chunks.push(await put(name, bytes));
  else manifest[name] = await put(hashed(name, bytes), bytes);
}
const page = Buffer.from(await sealer());
manifest["sealer.html"] = await put(hashed("sealer.html", page), page);
await put("sealer.json", `${JSON.stringify({ file: manifest["sealer.html"], sha256: digest(page, "hex") })}\n`);
await put("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);
const keep = new Set([...Object.values(manifest), ...chunks, "sealer.json", "manifest.json"]);
for (const name of await readdir(OUT)) if (!keep.has(name) && !name.startsWith(".")) await rm(join(OUT, name));

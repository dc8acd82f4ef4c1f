import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("./service-worker.js", import.meta.url));
/** The files in `public/` that are part of the page. */
const PUBLIC = ["icon.svg", "manifest.webmanifest"];

/** Writes the service worker that keeps all files of the page, by their content, for later visits without a network. */
export function offline() {
  return {
    name: "offline",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const names = Object.keys(bundle).filter((name) => !name.endsWith(".map"));
      const hash = createHash("sha256");
      for (const name of names.sort()) {
        const file = bundle[name];
        hash.update(name).update(file.type === "chunk" ? file.code : file.source);
      }
      const kept = ["./", ...new Set([...names, ...PUBLIC])].filter((name) => name !== "index.html");
      const source = readFileSync(WORKER, "utf8")
        .replace("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)))
        .replace("__FILES__", JSON.stringify(kept));
      this.emitFile({ type: "asset", fileName: "service-worker.js", source });
    },
  };
}

// A project of its own with nothing in it but what `npm pack` makes of this package, for the tests.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Makes one: its folder, and what removes it. */
export function cleanProject() {
  const project = mkdtempSync(join(tmpdir(), "portolan-project-"));
  const npm = (cwd, ...args) => execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const [{ filename }] = JSON.parse(npm(ROOT, "pack", "--json", "--pack-destination", project));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "clean", private: true, type: "module" }));
  npm(project, "install", "--offline", "--no-audit", "--no-fund", `./${filename}`);
  return { project, remove: () => rmSync(project, { recursive: true, force: true }) };
}

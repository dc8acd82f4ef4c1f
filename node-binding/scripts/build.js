// Builds the package into dist/: the module by Cargo, its glue and types by portolan-wasm-tools, the rest by tsc.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const root = join(here, "..");
const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });

const target = JSON.parse(run("cargo", "metadata", "--format-version", "1", "--no-deps")).target_directory;
// Turns off optimizations of LLVM that cost size: copying structs field by field, inlining functions with large stacks into
// their only callers, and keeping loop addresses in registers. Two copies are allowed, the length of a text: with one, the
// compressed module is 8 KB smaller, and loading takes a quarter longer.
const llvm = ["-max-store-memcpy=2", "-max-store-memmove=2", "-inline-max-stacksize=32", "-disable-lsr", "-disable-machine-licm"];
// Panics name paths of the sources, not of the machine that built them.
const places = { [process.env.CARGO_HOME ?? join(homedir(), ".cargo")]: "cargo", [run("rustc", "--print", "sysroot").trim()]: "rust", [root]: "portolan" };
const flags = JSON.stringify([
  ...llvm.flatMap((option) => ["-C", `llvm-args=${option}`]),
  ...Object.entries(places).map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
]);
// Only the module: Cargo skips link-time optimisation if it also builds a library for tests.
run("cargo", "--config", `target.wasm32-unknown-unknown.rustflags=${flags}`, "rustc", "--quiet", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", "portolan-wasm", "--crate-type", "cdylib");
const generated = join(target, "portolan-wasm-generated");
rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
const wasm = join(target, "wasm32-unknown-unknown", "wasm", "portolan_wasm.wasm");
// The tool in the folder that `PORTOLAN_BINARIES` names, or built here.
const tool = process.env.PORTOLAN_BINARIES ? [join(process.env.PORTOLAN_BINARIES, "portolan-wasm-tools")] : ["cargo", "run", "--quiet", "-p", "portolan-wasm-tools", "--"];
run(...tool, "npm", wasm, generated);

const dist = join(here, "dist");
rmSync(dist, { recursive: true, force: true });
// The glue is beside the sources in the same way as beside the built files.
for (const folder of [join(here, "wasm"), join(dist, "wasm")]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(generated, "web", "portolan.js"), join(folder, "portolan.js"));
  cpSync(join(generated, "web", "portolan.d.ts"), join(folder, "portolan.d.ts"));
  cpSync(join(generated, "node", "portolan.js"), join(folder, "portolan.cjs"));
}
cpSync(join(generated, "web", "portolan_bg.wasm"), join(dist, "wasm", "portolan_bg.wasm"));
cpSync(join(here, "src", "portolan_bg.wasm.d.ts"), join(dist, "wasm", "portolan_bg.wasm.d.ts"));
cpSync(join(generated, "types.ts"), join(here, "src", "types.ts"));
// npm includes the licence if it is beside package.json.
cpSync(join(root, "LICENSE"), join(here, "LICENSE"));
cpSync(join(generated, "fields.json"), join(dist, "fields.json"));

const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
const { bin } = JSON.parse(readFileSync(tsc, "utf8"));
for (const platform of ["node", "browser"]) {
  try {
    run(process.execPath, join(tsc, "..", bin.tsc), "-p", join(here, `tsconfig.${platform}.json`));
  } catch (error) {
    console.error(error.stdout);
    process.exit(1);
  }
}

// Node: CommonJS underneath, so that `import` and `require` share one engine. The ES modules only re-export the names.
writeFileSync(join(dist, "node", "package.json"), '{ "type": "commonjs" }\n');
const require = createRequire(import.meta.url);
// With this mark, some bundlers import the member `default`, which does not exist.
const MARK = 'Object.defineProperty(exports, "__esModule", { value: true });\n';
for (const entry of ["node", "node-admission"]) {
  const path = join(dist, "node", `${entry}.js`);
  const text = readFileSync(path, "utf8");
  if (!text.includes(MARK)) throw new Error(`${path} is not marked as it was`);
  writeFileSync(path, text.replace(MARK, ""));
  const names = Object.keys(require(path));
  writeFileSync(join(dist, "node", `${entry}.mjs`), `import loaded from "./${entry}.js";\nexport const { ${names.join(", ")} } = loaded;\n`);
  writeFileSync(join(dist, "node", `${entry}.d.mts`), `export * from "./${entry}.js";\n`);
}

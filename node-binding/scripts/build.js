// Builds the package into dist/: the module by Cargo, its glue and types by portolan-wasm-generate, the rest by tsc.
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
// What LLVM does for speed at the cost of size: it copies structs field by field, puts functions with much on their stack into
// their only callers, and keeps addresses of loops at hand. Two copies at most, which is a text: with one, the module is 8 KB
// smaller when compressed, and loading takes a quarter longer.
const llvm = ["-max-store-memcpy=2", "-max-store-memmove=2", "-inline-max-stacksize=32", "-disable-lsr", "-disable-machine-licm"];
// The places in panics are of the sources, not of the machine that built them.
const places = { [process.env.CARGO_HOME ?? join(homedir(), ".cargo")]: "cargo", [run("rustc", "--print", "sysroot").trim()]: "rust", [root]: "portolan" };
const flags = JSON.stringify([
  ...llvm.flatMap((option) => ["-C", `llvm-args=${option}`]),
  ...Object.entries(places).map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
]);
// As the module alone: Cargo leaves out link-time optimisation where a library for tests is built beside it.
run("cargo", "--config", `target.wasm32-unknown-unknown.rustflags=${flags}`, "rustc", "--quiet", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", "portolan-wasm", "--crate-type", "cdylib");
const generated = join(target, "portolan-wasm-generated");
rmSync(generated, { recursive: true, force: true });
mkdirSync(generated, { recursive: true });
const wasm = join(target, "wasm32-unknown-unknown", "wasm", "portolan_wasm.wasm");
run("cargo", "run", "--quiet", "-p", "portolan-wasm-generate", "--", wasm, generated);

const dist = join(here, "dist");
rmSync(dist, { recursive: true, force: true });
// The glue stands beside the sources as it will stand beside the built files.
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
// npm puts the licence into the package where it stands beside package.json.
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

// Node: CommonJS underneath, so that `import` and `require` share one engine; the ES modules only give the names on.
writeFileSync(join(dist, "node", "package.json"), '{ "type": "commonjs" }\n');
const require = createRequire(import.meta.url);
// With this mark, some bundlers take the member `default` of what it marks for what is imported, and there is none.
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

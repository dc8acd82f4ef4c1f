// What `npm pack` makes: installed into a clean project it runs in every way it can be loaded, and type-checks strictly.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cleanProject } from "./project.js";

let project;
let remove;

const run = (command, ...args) => execFileSync(command, args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

before(() => {
  ({ project, remove } = cleanProject());
});

after(() => remove());

const MANIFEST = "apiVersion: v1\\nkind: Service\\nmetadata: {name: web}\\nspec: {ports: [{port: 80}]}\\n";
const USE = `const cluster = Cluster.load("${MANIFEST}"); console.log(cluster.objects().objects[0].name, check("a: [").length); cluster.free();`;

test("it carries its licence, its documentation and no more than it needs", () => {
  const packed = join(project, "node_modules/portolan");
  assert.match(readFileSync(join(packed, "LICENSE"), "utf8"), /Apache License/);
  assert.match(readFileSync(join(packed, "README.md"), "utf8"), /npm install portolan/);
  assert.deepEqual(readdirSync(packed).sort(), ["LICENSE", "README.md", "dist", "examples", "package.json"]);
  const { dependencies } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
});

test("it is imported as an ES module", () => {
  writeFileSync(join(project, "esm.mjs"), `import { Cluster, check } from "portolan"; import { review } from "portolan/admission"; ${USE} console.log(typeof review);`);
  assert.equal(run(process.execPath, "esm.mjs"), "web 1\nfunction\n");
});

test("it is required as CommonJS", () => {
  writeFileSync(join(project, "cjs.cjs"), `const { Cluster, check } = require("portolan"); const { review } = require("portolan/admission"); ${USE} console.log(typeof review);`);
  assert.equal(run(process.execPath, "cjs.cjs"), "web 1\nfunction\n");
});

test("its browser build runs where fetch gives the module", async () => {
  const wasm = readFileSync(join(project, "node_modules/portolan/dist/wasm/portolan_bg.wasm"));
  const server = createServer((request, response) => response.writeHead(200, { "content-type": "application/wasm" }).end(wasm));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${server.address().port}/portolan.wasm`;
    writeFileSync(
      join(project, "web.mjs"),
      `import { Cluster, check, init, reset } from "./node_modules/portolan/dist/browser/browser.js";
       try { Cluster.load(""); } catch (error) { console.log(error.reason); }
       await init("${url}"); ${USE} reset(); ${USE.replace("const cluster", "const second").replaceAll("cluster.", "second.")}`,
    );
    const { execFile } = await import("node:child_process");
    const { promisify } = await import("node:util");
    const { stdout } = await promisify(execFile)(process.execPath, ["web.mjs"], { cwd: project });
    assert.equal(stdout, "NotReady\nweb 1\nweb 1\n");
  } finally {
    server.close();
  }
});

const TYPED = `
import { check, Cluster, init, PortolanError, type Finding, type RouteAnswer, type Service } from "portolan";
import { review, type AdmissionReview } from "portolan/admission";

const service: Service = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80, targetPort: "http" }] } };
await init();
using cluster = Cluster.load([service], { serviceClusterIPRange: "10.0.0.0/16" });
const route: RouteAnswer = cluster.route({ url: "http://a/" });
const same = cluster.ask({ ask: "route", url: "http://a/", id: 7 });
const verdict: "forward" | "reject" | "drop" | "none" = cluster.backends({ to: { ip: "10.0.0.1", port: 80 } }).verdict;
const found: readonly Finding[] = check("a: b");
const { response }: AdmissionReview = review({} as AdmissionReview, { cluster });
console.log(route.matched, same.matched, verdict, found.length, response?.allowed, cluster.map().rows);
try { cluster.resolve({ name: "a" }); } catch (error) { if (error instanceof PortolanError) console.log(error.reason, error.field, error.line); }
// @ts-expect-error a question without its URL
cluster.route({});
// @ts-expect-error a kind of question that is none
cluster.ask({ ask: "weather" });
// @ts-expect-error a port is a number
const wrong: Service = { spec: { ports: [{ port: "80" }] } };
console.log(wrong);
`;

test("its types hold strictly, however modules are resolved", () => {
  const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(tsc, "utf8"));
  mkdirSync(join(project, "typed"));
  writeFileSync(join(project, "typed/use.mts"), TYPED);
  writeFileSync(join(project, "typed/use.cts"), TYPED.replace("await init();", "void init();").replace("import { check", "import { check"));
  writeFileSync(join(project, "typed/package.json"), '{ "type": "module" }');
  const check = (file, ...options) => {
    try {
      run(process.execPath, join(tsc, "..", bin.tsc), "--strict", "--noEmit", "--target", "es2022", "--lib", "es2023,esnext.disposable,dom", "--types", "", ...options, file);
    } catch (error) {
      assert.fail(`${file} ${options.join(" ")}\n${error.stdout}`);
    }
  };
  writeFileSync(join(project, "typed/module.mts"), 'import { init } from "portolan";\nimport module from "portolan/portolan.wasm";\nawait init(module);\n');
  for (const resolution of [["nodenext"], ["esnext", "--moduleResolution", "bundler"]]) {
    check("typed/module.mts", "--module", ...resolution);
  }
  check("typed/module.mts", "--module", "esnext", "--moduleResolution", "bundler", "--customConditions", "node");
  check("typed/use.mts", "--module", "nodenext");
  check("typed/use.cts", "--module", "nodenext");
  check("typed/use.mts", "--module", "esnext", "--moduleResolution", "bundler");
});

test("every public member is documented", () => {
  const undocumented = [];
  for (const file of ["cluster", "engine", "check", "admission", "types", "api", "browser"]) {
    const text = readFileSync(join(project, `node_modules/portolan/dist/browser/${file}.d.ts`), "utf8").split("\n");
    text.forEach((line, index) => {
      const member = /^(export (declare )?(function|class|interface|type|const) \w+|    (readonly |static |get )?[\w$]+[?(:])/.test(line);
      const above = text[index - 1]?.trim() ?? "";
      if (member && !above.endsWith("*/") && !/private|constructor|Questions\["|\[Symbol/.test(line)) undocumented.push(`${file}: ${line.trim()}`);
    });
  }
  assert.deepEqual(undocumented, []);
});

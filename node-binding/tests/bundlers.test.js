// What bundlers make of the installed package, written as its README says: it runs in Node, and in Chromium on the page and
// in a worker, under a policy that lets scripts come from nowhere else.
import commonjs from "@rollup/plugin-commonjs";
import resolve from "@rollup/plugin-node-resolve";
import esbuild from "esbuild";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { rollup } from "rollup";
import webpack from "webpack";
import { cleanProject } from "./project.js";

const CHROMIUM = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

const MANIFESTS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec: {rules: [{host: shop.example.com, http: {paths: [{path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {selector: {app: cart}, ports: [{port: 80}]}
`;
const REVIEW = {
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid: "u", operation: "CREATE", object: { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 70000 }] } } },
};
/** What is answered wherever the bundle runs. */
const ANSWER = { service: { namespace: "default", name: "cart", port: 80 }, allowed: false };

/** A module that asks: the lines that get the engine ready, and what it does with the answer. */
const asking = (ready, tell) => `${ready}
const cluster = Cluster.load(${JSON.stringify(MANIFESTS)});
const { service } = cluster.route({ url: "http://shop.example.com/cart/7" });
const { allowed } = review(${JSON.stringify(REVIEW)}, { cluster }).response;
const answer = JSON.stringify({ service, allowed });
${tell}`;
const FROM = 'import { Cluster, init } from "portolan"; import { review } from "portolan/admission";';
const AT_ONCE = 'import { Cluster } from "portolan"; import { review } from "portolan/admission";';
const PRINT = "console.log(answer);";

let project;
let remove;

before(() => {
  ({ project, remove } = cleanProject());
});

after(() => remove());

/** Writes files of the project. */
function write(files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
}

/** Copies the module as a user would, by the name that the package gives it. */
const copyModule = (folder) => copyFileSync(join(project, "node_modules/portolan/dist/wasm/portolan_bg.wasm"), join(project, folder, "portolan_bg.wasm"));

const withEsbuild = (options) => esbuild.build({ absWorkingDir: project, bundle: true, logLevel: "silent", minify: true, ...options }).then(({ warnings }) => assert.deepEqual(warnings, []));

async function withRollup(input, output, options) {
  const warnings = [];
  const bundle = await rollup({ input: join(project, input), plugins: [resolve(options), commonjs()], onwarn: ({ message }) => warnings.push(message) });
  await bundle.write({ file: join(project, output), format: "es" });
  await bundle.close();
  assert.deepEqual(warnings, []);
}

async function withWebpack(entry, path, options) {
  const stats = await new Promise((done, failed) => {
    const compiler = webpack({ mode: "production", context: project, entry: { main: `./${entry}` }, output: { path: join(project, path), clean: true }, performance: { hints: false }, ...options });
    compiler.run((error, result) => compiler.close(() => (error === null ? done(result) : failed(error))));
  });
  assert.deepEqual([...(stats.compilation.errors ?? []), ...(stats.compilation.warnings ?? [])].map(({ message }) => message), []);
}

describe("a bundle for Node", { timeout: 120_000 }, () => {
  /** Runs it in a folder where nothing of the package is. */
  const runs = (folder, file) => {
    const alone = mkdtempSync(join(tmpdir(), "portolan-bundle-"));
    try {
      execFileSync("cp", ["-r", `${join(project, folder)}/.`, alone]);
      return JSON.parse(execFileSync(process.execPath, [file], { cwd: alone, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }));
    } catch ({ stderr }) {
      // Node shows the line of the bundle, which may be the whole module.
      throw new Error(stderr.split("\n").map((line) => line.slice(0, 300)).join("\n"));
    } finally {
      rmSync(alone, { recursive: true, force: true });
    }
  };

  test("esbuild, CommonJS: with the module beside it", async () => {
    write({ "esbuild-cjs.js": asking(AT_ONCE, PRINT) });
    await withEsbuild({ entryPoints: ["esbuild-cjs.js"], platform: "node", outfile: "out/esbuild-cjs/main.cjs" });
    assert.throws(() => runs("out/esbuild-cjs", "main.cjs"), /portolan_bg\.wasm is not beside this bundle: copy it there, or pass it to init\(\) first/);
    copyModule("out/esbuild-cjs");
    assert.deepEqual(runs("out/esbuild-cjs", "main.cjs"), ANSWER);
  });

  test("esbuild, ES module: with the module in it", async () => {
    write({ "esbuild-esm.js": asking(`${FROM} import module from "portolan/portolan.wasm"; await init(module);`, PRINT) });
    await withEsbuild({ entryPoints: ["esbuild-esm.js"], platform: "node", target: "node20", format: "esm", loader: { ".wasm": "binary" }, outfile: "out/esbuild-esm/main.mjs" });
    assert.deepEqual(runs("out/esbuild-esm", "main.mjs"), ANSWER);
  });

  test("rollup: with the module beside it", async () => {
    write({ "rollup-node.js": asking(`${FROM} await init(new URL("portolan_bg.wasm", import.meta.url));`, PRINT) });
    await withRollup("rollup-node.js", "out/rollup-node/main.mjs", { exportConditions: ["node"], preferBuiltins: true });
    copyModule("out/rollup-node");
    assert.deepEqual(runs("out/rollup-node", "main.mjs"), ANSWER);
  });

  test("webpack: the module is an asset", async () => {
    write({ "webpack-node.js": asking(`${FROM} await init(new URL("portolan/portolan.wasm", import.meta.url));`, PRINT) });
    await withWebpack("webpack-node.js", "out/webpack-node", { target: "node20" });
    assert.deepEqual(runs("out/webpack-node", "main.js"), ANSWER);
  });

  test("what is left outside of the bundle works as it is", async () => {
    write({ "outside.js": asking(AT_ONCE, PRINT) });
    await withEsbuild({ entryPoints: ["outside.js"], platform: "node", format: "esm", packages: "external", outfile: "out/outside.mjs" });
    assert.deepEqual(JSON.parse(execFileSync(process.execPath, ["out/outside.mjs"], { cwd: project, encoding: "utf8" })), ANSWER);
  });
});

describe("a bundle for browsers, on the page and in a worker", { timeout: 120_000 }, () => {
  const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };
  const TELL = "globalThis.document === undefined ? postMessage(answer) : (document.title = answer);";
  let browser;
  let profile;
  let server;

  before(async () => {
    if (CHROMIUM === undefined) throw new Error("no Chromium: install Debian's `chromium`, or set CHROMIUM to its path");
    profile = mkdtempSync(join(tmpdir(), "portolan-bundles-"));
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      headless: true,
      chromiumSandbox: false,
      args: ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    });
    server = createServer((request, response) => {
      const file = join(project, "out", new URL(request.url, "http://localhost").pathname);
      if (!existsSync(file)) return response.writeHead(404).end();
      const policy = "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
      return response.writeHead(200, { "content-type": TYPES[file.split(".").at(-1)], "content-security-policy": policy }).end(readFileSync(file));
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  });

  after(async () => {
    await browser?.close();
    server?.close();
    if (profile !== undefined) rmSync(profile, { recursive: true, force: true });
  });

  /** What the page and the worker answer in a page with that script. */
  const runs = async (folder, script) => {
    write({ [`out/${folder}/index.html`]: `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body>${script}` });
    const page = await browser.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(error.message));
    await page.goto(`http://127.0.0.1:${server.address().port}/${folder}/index.html`);
    await page.waitForFunction(() => document.title !== "" && document.body.dataset.worker !== undefined, { timeout: 20_000 }).catch(() => {});
    const answers = await page.evaluate(() => [document.title, document.body.dataset.worker]);
    await page.close();
    assert.deepEqual(wrong, []);
    return answers.map((answer) => answer && JSON.parse(answer));
  };
  const worker = (made) => `const worker = ${made}; worker.onmessage = ({ data }) => { document.body.dataset.worker = data; }; worker.onerror = ({ message }) => { throw new Error(message); };\n`;

  test("esbuild, classic scripts: the module is a file that it copies", async () => {
    const ready = `${FROM} import module from "portolan/portolan.wasm"; void (async () => { await init(module);`;
    write({ "esbuild/worker.js": asking(ready, `${TELL} })();`), "esbuild/main.js": worker('new Worker("worker.js")') + asking(ready, `${TELL} })();`) });
    await withEsbuild({ entryPoints: ["esbuild/main.js", "esbuild/worker.js"], loader: { ".wasm": "file" }, outdir: "out/esbuild", logOverride: { "empty-import-meta": "silent" } });
    assert.deepEqual(await runs("esbuild", '<script src="main.js"></script>'), [ANSWER, ANSWER]);
  });

  test("rollup: the module beside the bundle", async () => {
    const ready = `${FROM} await init(new URL("portolan_bg.wasm", import.meta.url));`;
    write({ "rollup/worker.js": asking(ready, TELL), "rollup/main.js": worker('new Worker(new URL("worker.js", import.meta.url), { type: "module" })') + asking(ready, TELL) });
    for (const entry of ["main", "worker"]) await withRollup(`rollup/${entry}.js`, `out/rollup/${entry}.js`, { browser: true });
    copyModule("out/rollup");
    assert.deepEqual(await runs("rollup", '<script type="module" src="main.js"></script>'), [ANSWER, ANSWER]);
  });

  test("webpack: nothing more to say", async () => {
    const ready = `${FROM} await init();`;
    write({ "webpack/worker.js": asking(ready, TELL), "webpack/main.js": worker('new Worker(new URL("./worker.js", import.meta.url))') + asking(ready, TELL) });
    await withWebpack("webpack/main.js", "out/webpack", {});
    assert.deepEqual(await runs("webpack", '<script src="main.js"></script>'), [ANSWER, ANSWER]);
  });

  test("where a server gives a page in place of the module, it is said so", async () => {
    write({ "lost/main.js": `import { init } from "portolan"; init("index.html").catch(({ message }) => { document.title = JSON.stringify(message); document.body.dataset.worker = "0"; });` });
    await withRollup("lost/main.js", "out/lost/main.js", { browser: true });
    const [said] = await runs("lost", '<script type="module" src="main.js"></script>');
    assert.match(said, /^cannot load the engine's module: 200 http.*index\.html; pass the address of portolan_bg\.wasm to init\(\)$/);
  });
});

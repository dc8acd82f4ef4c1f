// The package as a page without a bundler uses it, in a real browser: on the page and in a module worker.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start, visit } from "./site.js";

const DIST = fileURLToPath(new URL("../../node-binding/dist/", import.meta.url));
const TYPES = { js: "text/javascript", wasm: "application/wasm" };
const MANIFEST = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n";

const NAMESAKE = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: wbe}}\nspec: {containers: [{name: web, image: web}]}\n";

const WORKER = `import { Cluster, init, version } from "/package/browser/browser.js";
await init();
const cluster = Cluster.load(${JSON.stringify(MANIFEST)});
postMessage({ version: version(), name: cluster.objects().objects[0].name });
`;

let site;
let page;

before(async () => {
  site = await start({ serviceWorkers: "block" });
  page = await visit(site);
  await page.context().route("**/package/**", (route) => {
    const name = new URL(route.request().url()).pathname.replace("/package/", "");
    const body = name === "worker.js" ? WORKER : readFileSync(DIST + name);
    return route.fulfill({ body, contentType: TYPES[name.split(".").at(-1)] });
  });
}, { timeout: 60_000 });

after(async () => {
  await site?.close();
});

test("imported by a page", { timeout: 30_000 }, async () => {
  const seen = await page.evaluate(async ([manifest, namesake]) => {
    const { check, Cluster, init, PortolanError, reset } = await import("/package/browser/browser.js");
    const { review } = await import("/package/browser/admission.js");
    const early = (() => {
      try {
        return Cluster.load(manifest);
      } catch (error) {
        return error instanceof PortolanError && error.reason;
      }
    })();
    await Promise.all([init(), init()]);
    const cluster = Cluster.load(manifest);
    const names = cluster.objects().objects.map(({ name }) => name);
    const object = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 70000 }] } };
    const { response } = review({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: { uid: "u", operation: "CREATE", object } });
    cluster[Symbol.dispose]();
    reset();
    const again = Cluster.load(manifest + namesake).check().map(({ code }) => code);
    return { early, names, allowed: response.allowed, again, found: check("a: [").map(({ code }) => code) };
  }, [MANIFEST, NAMESAKE]);
  assert.deepEqual(seen, { early: "NotReady", names: ["web"], allowed: false, again: ["SVC001"], found: ["syntax"] });
});

test("imported by a module worker", { timeout: 30_000 }, async () => {
  const said = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker("/package/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      }),
  );
  assert.match(said.version, /^\d+\.\d+\.\d+ \(Kubernetes 1\.\d+\)$/);
  assert.equal(said.name, "web");
});

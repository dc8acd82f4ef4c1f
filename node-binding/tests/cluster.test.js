import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { check, Cluster, init, PortolanError, reset, version } from "portolan";

const require = createRequire(import.meta.url);
const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - port: 80
`;

const manifests = (name) =>
  readdirSync(EXAMPLES + name)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => ({ name: file, text: readFileSync(`${EXAMPLES}${name}/${file}`, "utf8") }));

test("the package is ready at once, and says its version", async () => {
  await init();
  assert.match(version(), /^\d+\.\d+\.\d+ \(Kubernetes 1\.\d+\)$/);
});

test("CommonJS and ES modules are one engine", () => {
  const loaded = require("portolan");
  assert.equal(loaded.Cluster, Cluster);
  assert.equal(loaded.PortolanError, PortolanError);
});

test("a misspelt field comes with what was meant, and with the edit that spells it", () => {
  const text = SERVICE.replace("selector", "selektor");
  const [finding, ...others] = check(text);
  assert.deepEqual(others, []);
  assert.equal(finding.help, "write `selector`");
  const [{ start, end, text: right }] = finding.fix;
  assert.equal(text.slice(0, start) + right + text.slice(end), SERVICE);
  using(Cluster.load(SERVICE), (cluster) => assert.deepEqual(cluster.apply(text)[0].fix, finding.fix));
});

test("every example gives the answers it expects", () => {
  let asked = 0;
  for (const name of readdirSync(EXAMPLES).filter((name) => existsSync(`${EXAMPLES}${name}/questions.json`))) {
    const { questions } = JSON.parse(readFileSync(`${EXAMPLES}${name}/questions.json`, "utf8"));
    using(Cluster.load(manifests(name)), (cluster) => {
      for (const { question, expect } of questions) {
        holds(cluster.ask(question), expect, `${name}: ${JSON.stringify(question)}`);
        asked += 1;
      }
    });
  }
  assert.ok(asked >= 30, `${asked} questions`);
});

/** As the native runner of the examples compares: objects may have more members; `contains` and `length` say less. */
function holds(actual, expected, path) {
  const shown = `${path}: ${JSON.stringify(actual)}`;
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual) && actual.length === expected.length, shown);
    expected.forEach((item, index) => holds(actual[index], item, `${path}[${index}]`));
  } else if (expected === null || typeof expected !== "object") {
    assert.deepEqual(actual ?? null, expected, path);
  } else if (typeof actual === "string") {
    assert.ok(actual.includes(expected.contains), shown);
  } else if (Array.isArray(actual)) {
    assert.equal(actual.length, expected.length, shown);
  } else {
    for (const [member, value] of Object.entries(expected)) holds(actual?.[member], value, `${path}.${member}`);
  }
}

function using(cluster, work) {
  try {
    return work(cluster);
  } finally {
    cluster.free();
  }
}

test("text, files and objects make the same cluster", () => {
  const object = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec: { selector: { app: "web" }, ports: [{ port: 80 }] } };
  const inputs = [SERVICE, { name: "a.yaml", text: SERVICE }, [{ name: "a.yaml", text: SERVICE }], object, [object]];
  const seen = inputs.map((input) => using(Cluster.load(input), (cluster) => JSON.stringify(cluster.objects({ whole: true }).objects.map(({ object }) => object))));
  assert.equal(new Set(seen).size, 1, seen.join("\n"));
  assert.match(seen[0], /"clusterIP":"10\.0\./);
});

test("a refused object is a finding with its place, and the rest is loaded", () => {
  const broken = SERVICE.replace("name: web", "name: bad").replace("port: 80", "port: 70000");
  using(Cluster.load(`${broken}---\n${SERVICE}`), (cluster) => {
    assert.deepEqual(cluster.findings.map(({ source }) => source.field), ["spec.ports[0].port", "spec.ports[0].targetPort"]);
    const [{ severity, message, source }] = cluster.findings;
    assert.equal(severity, "error");
    assert.equal(message, "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive");
    assert.deepEqual([source.file, source.line, source.column, source.field], ["manifest.yaml", 8, 13, "spec.ports[0].port"]);
    assert.deepEqual(cluster.objects().objects.map(({ name }) => name), ["web"]);
  });
});

test("apply takes a file's place, remove takes an object out", () => {
  using(Cluster.load(SERVICE), (cluster) => {
    assert.deepEqual(cluster.apply(SERVICE.replace("web", "other")), []);
    assert.deepEqual(cluster.objects().objects.map(({ name }) => name), ["other"]);
    cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } }, "objects.json");
    assert.equal(cluster.objects().objects.length, 2);
    assert.equal(cluster.remove({ kind: "Service", name: "other" }), true);
    assert.equal(cluster.remove({ kind: "Service", name: "other" }), false);
    assert.deepEqual(cluster.objects().objects.map(({ kind }) => kind), ["Namespace"]);
  });
});

test("check needs no cluster to be kept", () => {
  assert.equal(check("a: [").at(0).code, "syntax");
  assert.equal(check(SERVICE).filter(({ severity }) => severity === "error").length, 0);
});

test("what cannot be answered throws, with its reason and field", () => {
  using(Cluster.load(SERVICE), (cluster) => {
    const thrown = (work, expected) => assert.throws(work, (error) => error instanceof PortolanError && error instanceof Error && Object.entries(expected).every(([name, value]) => error[name] === value));
    thrown(() => cluster.endpoints({ service: { name: "nobody" } }), { reason: "NotFound", field: "service" });
    thrown(() => cluster.resolve({}), { reason: "BadRequest", field: "name" });
    thrown(() => cluster.ask({ ask: "weather" }), { reason: "BadRequest", field: "ask" });
    thrown(() => cluster.remove({ kind: "Weather", name: "x" }), { reason: "Invalid", field: "kind" });
    thrown(() => Cluster.load(SERVICE, { serviceNodePortRange: "x" }), { reason: "Invalid", field: "serviceNodePortRange" });
    thrown(() => Cluster.load(SERVICE, { serviceClusterIPRange: 7 }), { reason: "Invalid", field: "serviceClusterIPRange" });
    assert.match(cluster.askText("{"), /"error":\{"reason":"BadRequest"/);
  });
});

test("a strict load throws for what would be left out, with its place", () => {
  const thrown = (input, expected) => assert.throws(() => Cluster.load(input, { strict: true }), { name: "PortolanError", ...expected });
  thrown(`${SERVICE}---\na: [\n`, { reason: "BadRequest", file: "manifest.yaml", line: 11 });
  thrown({ name: "a.yaml", text: SERVICE.replace("80", "70000") }, { reason: "Invalid", file: "a.yaml", line: 8, column: 13, field: "spec.ports[0].port", message: /must be between 1 and 65535/ });
  using(Cluster.load(SERVICE, { strict: true }), (cluster) => assert.equal(cluster.objects().objects.length, 1));
});

test("a question may be text, and what is no JSON says where", () => {
  using(Cluster.load(SERVICE), (cluster) => {
    assert.deepEqual(cluster.ask('{"ask":"objects"}'), cluster.objects());
    assert.throws(() => cluster.ask('{"ask":\n  oops}'), { name: "PortolanError", reason: "BadRequest", line: 2, column: 3 });
  });
});

test("options reach the engine", () => {
  using(Cluster.load(SERVICE, { serviceClusterIPRange: "172.30.0.0/16", clusterDomain: "example.test" }), (cluster) => {
    assert.match(cluster.resolve({ name: "web.default.svc.example.test", type: "A" }).answers[0], / A 172\.30\./);
  });
});

test("a cluster that was let go of says so, and letting go twice is fine", () => {
  const cluster = Cluster.load(SERVICE);
  cluster[Symbol.dispose]();
  cluster.free();
  assert.throws(() => cluster.check(), { name: "PortolanError", reason: "Gone" });
});

test("dropped clusters are freed by and by", { skip: typeof globalThis.gc !== "function" && "runs with --expose-gc" }, async () => {
  for (let round = 0; round < 50; round += 1) Cluster.load(SERVICE);
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
});

test("after a trap the module is made afresh, and older clusters say so", () => {
  const glue = require("../dist/wasm/portolan.cjs");
  const older = Cluster.load(SERVICE);
  const cluster = Cluster.load(SERVICE);
  // The engine never traps by itself: reach into an address that is none.
  const { ask } = glue.Handle.prototype;
  glue.Handle.prototype.ask = function (question) {
    this.__wbg_ptr = 0xfffffff0;
    return ask.call(this, question);
  };
  try {
    assert.throws(() => cluster.check() && cluster.askText("{}"), { name: "PortolanError", reason: "InternalError" });
  } finally {
    glue.Handle.prototype.ask = ask;
  }
  assert.throws(() => older.check(), { reason: "Gone" });
  older.free();
  using(Cluster.load(SERVICE), (fresh) => assert.equal(fresh.objects().objects.length, 1));
  reset();
  using(Cluster.load(SERVICE), (fresh) => assert.equal(fresh.objects().objects.length, 1));
});

test("odd texts never stop the engine", () => {
  const odd = ["", "\0", "\ufeff", "---\n---\n", "[".repeat(100_000), "{".repeat(100_000), `a: ${"x".repeat(1_000_000)}`, "\ud800", "&a [*a]", `a: &a [${"b,".repeat(1000)}]\nb: [${"*a,".repeat(1000)}]`];
  for (const text of odd) {
    using(Cluster.load(text), (cluster) => {
      assert.ok(Array.isArray(cluster.check()));
      cluster.apply(SERVICE);
      cluster.apply(text);
      assert.ok(cluster.askText(text).startsWith("{"));
    });
  }
});

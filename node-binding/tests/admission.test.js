import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Cluster } from "portolan";
import { review } from "portolan/admission";

const service = (port, name = "web") => ({ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec: { ports: [{ port, targetPort: 80 }] } });
const asked = (request) => ({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: { uid: "u1", operation: "CREATE", ...request } });

test("a good object is let through, a bad one refused in the server's words", () => {
  assert.deepEqual(review(asked({ object: service(80) })), { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid: "u1", allowed: true } });
  const { response } = review(asked({ object: service(70000) }));
  assert.equal(response.allowed, false);
  assert.equal(response.status.code, 422);
  assert.equal(response.status.message, 'Service "web" is invalid: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive');
});

test("an update is judged beside the object as it was", () => {
  const cluster = Cluster.load([service(80)]);
  try {
    const [{ object: old }] = cluster.objects({ kinds: ["Service"], whole: true }).objects;
    const changed = { ...old, spec: { ...old.spec, clusterIP: "10.0.77.77", clusterIPs: ["10.0.77.77"] } };
    const { response } = review(asked({ operation: "UPDATE", object: changed, oldObject: old }), { cluster });
    assert.equal(response.allowed, false);
    assert.match(response.status.message, /may not change once set/);
  } finally {
    cluster.free();
  }
});

test("deletions, parts of objects and unknown kinds are let through", () => {
  for (const request of [{ operation: "DELETE" }, { subResource: "status", object: service(70000) }, { object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } } }]) {
    assert.deepEqual(review(asked(request)).response, { uid: "u1", allowed: true });
  }
});

test("nothing else is let through: a malformed request is an error", () => {
  const kind = { group: "", version: "v1", kind: "Service" };
  const malformed = [
    [{}, "request.object"],
    [{ object: null }, "request.object"],
    [{ object: "x" }, "request.object"],
    [{ object: [service(80)] }, "request.object"],
    [{ object: { metadata: { name: "c" } } }, "request.object.apiVersion"],
    [{ object: { ...service(80), apiVersion: 7 } }, "request.object.apiVersion"],
    [{ object: { ...service(80), kind: "" } }, "request.object.kind"],
    [{ kind, object: { ...service(80), kind: "Sevrice" } }, "request.object"],
    [{ kind: { ...kind, version: "v2" }, object: service(80) }, "request.object"],
    [{ operation: "UPDATE", object: service(80) }, "request.oldObject"],
    [{ operation: "UPDATE", object: service(80), oldObject: 7 }, "request.oldObject"],
    [{ operation: "PATCH", object: service(70000) }, "request.operation"],
    [{ operation: undefined, object: service(70000) }, "request.operation"],
    [{ subResource: 7, object: service(70000) }, "request.subResource"],
  ];
  for (const [request, field] of malformed) {
    for (const warnOnly of [false, true]) assert.throws(() => review(asked(request), { warnOnly }), { reason: "BadRequest", field }, JSON.stringify(request));
  }
  assert.equal(review(asked({ kind, object: { ...service(80), metadata: 7 } })).response.allowed, false);
});

test("objects that are too large are an error", () => {
  const cluster = Cluster.load([], { maxInputLength: 1000 });
  try {
    assert.equal(review(asked({ object: service(80) }), { cluster }).response.allowed, true);
    assert.throws(() => review(asked({ object: service(80, "x".repeat(1000)) }), { cluster }), { reason: "RequestEntityTooLarge" });
    assert.throws(() => cluster.apply(" ".repeat(1001)), { reason: "RequestEntityTooLarge", message: /`manifest.yaml` has a length of 1001, the limit is 1000; change it with `maxInputLength`/ });
    assert.deepEqual(cluster.apply(" ".repeat(1000)), []);
  } finally {
    cluster.free();
  }
  assert.throws(() => Cluster.load([{ name: "a", text: " ".repeat(6) }, { name: "b", text: " ".repeat(6) }], { maxInputLength: 11 }), { reason: "RequestEntityTooLarge" });
});

test("it may only warn", () => {
  const { response } = review(asked({ object: service(70000) }), { warnOnly: true });
  assert.equal(response.allowed, true);
  assert.match(response.warnings.at(-1), /must be between 1 and 65535/);
  assert.ok(response.warnings.every((warning) => warning.length <= 256));
});

test("what is no review is an error", () => {
  for (const wrong of [null, {}, { kind: "AdmissionReview" }, { kind: "Pod", request: { uid: "u" } }]) {
    assert.throws(() => review(wrong), { reason: "BadRequest", field: "request" });
  }
});

test("the example server answers reviews", { timeout: 20_000 }, async () => {
  const server = spawn(process.execPath, [fileURLToPath(new URL("../examples/webhook.js", import.meta.url)), "0"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = await once(server.stdout.setEncoding("utf8"), "data");
    const url = line.match(/http:\/\/127\.0\.0\.1:\d+/)[0];
    const post = (body) => fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const good = await post(JSON.stringify(asked({ object: service(70000) })));
    assert.equal((await good.json()).response.allowed, false);
    assert.equal((await post("{")).status, 400);
    assert.equal((await fetch(url)).status, 405);
    assert.equal((await post("x".repeat(9_000_000))).status, 413);
  } finally {
    server.kill();
    await once(server, "exit");
  }
});

// Share links and the kept files do not carry the values of Secrets. Runs the sources without a browser.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const server = await createServer({
  root: fileURLToPath(new URL("..", import.meta.url)),
  configFile: false,
  logLevel: "error",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
after(() => server.close());
const { withoutSecretValues } = await server.ssrLoadModule("/src/secrets.ts");
const { pack, unpack } = await server.ssrLoadModule("/src/share.ts");

const without = (text) => withoutSecretValues([{ name: "a.yaml", text }]);

test("values of Secrets are left out, their keys stay", () => {
  const { files, count } = without(`apiVersion: v1
kind: Secret
metadata:
  name: a
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"data":{"a":"HIDDEN"}}
data:
  a: |
    HIDDEN
    HIDDEN
  b: "HIDDEN" # why
  c:
stringData: {d: HIDDEN, "e": 'HIDDEN'}
type: Opaque
---
kind: ConfigMap
data: {a: shown}
---
{"kind": "List", "items": [{"data": {"f": "HIDDEN"}, "kind": "Secret"}, {"kind": "ConfigMap", "data": {"g": "shown"}}]}
`);
  assert.equal(
    files[0].text,
    `apiVersion: v1
kind: Secret
metadata:
  name: a
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: ""
data:
  a: ""
  b: "" # why
  c:
stringData: {d: "", "e": ""}
type: Opaque
---
kind: ConfigMap
data: {a: shown}
---
{"kind": "List", "items": [{"data": {"f": ""}, "kind": "Secret"}, {"kind": "ConfigMap", "data": {"g": "shown"}}]}
`,
  );
  assert.equal(count, 6);
});

test("a Secret that cannot be read is left out as a whole", () => {
  const broken = [
    "kind: Secret\ndata:\n  a: [HIDDEN\n",
    "x: &p HIDDEN\nkind: Secret\nstringData: {a: *p}\n",
    'kind: Secret\ndata:\n  a: {{ .Values.a | default "HIDDEN" }}\n',
    "kind: Secret\ndata: !!binary HIDDEN\n",
    "kind: Secret\n  data: HIDDEN\n a: b",
  ];
  for (const text of broken) {
    const result = without(`kind: Pod\n---\n${text}\n---\nkind: Service\n`);
    assert.doesNotMatch(result.files[0].text, /HIDDEN/, text);
    assert.match(result.files[0].text, /^kind: Pod\n/, text);
    assert.ok(result.count > 0, text);
  }
});

test("other files stay as they are", () => {
  const text = "kind: Pod\nspec: {volumes: [{secret: {secretName: a}}]} # not a Secret\ndata: {a: b}\n";
  assert.deepEqual(without(text), { files: [{ name: "a.yaml", text }], count: 0 });
});

test("a link is limited before it is decoded and while it is unpacked", async () => {
  const shared = { files: [{ name: "a.yaml", text: "kind: Pod\n" }], panel: "routes" };
  assert.deepEqual(await unpack(await pack(shared)), { ...shared, asked: {} });
  await assert.rejects(unpack(`#v1.${"A".repeat(2_000_000)}`), /longer than 2,000,000 characters/);
  await assert.rejects(unpack(await pack({ files: [{ name: "a.yaml", text: " ".repeat(17 << 20) }] })), /more than 16 MB/);
});

// The recorded answers as questions: of each recording the objects, the options and what to ask.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const FOLDER = fileURLToPath(new URL("../../tests/vectors/", import.meta.url));

const text = (file) => gunzipSync(readFileSync(FOLDER + file)).toString("utf8");
const lines = (file) => text(file).trimEnd().split("\n").map((line) => JSON.parse(line));
const files = (prefix) => readdirSync(FOLDER).filter((file) => file.startsWith(prefix) && file.endsWith(".json.gz")).sort();

/** Every recording: `{ name, objects, options, questions }`. */
export function* recordings() {
  yield { name: "yaml", objects: [], options: {}, questions: lines("yaml.jsonl.gz").map(({ text }) => ({ ask: "read", text })) };
  yield apiserver();
  yield { name: "kubelet-env", objects: [], options: {}, questions: lines("kubelet-env.jsonl.gz").map(({ services }) => ({ ask: "env", services })) };
  for (const file of files("cluster-")) yield cluster(file);
  for (const file of files("ingress-")) yield ingress(file);
  yield* policies();
}

function apiserver() {
  const [{ cluster, serviceClusterIPRange, serviceNodePortRange }, ...records] = lines("kube-apiserver.jsonl.gz");
  const questions = records.map(({ op, input, old }) =>
    op === "update" ? { ask: "admit", operation: "UPDATE", object: input, oldObject: old } : { ask: "admit", operation: "CREATE", object: input },
  );
  return { name: "kube-apiserver", objects: cluster, options: { serviceClusterIPRange, serviceNodePortRange }, questions };
}

function cluster(file) {
  const { objects, endpoints = [], endpointSlices = [], proxy, dns } = JSON.parse(text(file));
  const written = endpointSlices.filter((slice) => slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"] === undefined);
  const questions = objects
    .filter(({ kind }) => kind === "Service")
    .map(({ metadata: { namespace, name } }) => ({ ask: "endpoints", service: { namespace, name } }));
  for (const [node, families] of Object.entries(proxy)) {
    for (const [ipFamily, rows] of Object.entries(families)) {
      for (const { ip, port, nodePort, protocol, client } of rows) {
        const to = nodePort === undefined ? { ip, port, protocol } : { nodePort, protocol, ipFamily };
        const from = client === "external" ? { from: { ip: ipFamily === "IPv6" ? "2001:db8:ffff::1" : "192.0.2.200" } } : {};
        questions.push({ ask: "backends", node, to, ...from });
      }
    }
  }
  for (const { name, type } of dns) questions.push({ ask: "resolve", name, type });
  const withoutSelector = new Set(objects.filter(({ kind, spec }) => kind === "Service" && spec.selector === undefined).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const ofAuthors = endpoints.filter(({ metadata }) => withoutSelector.has(`${metadata.namespace}/${metadata.name}`));
  return { name: file, objects: [...objects, ...written, ...ofAuthors], options: {}, questions };
}

function ingress(file) {
  const { objects, requests, normalization = [] } = JSON.parse(text(file));
  const questions = [...requests, ...normalization].flatMap(({ host, path }) =>
    ["contour", "spec", "nginx"].map((controller) => ({ ask: "route", url: `http://${host}${path}`, controller })),
  );
  return { name: file, objects, options: {}, questions: [...questions, { ask: "routes", controller: "contour" }] };
}

function* policies() {
  for (const [index, { namespaces, pods, policies, queries }] of lines("networkpolicy.jsonl.gz").entries()) {
    const objects = [
      ...Object.entries(namespaces).map(([name, labels]) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } })),
      ...pods.map(({ ip, labels, name, namespace, ports }) => ({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels },
        spec: { containers: [{ name: "main", ports }] },
        status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
      })),
      ...policies,
    ];
    const questions = queries.map(({ from, to, port, protocol }) => ({ ask: "verdict", from, to, port, protocol }));
    yield { name: `networkpolicy ${index}`, objects, options: {}, questions: [...questions, { ask: "map" }] };
  }
}

/** The file that holds the objects, as `portolan ask -f` reads it. */
export function manifest(objects) {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}

// The recorded answers and the examples as questions: of each the files, the options and what to ask.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const FOLDER = fileURLToPath(new URL("../../tests/vectors/", import.meta.url));
const EXAMPLES = fileURLToPath(new URL("../../examples/", import.meta.url));

const text = (file) => gunzipSync(readFileSync(FOLDER + file)).toString("utf8");
const lines = (file) => text(file).trimEnd().split("\n").map((line) => JSON.parse(line));
const numbered = (prefix) => readdirSync(FOLDER).filter((file) => file.startsWith(prefix) && file.endsWith(".json.gz")).sort();

/** Every source of questions by name: a function that gives its clusters, `{ name, files, options, questions }` each. */
export const RECORDINGS = {
  yaml: () => [held("yaml", [], {}, lines("yaml.jsonl.gz").map(({ text }) => ({ ask: "read", text })))],
  "kubelet-env": () => [held("kubelet-env", [], {}, lines("kubelet-env.jsonl.gz").map(({ services }) => ({ ask: "env", services })))],
  "kube-apiserver": () => servers("kube-apiserver.jsonl.gz"),
  "kube-apiserver-services": () => servers("kube-apiserver-services.jsonl.gz"),
  "kube-apiserver-corners": () => servers("kube-apiserver-corners.jsonl.gz"),
  cluster: () => numbered("cluster-").map(cluster),
  "service-plane-code": () => lines("service-plane-code.jsonl.gz").map(servicePlane),
  ingress: () => numbered("ingress-").map(ingress),
  "ingress-corners": () => lines("ingress-corners.jsonl.gz").map(rarerIngresses),
  networkpolicy: () => lines("networkpolicy.jsonl.gz").map(policies),
  examples,
};

/** A cluster of stored objects and what is asked of it. */
function held(name, objects, options, questions) {
  return { name, files: [{ name: "cluster.json", text: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }) }], options, questions };
}

/** A line with a cluster begins the records of that server. */
function servers(file) {
  const found = [];
  for (const record of lines(file)) {
    if (record.cluster !== undefined) {
      const { cluster, serviceClusterIPRange, serviceNodePortRange } = record;
      found.push(held(`${file} ${found.length}`, cluster, { serviceClusterIPRange, serviceNodePortRange }, []));
    } else {
      const { op, input, old } = record;
      found.at(-1).questions.push(op === "update" ? { ask: "admit", operation: "UPDATE", object: input, oldObject: old } : { ask: "admit", operation: "CREATE", object: input });
    }
  }
  return found;
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
  return held(file, [...objects, ...written, ...ofAuthors], {}, questions);
}

function servicePlane({ objects, services, packets, health = [] }, index) {
  const questions = [
    ...services.map((service) => ({ ask: "endpoints", service })),
    ...packets.map(({ question }) => ({ ask: "backends", ...question })),
    ...health.map(({ node, ipFamily, nodePort }) => ({ ask: "backends", node, to: { nodePort, ipFamily } })),
  ];
  return held(`service-plane-code ${index}`, objects, {}, questions);
}

function ingress(file) {
  const { objects, requests, normalization = [] } = JSON.parse(text(file));
  const questions = [...requests, ...normalization].flatMap(({ host, path }) =>
    ["contour", "spec", "nginx"].map((controller) => ({ ask: "route", url: `http://${host}${path}`, controller })),
  );
  const whole = ["contour", "spec", "nginx"].flatMap((controller) => [
    { ask: "routes", controller },
    { ask: "diff", before: { controller: "spec" }, after: { controller } },
  ]);
  return held(file, objects, {}, [...questions, ...whole, ...["nginx", "haproxy", "envoy"].map((proxy) => ({ ask: "render", proxy }))]);
}

function rarerIngresses({ objects, requests }, index) {
  const questions = requests.flatMap(({ url }) => ["contour", "spec", "nginx"].map((controller) => ({ ask: "route", url, controller })));
  return held(`ingress-corners ${index}`, objects, {}, questions);
}

function policies({ namespaces, pods, policies, queries }, index) {
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
  const [{ metadata }] = policies;
  const without = { ask: "policyDiff", remove: [{ kind: "NetworkPolicy", namespace: metadata.namespace, name: metadata.name }] };
  return held(`networkpolicy ${index}`, objects, {}, [...questions, { ask: "map" }, without, { ask: "suggest" }, { ask: "nftables" }, { ask: "objects", whole: true }]);
}

function examples() {
  const names = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, "questions.json")));
  return names.sort().map((name) => {
    const folder = join(EXAMPLES, name);
    const manifests = readdirSync(folder).filter((file) => file.endsWith(".yaml")).sort();
    const { questions } = JSON.parse(readFileSync(join(folder, "questions.json"), "utf8"));
    const files = manifests.map((file) => ({ name: file, text: readFileSync(join(folder, file), "utf8") }));
    return { name, files, options: {}, questions: [...questions.map(({ question }) => question), { ask: "objects", whole: true }] };
  });
}

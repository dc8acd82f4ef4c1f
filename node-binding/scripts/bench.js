// How long things take from JavaScript: start-up, loading 1,500 objects, one call. Medians of several rounds.
import { spawnSync } from "node:child_process";
import { Cluster } from "portolan";

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const show = (what, value, unit) => console.log(`${what.padEnd(44)} ${value.toLocaleString("en", { maximumSignificantDigits: 3 }).padStart(10)} ${unit}`);

function timed(work, rounds) {
  return median(Array.from({ length: rounds }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  }));
}

function perCall(work, calls = 2000) {
  for (let warm = 0; warm < calls; warm += 1) work();
  return (timed(() => {
    for (let call = 0; call < calls; call += 1) work();
  }, 7) / calls) * 1000;
}

/** 1,500 objects: in each of 50 namespaces an application with its Services, Ingress and NetworkPolicies. */
function manifests() {
  const documents = [];
  for (let number = 0; number < 50; number += 1) {
    const namespace = `team-${number}`;
    documents.push(`apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n  labels:\n    team: t${number}`);
    for (let part = 0; part < 10; part += 1) {
      const name = `app-${part}`;
      documents.push(
        `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: ${name}\n  template:\n    metadata:\n      labels:\n        app: ${name}\n    spec:\n      containers:\n        - name: main\n          image: example.com/${name}:1\n          ports:\n            - name: http\n              containerPort: 8080`,
        `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\nspec:\n  selector:\n    app: ${name}\n  ports:\n    - name: http\n      port: 80\n      targetPort: http`,
      );
    }
    for (let part = 0; part < 5; part += 1) {
      documents.push(
        `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: policy-${part}\n  namespace: ${namespace}\nspec:\n  podSelector:\n    matchLabels:\n      app: app-${part}\n  ingress:\n    - from:\n        - podSelector:\n            matchLabels:\n              app: app-${part + 1}\n      ports:\n        - port: 8080`,
      );
    }
    for (let part = 0; part < 4; part += 1) {
      documents.push(
        `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: ingress-${part}\n  namespace: ${namespace}\nspec:\n  rules:\n    - host: app-${part}.${namespace}.example.com\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: app-${part}\n                port:\n                  name: http`,
      );
    }
  }
  return documents;
}

const documents = manifests();
const text = documents.join("\n---\n");
console.log(`${documents.length} objects, ${(text.length / 1024).toFixed(0)} KiB, Node ${process.version}`);

const start = 'const begun = performance.now(); await import("portolan"); console.log(performance.now() - begun)';
show("start-up: import to ready", median(Array.from({ length: 7 }, () => Number(spawnSync(process.execPath, ["--input-type=module", "-e", start], { encoding: "utf8", cwd: import.meta.dirname }).stdout))), "ms");
show("load", timed(() => Cluster.load(text).free(), 9), "ms");

const cluster = Cluster.load(text);
const ask = (what, question) => show(`${what}, first`, timed(() => cluster.askText(JSON.stringify(question)), 1), "ms");
const route = { ask: "route", url: "http://app-3.team-40.example.com/cart" };
const verdict = { ask: "verdict", from: { namespace: "team-7", pod: "app-2" }, to: { namespace: "team-7", pod: "app-1" }, port: 8080 };
const pods = cluster.objects({ kinds: ["Pod"], namespace: "team-7" }).objects.map(({ name }) => name);
const exact = { ...verdict, from: { namespace: "team-7", pod: pods.find((name) => name.startsWith("app-2")) }, to: { namespace: "team-7", pod: pods.find((name) => name.startsWith("app-1")) } };
ask("route", route);
ask("verdict", verdict);
show("route, a call", perCall(() => cluster.route({ url: route.url })), "µs");
show("route, a call in text", perCall(() => cluster.askText(JSON.stringify(route))), "µs");
show("verdict, a call, pods by name", perCall(() => cluster.verdict(exact)), "µs");
show("verdict, a call, by workload", perCall(() => cluster.verdict(verdict)), "µs");
let port = 8000;
show("apply: one line of 1,500 objects changed", timed(() => cluster.apply(text.replace("containerPort: 8080", `containerPort: ${(port += 1)}`)), 15), "ms");

// Measures how long things take from JavaScript, beside the targets: start, loading, a call, a keystroke, at three sizes of
// cluster where the size matters. Two figures each: the fastest round, which is the cost, and the median, which includes
// whatever else this machine does.
import { spawnSync } from "node:child_process";
import { Cluster } from "portolan";

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const quickest = (numbers) => sorted(numbers)[0];
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
const figure = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 }).padStart(8);
const show = (what, times, unit, aim) => console.log(`  ${what.padEnd(52)}${figure(quickest(times))}${figure(median(times))} ${unit}${aim === undefined ? "" : `   aim: under ${aim} ${unit}`}`);

function rounds(work, count) {
  return Array.from({ length: count }, (_, round) => {
    const begun = performance.now();
    work(round);
    return performance.now() - begun;
  });
}

/** Microseconds a call takes, in short rounds: where the machine is busy, some of them are left alone. */
function perCall(work, calls = 200) {
  for (let warm = 0; warm < 40 * calls; warm += 1) work();
  const many = () => {
    for (let call = 0; call < calls; call += 1) work();
  };
  return rounds(many, 100).map((time) => (time / calls) * 1000);
}

/** The objects of so many namespaces, 30 in each: ten applications with their Services, Ingresses and NetworkPolicies. */
function manifests(namespaces) {
  return Array.from({ length: namespaces }, (_, number) => {
    const namespace = `team-${number}`;
    const documents = [`apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${namespace}\n  labels:\n    team: t${number}`];
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
    return documents;
  });
}

const start = 'const begun = performance.now(); const { init } = await import("portolan"); await init(); console.log(performance.now() - begun)';
const begin = () => Number(spawnSync(process.execPath, ["--input-type=module", "-e", start], { encoding: "utf8", cwd: import.meta.dirname }).stdout);
console.log(`Node ${process.version}: the quickest round and the one in the middle`);
show("start-up: import to ready", Array.from({ length: 7 }, begin), "ms");

const LINE = "image: example.com/app-0:1";
const url = "http://app-3.team-0.example.com/cart";
const route = { ask: "route", url };

/** A text with so many zeros behind the first image's name: what somebody types. */
function typed(text, zeros) {
  const at = text.indexOf(LINE) + LINE.length;
  return text.slice(0, at) + "0".repeat(zeros) + text.slice(at);
}

/** What a keystroke in that file takes: taken in, taken in and asked about, and all of the cluster checked. */
function keystroke(where, cluster, file, text, aim) {
  const texts = Array.from({ length: 10 }, (_, zeros) => typed(text, zeros));
  const times = { taken: [], asked: [], checked: [] };
  for (let round = 1; round <= 40; round += 1) {
    const begun = performance.now();
    cluster.apply(texts[round % 10], file);
    times.taken.push(performance.now() - begun);
    cluster.ask(route);
    times.asked.push(performance.now() - begun);
    cluster.check();
    times.checked.push(performance.now() - begun);
  }
  show(`keystroke, ${where}: taken in`, times.taken, "ms", aim);
  show(`keystroke, ${where}: taken in, and a route asked`, times.asked, "ms", aim);
  show(`keystroke, ${where}: the same, and all checked`, times.checked, "ms", aim);
}

for (const namespaces of [4, 50, 340]) {
  const parts = manifests(namespaces).map((documents) => documents.join("\n---\n"));
  const text = parts.join("\n---\n");
  const objects = namespaces * 30;
  const is1500 = objects === 1500;
  console.log(`${objects.toLocaleString("en")} objects, ${(text.length / 1024).toFixed(0)} KiB`);
  show("load", rounds(() => Cluster.load(text).free(), objects > 2000 ? 3 : 12), "ms", is1500 ? 100 : undefined);
  const cluster = Cluster.load(text);
  const pods = cluster.objects({ kinds: ["Pod"], namespace: "team-1" }).objects.map(({ name }) => name);
  const pod = (workload) => ({ namespace: "team-1", pod: pods.find((name) => name.startsWith(workload)) });
  const exact = { from: pod("app-2"), to: pod("app-1"), port: 8080 };
  const verdict = { from: { namespace: "team-1", pod: "app-2" }, to: { namespace: "team-1", pod: "app-1" }, port: 8080 };
  show("route, first", rounds(() => cluster.route({ url }), 1), "ms");
  show("verdict, first", rounds(() => cluster.verdict(exact), 1), "ms");
  show("route, a call", perCall(() => cluster.route({ url })), "µs", 10);
  show("route, a call in text", perCall(() => cluster.askText(JSON.stringify(route))), "µs");
  show("verdict, a call, pods by name", perCall(() => cluster.verdict(exact)), "µs", 10);
  show("verdict, a call, by workload", perCall(() => cluster.verdict(verdict)), "µs");
  const aim = is1500 ? 16 : undefined;
  keystroke("one file", cluster, undefined, text, aim);
  cluster.free();
  const files = parts.map((part, number) => ({ name: `team-${number}.yaml`, text: part }));
  const many = Cluster.load(files);
  many.ask(route);
  keystroke("many files", many, files[0].name, files[0].text, aim);
  many.free();
}

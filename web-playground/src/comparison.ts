/** Asks two versions of the cluster the same questions and returns the different answers. */
import { useEffect, useState } from "preact/hooks";
import { PortolanError, type Answer, type EndpointSlice, type KubernetesObject, type ListedObject, type Question } from "portolan";
import type { Which } from "./engine/protocol";
import { named } from "./parts/text";
import { beforeRevision, engine, revision } from "./workspace";

/** Something that exists in one version only, or that differs. */
export interface Change {
  /** Its name. */
  name: string;
  how: "new" | "gone" | "changed";
  /** The lines that only the version set aside has. */
  gone: readonly string[];
  /** The lines that only the current version has. */
  added: readonly string[];
  /** Its location now. */
  source?: ListedObject["source"];
}

/** All different answers. */
export interface Comparison {
  objects: Change[];
  routes: Answer<"diff">;
  connections: Answer<"policyDiff">;
  endpoints: Change[];
  names: Change[];
  environment: Change[];
}

/** The controllers of the routes, before and now. */
export interface Controllers {
  before: string;
  after: string;
}

/** If there are more, not all are asked about. */
const MOST_ASKED = 400;

/** Compares again shortly after each change of either version. */
export function useComparison(controllers: Controllers): { comparison: Comparison | null; error: string | null } {
  const [state, setState] = useState<{ comparison: Comparison | null; error: string | null }>({ comparison: null, error: null });
  const now = revision.value;
  const then = beforeRevision.value;
  useEffect(() => {
    if (then === 0) return;
    let current = true;
    const timer = setTimeout(() => {
      compare(controllers).then(
        (comparison) => current && setState({ comparison, error: null }),
        (error: unknown) => current && setState({ comparison: null, error: error instanceof Error ? error.message : String(error) }),
      );
    }, 120);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [now, then, controllers.before, controllers.after]);
  return state;
}

async function compare(controllers: Controllers): Promise<Comparison> {
  const [before, after] = await Promise.all([stored("before"), stored("now")]);
  const items = [...before.values()].map(({ object }) => object);
  const apply = [...after].filter(([id, { object }]) => JSON.stringify(before.get(id)?.object) !== JSON.stringify(object));
  const gone = [...before].filter(([id]) => !after.has(id));
  const [routes, connections, endpoints, names, environment] = await Promise.all([
    engine.ask({
      ask: "diff",
      before: { controller: controllers.before, manifests: JSON.stringify({ apiVersion: "v1", kind: "List", items }) },
      after: { controller: controllers.after },
    }),
    engine.ask(
      {
        ask: "policyDiff",
        apply: apply.map(([, { object }]) => object),
        remove: gone.map(([, { kind, namespace, name }]) => ({ kind, name, ...(namespace !== undefined && { namespace }) })),
      },
      "before",
    ),
    both(endpointLines),
    both(nameLines),
    both(environmentLines),
  ]);
  const objects = [
    ...apply.map(([id, listed]): Change => ({ ...change(nameOf(listed), before.has(id) ? "changed" : "new"), source: listed.source })),
    ...gone.map(([, listed]) => change(nameOf(listed), "gone")),
  ];
  return { objects, routes, connections, endpoints, names, environment: together(environment) };
}

function nameOf(object: ListedObject): string {
  return `${object.kind} ${named(object)}`;
}

function change(name: string, how: Change["how"]): Change {
  return { name, how, gone: [], added: [] };
}

/** The stored objects, without the synthetic pods of workloads. */
async function stored(which: Which): Promise<Map<string, ListedObject & { object: KubernetesObject }>> {
  const { objects } = await engine.ask({ ask: "objects", whole: true }, which);
  const own = objects.filter((object): object is ListedObject & { object: KubernetesObject } => object.standsFor === undefined && object.object !== undefined);
  return new Map(own.map((object) => [`${object.kind}/${object.namespace ?? ""}/${object.name}`, object]));
}

/** Lines by name. */
type Lines = Map<string, readonly string[]>;

/** The different lines of both versions. */
async function both(lines: (which: Which) => Promise<Lines>): Promise<Change[]> {
  const [before, after] = await Promise.all([lines("before"), lines("now")]);
  const changes: Change[] = [];
  for (const name of new Set([...after.keys(), ...before.keys()])) {
    const [old, fresh] = [before.get(name), after.get(name)];
    const gone = (old ?? []).filter((line) => fresh?.includes(line) !== true);
    const added = (fresh ?? []).filter((line) => old?.includes(line) !== true);
    const how = old === undefined ? "new" : fresh === undefined ? "gone" : "changed";
    if (how !== "changed" || gone.length + added.length > 0) changes.push({ name, how, gone, added });
  }
  return changes;
}

async function listed(which: Which, kind: string): Promise<ListedObject[]> {
  const { objects } = await engine.ask({ ask: "objects", kinds: [kind], whole: kind === "Service" }, which);
  return objects.slice(0, MOST_ASKED);
}

async function endpointLines(which: Which): Promise<Lines> {
  const services = await listed(which, "Service");
  const questions = services.map(({ namespace = "default", name }): Question<"endpoints"> => ({ ask: "endpoints", service: { namespace, name } }));
  const answers = await engine.askAll(questions, which);
  return new Map(
    services.map((service, index) => {
      const answer = answers[index];
      const slices = answer === undefined || answer instanceof PortolanError ? [] : answer.endpointSlices;
      return [named(service), slices.flatMap(linesOf)];
    }),
  );
}

function linesOf(slice: EndpointSlice): string[] {
  const ports = (slice.ports ?? []).map((port) => `${port.port ?? "any"}${port.name ? ` ${port.name}` : ""}`).join(", ") || "no port";
  return (slice.endpoints ?? []).map((endpoint) => {
    const { ready, terminating } = endpoint.conditions ?? {};
    const state = terminating === true ? "terminating" : ready === false ? "not ready" : "ready";
    const of = endpoint.targetRef?.name === undefined ? "" : ` ${endpoint.targetRef.name}`;
    return `${(endpoint.addresses ?? []).join(", ")}${of}, ${ports}, ${state}`;
  });
}

/** The names of Services, with every type of record that can exist. */
async function nameLines(which: Which): Promise<Lines> {
  const services = await listed(which, "Service");
  const asked = services.flatMap(({ namespace = "default", name, object }) => {
    const { spec } = (object ?? {}) as { spec?: { ipFamilies?: string[]; ports?: { name?: string; protocol?: string }[] } };
    const full = `${name}.${namespace}.svc.cluster.local`;
    const family = spec?.ipFamilies?.includes("IPv6") === true ? [{ name: full, type: "AAAA" as const }] : [];
    const ports = (spec?.ports ?? []).filter((port) => port.name).map((port) => ({ name: `_${port.name}._${(port.protocol ?? "TCP").toLowerCase()}.${full}`, type: "SRV" as const }));
    return [{ name: full, type: "A" as const }, ...family, ...ports];
  });
  const answers = await engine.askAll(asked.map((question): Question<"resolve"> => ({ ask: "resolve", ...question })), which);
  const lines = new Map<string, string[]>();
  asked.forEach(({ name, type }, index) => {
    const answer = answers[index];
    const said = answer === undefined || answer instanceof PortolanError ? [] : answer.answers;
    lines.set(`${name} ${type}`, said.map((line) => line.split(" ").slice(1).join(" ")));
  });
  return lines;
}

/** The variables of Services in containers, for one pod of each workload. */
async function environmentLines(which: Which): Promise<Lines> {
  const workloads = new Map<string, { namespace: string; name: string }>();
  for (const { namespace = "default", name, standsFor } of await listed(which, "Pod")) {
    const label = named({ namespace, name: standsFor?.name ?? name });
    if (!workloads.has(label)) workloads.set(label, { namespace, name });
  }
  const answers = await engine.askAll([...workloads.values()].map((pod): Question<"env"> => ({ ask: "env", pod })), which);
  return new Map(
    [...workloads.keys()].map((label, index) => {
      const answer = answers[index];
      const variables = answer === undefined || answer instanceof PortolanError ? [] : answer.env;
      return [label, variables.map(({ name, value }) => `${name}=${value}`)];
    }),
  );
}

/** Joins equal changes of several pods. Leaves out workloads that exist in one version only: the list of objects has them. */
function together(changes: readonly Change[]): Change[] {
  const found = new Map<string, Change[]>();
  for (const one of changes) {
    if (one.how !== "changed") continue;
    const key = JSON.stringify([one.gone, one.added]);
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return [...found.values()].flatMap((alike) => {
    const [first] = alike;
    const names = alike.map(({ name }) => name);
    return first === undefined ? [] : [{ ...first, name: names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ") }];
  });
}

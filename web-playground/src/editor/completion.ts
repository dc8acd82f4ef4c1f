/** Completion: names of fields, and names of Services, ports and labels that exist. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { ListedObject } from "portolan";
import { engine, objects } from "../workspace";
import { choices, follow, KINDS, type Field } from "./fields";
import { standingAt, type Standing } from "./place";

/** The completions at the cursor. */
export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const { state, pos } = context;
  const standing = standingAt(state.doc, pos);
  const word = context.matchBefore(/[A-Za-z0-9_./-]*/);
  const from = word?.from ?? pos;
  if (from === pos && !context.explicit && !standing.inValue) return null;
  const options = standing.inValue ? await values(standing, state.doc.sliceString(0, pos)) : [...names(standing), ...(await plainItems(standing))];
  if (options.length === 0) return null;
  return { from, options, validFor: /^[A-Za-z0-9_./-]*$/ };
}

function names({ kind, above }: Standing): Completion[] {
  if (kind === "") return above.length === 0 ? ["apiVersion", "kind", "metadata", "spec"].map((name) => option(name, undefined)) : [];
  const found = follow(kind, above);
  if (found?.field?.type === "list" && above.at(-1) !== "-") return [];
  if (found?.field?.type === "map") return labelNames(above);
  return Object.entries(found?.struct?.fields ?? {}).map(([name, field]) => option(name, field));
}

function option(name: string, field: Field | undefined): Completion {
  return {
    label: name,
    type: "property",
    ...(field !== undefined && { detail: typeName(field), info: field.doc }),
    apply: `${name}: `,
  };
}

/** A short text for a field's type. */
export function typeName(field: Field): string {
  if (field.type === "list") return `list of ${field.of === "object" ? "objects" : `${field.of}s`}`;
  return field.type;
}

async function values(standing: Standing, textBefore: string): Promise<Completion[]> {
  const { kind, above, key, namespace } = standing;
  if (above.length === 0 && key === "kind") return [...KINDS.keys()].map((name) => ({ label: name, type: "class" }));
  if (above.length === 0 && key === "apiVersion") return [...new Set(KINDS.values())].map((label) => ({ label, type: "constant" }));
  const parent = above.filter((step) => step !== "-").at(-1) ?? "";
  if (key === "namespace") return named(["Namespace"], null, objects.value).concat(namespacesInUse());
  if ((parent === "service" && key === "name") || key === "serviceName") return named(["Service"], namespace, objects.value);
  if (parent === "port" && (key === "name" || key === "number")) return ports(standing, textBefore, key);
  if (key === "secretName") return named(["Secret"], namespace, objects.value);
  if (key === "ingressClassName") return named(["IngressClass"], null, objects.value);
  if (key === "targetPort") return containerPorts(namespace);
  const map = follow(kind, above);
  if (map?.field?.type === "map") return labelValues(key);
  const field = follow(kind, [...above, key])?.field;
  return field == null ? [] : choices(field).map((label) => ({ label, type: "constant" }));
}

/** Items of a list of plain values, such as `policyTypes`. */
async function plainItems({ kind, above }: Standing): Promise<Completion[]> {
  if (above.at(-1) !== "-") return [];
  const field = follow(kind, above.slice(0, -1))?.field;
  return field?.of === "string" ? choices(field).map((label) => ({ label, type: "constant" })) : [];
}

function named(kinds: readonly string[], namespace: string | null, all: readonly ListedObject[]): Completion[] {
  const fits = (object: ListedObject) => kinds.includes(object.kind) && (namespace === null || object.namespace === namespace);
  return all.filter(fits).map((object) => ({
    label: object.name,
    type: "variable",
    detail: object.kind,
    ...(object.source !== undefined && { info: `${object.source.file}, line ${object.source.line}` }),
  }));
}

function namespacesInUse(): Completion[] {
  const used = new Set(objects.value.flatMap((object) => object.namespace ?? []));
  return [...used].map((label) => ({ label, type: "variable", detail: "in use" }));
}

/** The ports of the Service that is named above, or of all Services in the namespace. */
async function ports({ namespace }: Standing, textBefore: string, key: string): Promise<Completion[]> {
  const near = [...textBefore.slice(-400).matchAll(/service:\s*(?:#.*)?\n\s+name:\s*["']?([a-z0-9-]+)/g)].at(-1)?.[1];
  const { objects: services } = await engine.ask({ ask: "objects", kinds: ["Service"], namespace, whole: true });
  const options: Completion[] = [];
  for (const service of services) {
    if (near !== undefined && service.name !== near) continue;
    const spec = (service.object as { spec?: { ports?: { name?: string; port?: number }[] } } | undefined)?.spec;
    for (const port of spec?.ports ?? []) {
      const label = key === "number" ? String(port.port ?? "") : (port.name ?? "");
      if (label === "") continue;
      const other = key === "number" ? port.name : String(port.port);
      options.push({ label, type: "variable", detail: [service.name, other].filter(Boolean).join(" ") });
    }
  }
  return options;
}

async function containerPorts(namespace: string): Promise<Completion[]> {
  const { objects: pods } = await engine.ask({ ask: "objects", kinds: ["Pod"], namespace, whole: true });
  const seen = new Map<string, string>();
  for (const pod of pods) {
    const spec = (pod.object as { spec?: { containers?: { ports?: { name?: string; containerPort?: number }[] }[] } } | undefined)?.spec;
    for (const port of (spec?.containers ?? []).flatMap((container) => container.ports ?? [])) {
      if (port.name) seen.set(port.name, pod.name);
      if (port.containerPort) seen.set(String(port.containerPort), pod.name);
    }
  }
  return [...seen].map(([label, detail]) => ({ label, type: "variable", detail }));
}

function labelNames(above: readonly string[]): Completion[] {
  if (!above.some((step) => /[lL]abels|[sS]elector/.test(step))) return [];
  const seen = new Set(objects.value.flatMap((object) => Object.keys(object.labels ?? {})));
  return [...seen].map((label) => ({ label, type: "variable", detail: "label", apply: `${label}: ` }));
}

function labelValues(key: string): Completion[] {
  const seen = new Map<string, string>();
  for (const object of objects.value) {
    const value = object.labels?.[key];
    if (value !== undefined) seen.set(value, `${object.kind} ${object.name}`);
  }
  return [...seen].map(([label, detail]) => ({ label, type: "variable", detail }));
}

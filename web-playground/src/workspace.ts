/** The files, what was found in them, and what is looked at: the page's whole state. */
import { batch, computed, signal } from "@preact/signals";
import type { Finding, ListedObject, ManifestFile, SourcePlace } from "portolan";
import { Engine } from "./engine/client";
import { perTemplate } from "./templates";

/** The panels on the right. */
export const PANELS = ["journey", "map", "routes", "service", "admission", "compare"] as const;

/** One of the panels. */
export type Panel = (typeof PANELS)[number];

/** The engine behind everything. */
export const engine = new Engine();

/** The files, in the order of their tabs. */
export const files = signal<readonly ManifestFile[]>([]);
/** The name of the file in the editor. */
export const active = signal("");
/** The panel that is open. */
export const panel = signal<Panel>("journey");
/** What was found in all files. */
export const findings = signal<readonly Finding[]>([]);
/** The files as they were when that was found: places and fixes are about these texts. */
export const checked = signal<readonly ManifestFile[]>([]);
/** The objects of the cluster, for pickers and completion. */
export const objects = signal<readonly ListedObject[]>([]);
/** Counts the states of the cluster: an answer belongs to one of them. */
export const revision = signal(0);
/** The engine's time for the latest edit, in microseconds: to take it in, so that it can be asked, and to check it all. */
export const editMicros = signal<{ taken: number; checked: number } | null>(null);
/** The files to compare with, as they were when they were set aside. */
export const before = signal<readonly ManifestFile[] | null>(null);
/** What was found in those. */
export const beforeFindings = signal<readonly Finding[]>([]);
/** Counts the states of the cluster to compare with. */
export const beforeRevision = signal(0);
/** The places that light up in the editor. */
export const lit = signal<readonly SourcePlace[]>([]);
/** A place that the editor is to go to; a new object each time. */
export const goal = signal<{ place: Pick<SourcePlace, "file" | "line" | "column"> } | null>(null);
/** A word to the visitor, until the next one; with `back`, a way back to the files that were there, with `next` another step. */
export const notice = signal<{ text: string; bad: boolean; back?: () => void; next?: { label: string; take: () => void } } | null>(null);
/** Why the engine does not run, where it does not. */
export const broken = signal<string | null>(null);

/** The text of the file in the editor. */
export const activeText = computed(() => files.value.find((file) => file.name === active.value)?.text ?? "");

/** What was found, by file. */
export const findingsByFile = computed(() => {
  const byFile = new Map<string, Finding[]>();
  for (const finding of findings.value) {
    const known = byFile.get(finding.source.file);
    if (known === undefined) byFile.set(finding.source.file, [finding]);
    else known.push(finding);
  }
  return byFile;
});

/** How many errors were found. */
export const errors = computed(() => findings.value.filter((finding) => finding.severity === "error").length);

/** Takes in other files, in place of all there are. */
export function open(next: readonly ManifestFile[], showing = next[0]?.name ?? ""): void {
  files.value = next;
  active.value = showing;
  lit.value = [];
  whole = true;
  void sync();
}

/** Whether the visitor wrote or brought something that is kept nowhere else. */
let own = false;

/** Takes in other files like `open`, says so, and offers the way back where work of the visitor's goes out of sight. */
export function replace(next: readonly ManifestFile[], said: string, showing = next[0]?.name ?? "", bad = false): void {
  const [files0, active0] = [files.value, active.value];
  const back = own
    ? () => {
        open(files0, active0);
        own = true;
        notice.value = null;
      }
    : undefined;
  own = false;
  open(next, showing);
  if (back !== undefined || said !== "") notice.value = { text: said || "Your files were put away.", bad, ...(back !== undefined && { back }) };
}

/** Takes in what was typed. */
export function edit(name: string, text: string): void {
  own = true;
  files.value = files.value.map((file) => (file.name === name ? { name, text } : file));
  touched.add(name);
  void sync();
}

/** Adds files; one of the same name is written over. The last one comes into the editor. */
export function add(more: readonly ManifestFile[]): void {
  const names = new Set(more.map((file) => file.name));
  const last = more.at(-1);
  own = true;
  open([...files.value.filter((file) => !names.has(file.name)), ...more], last?.name ?? active.value);
}

/** Adds an empty file and gives its name. */
export function addEmpty(): string {
  const taken = new Set(files.value.map((file) => file.name));
  let number = files.value.length + 1;
  while (taken.has(`file-${number}.yaml`)) number += 1;
  const name = `file-${number}.yaml`;
  files.value = [...files.value, { name, text: "" }];
  active.value = name;
  touched.add(name);
  void sync();
  return name;
}

/** Takes a file away. */
export function close(name: string): void {
  const index = files.value.findIndex((file) => file.name === name);
  const left = files.value.filter((file) => file.name !== name);
  const next = left.length > 0 ? left : [{ name: "manifest.yaml", text: "" }];
  const unwritten = files.value[index]?.text === "";
  const wasOwn = own;
  own = !unwritten;
  replace(next, unwritten ? "" : `Closed ${name}.`, active.value === name ? (next[Math.min(index, next.length - 1)]?.name ?? "") : active.value);
  own = wasOwn;
}

/** Gives a file another name. A name that is taken or empty is not given. */
export function rename(name: string, to: string): void {
  if (to === "" || files.value.some((file) => file.name === to)) return;
  open(files.value.map((file) => (file.name === name ? { name: to, text: file.text } : file)), active.value === name ? to : active.value);
}

/** Sets the files as they are aside, to compare with later. */
export async function setAside(version: readonly ManifestFile[] | null): Promise<void> {
  before.value = version;
  if (version === null) return;
  try {
    await engine.call({ call: "load", which: "before", files: [...version] });
    beforeFindings.value = await engine.call({ call: "check", which: "before" });
    beforeRevision.value += 1;
  } catch (error) {
    notice.value = { text: String(error), bad: true };
  }
}

/** Whether all files are to be loaded, and otherwise which have changed. */
let whole = false;
const touched = new Set<string>();
let syncing = false;

/** Brings the engine to what the files say. Typing goes on meanwhile: what is newest wins. */
async function sync(): Promise<void> {
  if (syncing) return;
  syncing = true;
  try {
    while (whole || touched.size > 0) await syncOnce();
  } catch (error) {
    notice.value = { text: error instanceof Error ? error.message : String(error), bad: true };
    whole = false;
    touched.clear();
  } finally {
    syncing = false;
  }
}

async function syncOnce(): Promise<void> {
  let micros = 0;
  const taken = files.value;
  if (whole) {
    whole = false;
    touched.clear();
    await engine.call({ call: "load", which: "now", files: [...taken] });
    micros += engine.micros;
  } else {
    const changed = [...touched];
    touched.clear();
    for (const name of changed) {
      const text = taken.find((file) => file.name === name)?.text ?? "";
      await engine.call({ call: "apply", which: "now", file: name, text });
      micros += engine.micros;
    }
  }
  // The panels ask first; what is found in the whole cluster and what there is to choose come behind their answers.
  revision.value += 1;
  await new Promise((resolve) => setTimeout(resolve));
  const found = await engine.call({ call: "check", which: "now" });
  batch(() => {
    editMicros.value = { taken: micros, checked: engine.micros };
    checked.value = taken;
    findings.value = found;
  });
  // What there is to choose: once for all that was typed meanwhile.
  if (!whole && touched.size === 0) objects.value = (await engine.ask({ ask: "objects" })).objects;
}

engine.ready.catch((error: unknown) => {
  broken.value = error instanceof Error ? error.message : String(error);
});

/** Keeps a choice in the visitor's browser. */
export function keepChoice(key: string, value: string): void {
  try {
    localStorage.setItem(`portolan.${key}`, value);
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
}

/** A choice kept earlier. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`portolan.${key}`);
  } catch {
    return null;
  }
}

/** Offers to take files apart that hold what several templates of a chart made. */
export function offerTemplates(): void {
  const split = (file: ManifestFile) => perTemplate(file) ?? [file];
  const made = files.value.filter((file) => perTemplate(file) !== null).flatMap(split);
  if (made.length === 0) return;
  const take = () => {
    // Two charts, or one chart twice, may have templates of one name.
    const names = new Set<string>();
    const unlike = (name: string): string => (names.has(name) ? unlike(`${name.replace(/\.\w+$/, "")}-again.yaml`) : name);
    const apart = files.value.flatMap(split).map(({ name, text }) => {
      const own = unlike(name);
      names.add(own);
      return { name: own, text };
    });
    replace(apart, `${apart.length.toLocaleString("en")} files, one for each template.`, made[0]?.name);
  };
  const before = notice.value;
  const text = `${before?.text ?? ""} ${made.length.toLocaleString("en")} templates of a chart made this.`.trim();
  notice.value = { bad: false, ...before, text, next: { label: "One file for each", take } };
}

/** The whole state of the page: the files, their findings, and what is shown. */
import { batch, computed, signal } from "@preact/signals";
import type { Finding, ListedObject, Location, ManifestFile } from "portolan";
import { Engine } from "./engine/client";
import type { Panel } from "./panel";
import { perTemplate } from "./templates";

/** The engine behind everything. */
export const engine = new Engine();

/** The files, in the order of their tabs. */
export const files = signal<readonly ManifestFile[]>([]);
/** The name of the file in the editor. */
export const active = signal("");
/** The panel that is open. */
export const panel = signal<Panel>("journey");
/** The findings in all files. */
export const findings = signal<readonly Finding[]>([]);
/** The files to which the findings belong: locations and fixes are about these texts. */
export const checked = signal<readonly ManifestFile[]>([]);
/** The objects of the cluster, for pickers and completion. */
export const objects = signal<readonly ListedObject[]>([]);
/** Counts the states of the cluster. Each answer belongs to one state. */
export const revision = signal(0);
/** The engine's time for the latest edit, in microseconds: to load it, so that questions can be asked, and to check everything. */
export const editMicros = signal<{ taken: number; checked: number } | null>(null);
/** The files that were set aside to compare with. */
export const before = signal<readonly ManifestFile[] | null>(null);
/** The findings in those files. */
export const beforeFindings = signal<readonly Finding[]>([]);
/** Counts the states of the cluster to compare with. */
export const beforeRevision = signal(0);
/** Whether values of Secrets go into share links and are kept for the next visit. Only until the page is closed. */
export const withSecrets = signal(false);
/** The locations that are highlighted in the editor. */
export const lit = signal<readonly Location[]>([]);
/** The location that the editor should go to; a new object each time. */
export const goal = signal<{ place: Pick<Location, "file" | "line" | "column"> } | null>(null);
/** The notice that is shown. `back` restores the previous files; `next` offers another step. */
export const notice = signal<{ text: string; bad: boolean; back?: () => void; next?: { label: string; take: () => void } } | null>(null);
/** Why the engine does not run, if it does not. */
export const broken = signal<string | null>(null);

/** The text of the file in the editor. */
export const activeText = computed(() => files.value.find((file) => file.name === active.value)?.text ?? "");

/** The findings, by file. */
export const findingsByFile = computed(() => {
  const byFile = new Map<string, Finding[]>();
  for (const finding of findings.value) {
    const known = byFile.get(finding.source.file);
    if (known === undefined) byFile.set(finding.source.file, [finding]);
    else known.push(finding);
  }
  return byFile;
});

/** The number of errors. */
export const errors = computed(() => findings.value.filter((finding) => finding.severity === "error").length);

/** Replaces all files. */
export function open(next: readonly ManifestFile[], showing = next[0]?.name ?? ""): void {
  files.value = next;
  active.value = showing;
  lit.value = [];
  whole = true;
  void sync();
}

/** Whether the visitor wrote or opened something that exists nowhere else. */
let own = false;

/** Replaces all files like `open`, says so, and offers to restore the visitor's own work. */
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
  if (back !== undefined || said !== "") notice.value = { text: said || "Your files were replaced.", bad, ...(back !== undefined && { back }) };
}

/** Applies an edit of the active file. */
export function edit(name: string, text: string): void {
  own = true;
  files.value = files.value.map((file) => (file.name === name ? { name, text } : file));
  touched.add(name);
  void sync();
}

/** Adds files. A file with the same name is replaced. The last one becomes active. */
export function add(more: readonly ManifestFile[]): void {
  const names = new Set(more.map((file) => file.name));
  const last = more.at(-1);
  own = true;
  open([...files.value.filter((file) => !names.has(file.name)), ...more], last?.name ?? active.value);
}

/** Adds an empty file and returns its name. */
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

/** Closes a file. */
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

/** Renames a file, unless the new name is empty or used. */
export function rename(name: string, to: string): void {
  if (to === "" || files.value.some((file) => file.name === to)) return;
  open(files.value.map((file) => (file.name === name ? { name: to, text: file.text } : file)), active.value === name ? to : active.value);
}

/** Sets the current files aside to compare with later. */
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

/** Whether all files must be loaded; otherwise the changed ones. */
let whole = false;
const touched = new Set<string>();
let syncing = false;

/** Sends the files to the engine. The user may type meanwhile: the newest text wins. */
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
  // The panels ask first. The check of the whole cluster and the list of objects follow.
  revision.value += 1;
  await new Promise((resolve) => setTimeout(resolve));
  const found = await engine.call({ call: "check", which: "now" });
  batch(() => {
    editMicros.value = { taken: micros, checked: engine.micros };
    checked.value = taken;
    findings.value = found;
  });
  // The list of objects: once for all that was typed meanwhile.
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
    // The browser stores nothing: the choice lasts as long as the page.
  }
}

/** A choice from an earlier visit. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`portolan.${key}`);
  } catch {
    return null;
  }
}

/** Offers to split a file that contains the output of several templates of a chart. */
export function offerTemplates(): void {
  const split = (file: ManifestFile) => perTemplate(file) ?? [file];
  const made = files.value.filter((file) => perTemplate(file) !== null).flatMap(split);
  if (made.length === 0) return;
  const take = () => {
    // Two charts, or one chart used twice, can have templates with the same name.
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

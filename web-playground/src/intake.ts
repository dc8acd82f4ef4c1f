/** Reads files that are dropped or chosen, and saves them. */
import type { ManifestFile } from "portolan";
import { zip } from "./zip";

/** The files that were read, and the names of those that were skipped. */
export interface Intake {
  files: ManifestFile[];
  passed: string[];
}

const MANIFEST = /(\.(ya?ml|json)|(^|\/)Kustomization)$/i;
/** The largest file that the editor opens. */
const MOST_BYTES = 20 * 1024 * 1024;

/** Reads dropped files, and folders with everything below them. */
export async function dropped(transfer: DataTransfer): Promise<Intake> {
  const intake: Intake = { files: [], passed: [] };
  // The entries are gone when the event is over: get them all before waiting for one.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...transfer.files];
  if (entries.some((entry) => entry !== null)) {
    for (const entry of entries) if (entry !== null) await walk(entry, "", intake);
  } else {
    for (const file of plain) await take(file, file.name, intake);
  }
  const text = transfer.types.includes("Files") ? "" : transfer.getData("text/plain");
  if (text !== "") intake.files.push({ name: "dropped.yaml", text });
  intake.files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return intake;
}

/** Reads chosen files. */
export async function chosen(list: FileList): Promise<Intake> {
  const intake: Intake = { files: [], passed: [] };
  for (const file of list) await take(file, file.webkitRelativePath || file.name, intake);
  return intake;
}

async function walk(entry: FileSystemEntry, above: string, intake: Intake): Promise<void> {
  const name = above === "" ? entry.name : `${above}/${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    await take(file, name, intake);
    return;
  }
  if (entry.name.startsWith(".") || entry.name === "node_modules") return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const below of batch) await walk(below, name, intake);
  }
}

async function take(file: File, name: string, intake: Intake): Promise<void> {
  const single = !name.includes("/");
  if (!MANIFEST.test(name) && !(single && file.size < 1_000_000)) {
    intake.passed.push(name);
    return;
  }
  if (file.size > MOST_BYTES) {
    intake.passed.push(`${name} (larger than 20 MB)`);
    return;
  }
  const text = await file.text();
  if (text.includes("\0")) intake.passed.push(`${name} (not text)`);
  else intake.files.push({ name, text });
}

/** Saves the files: one as it is, several as one archive. */
export function save(files: readonly ManifestFile[]): void {
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    download(only.name.split("/").at(-1) ?? only.name, new Blob([only.text], { type: "application/yaml" }));
  } else {
    download("manifests.zip", zip(files));
  }
}

function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

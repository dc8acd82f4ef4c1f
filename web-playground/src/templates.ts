/** What `helm template` prints, taken apart: it says above each document which template made it. */
import type { ManifestFile } from "portolan";

const SEPARATOR = /^---(?=\s|$)/m;
const SOURCE = /^# Source: (\S+)\s*$/m;

/**
 * The file's documents, those of a template in a file of its name. Nothing where they are not of several templates.
 *
 * The folder `templates` is left out of the names: what stands in it waits for Helm, and this is what Helm made of it.
 */
export function perTemplate(file: ManifestFile): ManifestFile[] | null {
  const files = new Map<string, string>();
  for (const document of file.text.split(SEPARATOR)) {
    if (document.trim() === "") continue;
    const source = SOURCE.exec(document)?.[1]?.replaceAll(/(^|\/)templates\//g, "$1") ?? file.name;
    const text = `---${document}`;
    files.set(source, `${files.get(source) ?? ""}${text.endsWith("\n") ? text : `${text}\n`}`);
  }
  return files.size > 1 && file.text.search(SOURCE) >= 0 ? [...files].map(([name, text]) => ({ name, text })) : null;
}

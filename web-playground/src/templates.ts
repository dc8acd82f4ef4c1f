/** Splits the output of `helm template`, which names the template above each document. */
import type { ManifestFile } from "portolan";

const SEPARATOR = /^---(?=\s|$)/m;
const SOURCE = /^# Source: (\S+)\s*$/m;

/**
 * The file's documents, one file for each template. Nothing if they do not come from several templates.
 *
 * The names leave out the folder `templates`, because files in it are templates that are not rendered yet.
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

/** Files in; out come the same files without the values of Secrets, and the number of values that were left out. */
import { yamlLanguage } from "@codemirror/lang-yaml";
import type { ManifestFile } from "portolan";

type SyntaxNode = ReturnType<typeof yamlLanguage.parser.parse>["topNode"];

/** Files without values of Secrets. */
export interface WithoutValues {
  files: ManifestFile[];
  /** How many values were left out. */
  count: number;
}

/** A place in a text, and what is written there instead. */
interface Replacement {
  from: number;
  to: number;
  text: string;
}

const MENTIONS_SECRET = /\bkind["']?\s*:\s*(&\S+\s+)?["']?Secret\b/;
/** `kubectl apply` keeps the whole object here, its values too. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const LEFT_OUT = "# Left out: a Secret that cannot be read here. Its values were not shared.\n";

/** Replaces the values below `data` and `stringData` of Secrets by empty texts. The keys stay, because answers depend on them. */
export function withoutSecretValues(files: readonly ManifestFile[]): WithoutValues {
  let count = 0;
  const without = files.map((file) => {
    if (!file.text.includes("Secret")) return file;
    const replacements = replacementsIn(file.text);
    count += replacements.length;
    return { name: file.name, text: replaced(file.text, replacements) };
  });
  return { files: without, count };
}

function replacementsIn(text: string): Replacement[] {
  const all: Replacement[] = [];
  for (let document = yamlLanguage.parser.parse(text).topNode.firstChild; document !== null; document = document.nextSibling) {
    const { from, to } = document;
    if (!MENTIONS_SECRET.test(text.slice(from, to))) continue;
    const own: Replacement[] = [];
    // Aliases, templates and errors can hide where a value is.
    if (isClear(document, text)) visit(document, text, own);
    else own.push({ from, to, text: `${text.startsWith("---", from) ? "---\n" : ""}${LEFT_OUT}` });
    all.push(...own);
  }
  return all;
}

function isClear(document: SyntaxNode, text: string): boolean {
  if (text.slice(document.from, document.to).includes("{{")) return false;
  let clear = document.name === "Document";
  document.cursor().iterate((node) => {
    if (node.type.isError || node.name === "Alias" || node.name === "Anchor" || node.name === "Tag") clear = false;
  });
  return clear;
}

function visit(node: SyntaxNode, text: string, out: Replacement[]): void {
  if (isMapping(node) && pairs(node).some((pair) => keyOf(pair, text) === "kind" && scalar(valueOf(pair), text) === "Secret")) {
    for (const pair of pairs(node)) {
      const [key, value] = [keyOf(pair, text), valueOf(pair)];
      if (key === "data" || key === "stringData") leaveOut(value, out);
      else if (key === "metadata" && value !== null) leaveOutLastApplied(value, text, out);
    }
    return;
  }
  for (let child = node.firstChild; child !== null; child = child.nextSibling) visit(child, text, out);
}

function leaveOut(value: SyntaxNode | null, out: Replacement[]): void {
  if (value === null) return;
  if (isMapping(value)) for (const pair of pairs(value)) leaveOut(valueOf(pair), out);
  else out.push({ from: value.from, to: value.to, text: '""' });
}

function leaveOutLastApplied(metadata: SyntaxNode, text: string, out: Replacement[]): void {
  metadata.cursor().iterate(({ node }) => {
    if (node.name === "Pair" && keyOf(node, text) === LAST_APPLIED) leaveOut(valueOf(node), out);
  });
}

function isMapping(node: SyntaxNode): boolean {
  return node.name === "BlockMapping" || node.name === "FlowMapping";
}

function pairs(mapping: SyntaxNode): SyntaxNode[] {
  return mapping.getChildren("Pair");
}

function keyOf(pair: SyntaxNode, text: string): string | null {
  return scalar(pair.getChild("Key")?.firstChild ?? null, text);
}

/** The value of a pair: what follows its key and colon, except comments. */
function valueOf(pair: SyntaxNode): SyntaxNode | null {
  const last = pair.lastChild;
  return last === null || last.name === "Key" || last.name === ":" || last.name === "Comment" ? null : last;
}

function scalar(node: SyntaxNode | null, text: string): string | null {
  if (node === null) return null;
  const written = text.slice(node.from, node.to);
  if (node.name === "Literal") return written.trim();
  return node.name === "QuotedLiteral" ? unquoted(written) : null;
}

function unquoted(written: string): string {
  try {
    return written.startsWith('"') ? (JSON.parse(written) as string) : written.slice(1, -1);
  } catch {
    return written.slice(1, -1);
  }
}

function replaced(text: string, replacements: readonly Replacement[]): string {
  let result = "";
  let from = 0;
  for (const replacement of replacements) {
    result += text.slice(from, replacement.from) + replacement.text;
    from = replacement.to;
  }
  return result + text.slice(from);
}

/** Finds the path of a position in a manifest by indentation, so that it works while a line is incomplete. */
import type { Text } from "@codemirror/state";
import type { Edit, Finding, Location } from "portolan";

/** The position of the cursor in a document. */
export interface Standing {
  /** The document's kind, or an empty text. */
  kind: string;
  /** The document's namespace. */
  namespace: string;
  /** The keys above the line, from the root; `-` is a list item. Without the line's own key. */
  above: string[];
  /** The line's key, perhaps incomplete. */
  key: string;
  /** Whether the cursor is after the key's colon, or on a plain list item. */
  inValue: boolean;
  /** The first and last line of the document, from 1. */
  lines: [number, number];
}

interface Token {
  column: number;
  key: string;
}

/** The keys and dashes of a line with their columns. */
function tokens(text: string): { tokens: Token[]; valueAt: number | null; rest: number } {
  const found: Token[] = [];
  let column = text.length - text.trimStart().length;
  while (text.startsWith("- ", column) || text.slice(column) === "-") {
    found.push({ column, key: "-" });
    column += 1;
    while (text[column] === " ") column += 1;
  }
  const match = /^(?:"([^"]*)"|'([^']*)'|([^\s#"'{[&*!|>%@`][^:#]*?))\s*:(?=\s|$)/.exec(text.slice(column));
  if (match === null) return { tokens: found, valueAt: null, rest: column };
  found.push({ column, key: match[1] ?? match[2] ?? match[3] ?? "" });
  return { tokens: found, valueAt: column + match[0].length, rest: column };
}

/** The path at a position. */
export function standingAt(doc: Text, position: number): Standing {
  const line = doc.lineAt(position);
  let first = line.number;
  while (first > 1 && !/^---(\s|$)/.test(doc.line(first).text)) first -= 1;
  let last = line.number;
  while (last < doc.lines && !/^---(\s|$)/.test(doc.line(last + 1).text)) last += 1;

  let kind = "";
  let namespace = "default";
  let inMetadata = false;
  for (let number = first; number <= last; number += 1) {
    const { text } = doc.line(number);
    if (/^\S/.test(text)) inMetadata = text.startsWith("metadata:");
    kind = /^kind:\s*["']?([A-Za-z]+)/.exec(text)?.[1] ?? kind;
    if (inMetadata) namespace = /^\s+namespace:\s*["']?([a-z0-9.-]+)/.exec(text)?.[1] ?? namespace;
  }

  const own = tokens(line.text);
  const cursor = position - line.from;
  const key = own.valueAt === null ? line.text.slice(own.rest).trim() : (own.tokens.at(-1)?.key ?? "");
  const inValue = own.valueAt !== null && cursor >= own.valueAt;
  const above: string[] = [];
  // On an empty line the cursor's column decides the depth.
  const column = line.text.trim() === "" ? cursor : own.rest;
  let limit = column;
  let underDash = false;
  const climb = (list: readonly Token[]) => {
    for (const token of list.toReversed()) {
      if (token.key === "-") {
        if (token.column < limit) {
          above.push("-");
          limit = token.column;
          underDash = true;
        }
      } else if (token.column < limit || (underDash && token.column === limit)) {
        above.push(token.key);
        limit = token.column;
        underDash = false;
      }
    }
  };
  climb(own.valueAt === null ? own.tokens : own.tokens.slice(0, -1));
  for (let number = line.number - 1; number >= first && (limit > 0 || underDash); number -= 1) {
    const { text } = doc.line(number);
    if (text.trim() === "" || /^\s*#/.test(text) || /^---/.test(text)) continue;
    climb(tokens(text).tokens);
  }
  return { kind, namespace, above: above.toReversed(), key, inValue, lines: [first, last] };
}

/** The offset of a location in the text. Columns count characters, offsets UTF-16 units. */
export function positionOf(doc: Text, place: Pick<Location, "line" | "column">): number {
  if (place.line < 1 || place.line > doc.lines) return place.line < 1 ? 0 : doc.length;
  const line = doc.line(place.line);
  let units = 0;
  let characters = place.column - 1;
  for (const character of line.text) {
    if (characters <= 0) break;
    units += character.length;
    characters -= 1;
  }
  return line.from + units;
}

/** The range that a finding underlines: the value or key that begins at its location. */
export function rangeOf(doc: Text, finding: Finding): { from: number; to: number } {
  const from = positionOf(doc, finding.source);
  const line = doc.lineAt(from);
  const rest = line.text.slice(from - line.from);
  const shown = /^"(?:[^"\\]|\\.)*"|^'(?:[^']|'')*'|^[^\s#:,\]}][^#:,\]}]*(?::(?=\S)[^#,\]}]*)?/.exec(rest)?.[0].trimEnd() ?? rest.trimEnd();
  if (shown.length > 0) return { from, to: from + shown.length };
  const text = line.text.trimEnd().length;
  return text === 0 ? { from: line.from, to: line.to } : { from: line.from + (line.text.length - line.text.trimStart().length), to: line.from + text };
}

/** Applies edits, given in UTF-8 bytes, to a text. */
export function edited(text: string, edits: readonly Edit[]): string {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  let out = "";
  let done = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < done || edit.end > bytes.length) continue;
    out += decoder.decode(bytes.subarray(done, edit.start)) + edit.text;
    done = edit.end;
  }
  return out + decoder.decode(bytes.subarray(done));
}

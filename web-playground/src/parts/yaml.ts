/** An object as lines of YAML, each with the path of its field. */

/** One line. */
export interface YamlLine {
  text: string;
  /** The path of the field that begins on the line. */
  path: string;
  /** Whether the line writes a plain value rather than opening an object or a list. */
  plain: boolean;
}

/** Writes a JSON value as YAML. */
export function yamlLines(value: unknown): YamlLine[] {
  const lines: YamlLine[] = [];
  write(value, "", "", lines);
  return lines;
}

function write(value: unknown, path: string, indent: string, lines: YamlLine[]): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      const below = `${path}[${index}]`;
      if (isPlain(item)) lines.push({ text: `${indent}- ${scalar(item)}`, path: below, plain: true });
      else {
        const begin = lines.length;
        write(item, below, `${indent}  `, lines);
        const first = lines[begin];
        if (first !== undefined) lines[begin] = { ...first, text: `${indent}- ${first.text.trimStart()}` };
      }
    });
    return;
  }
  for (const [name, item] of Object.entries(value as object)) {
    const below = path === "" ? name : `${path}.${name}`;
    const key = /^[A-Za-z][\w./-]*$/.test(name) ? name : JSON.stringify(name);
    if (isPlain(item)) lines.push({ text: `${indent}${key}: ${scalar(item)}`, path: below, plain: true });
    else {
      lines.push({ text: `${indent}${key}:`, path: below, plain: false });
      write(item, below, Array.isArray(item) ? indent : `${indent}  `, lines);
    }
  }
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value !== "object" || Object.keys(value).length === 0;
}

function scalar(value: unknown): string {
  if (typeof value !== "string") return Array.isArray(value) ? "[]" : value !== null && typeof value === "object" ? "{}" : String(value);
  const plain = /^[A-Za-z][\w./ @-]*$/.test(value) && !/^(y|n|yes|no|on|off|true|false|null|~)$/i.test(value) && !/\s$/.test(value);
  return plain ? value : JSON.stringify(value);
}

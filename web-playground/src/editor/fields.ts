/** What the kinds' fields mean: descriptions made from the engine's own types. */
import described from "portolan/fields.json";

/** A field described. */
export interface Field {
  /** What it means, Markdown of one paragraph. */
  doc: string;
  /** What its value is. */
  type: "string" | "integer" | "boolean" | "integer or string" | "any" | "object" | "list" | "map";
  /** For a list or a map: what it holds. */
  of?: Field["type"];
  /** The struct of the object, of the list's items or of the map's values. */
  struct?: string;
}

/** A struct described. */
export interface Struct {
  /** What it stands for. */
  doc: string;
  /** Its fields. */
  fields: Record<string, Field>;
}

const { kinds, structs } = described as unknown as {
  kinds: Record<string, { apiVersion: string; struct: string }>;
  structs: Record<string, Struct>;
};

/** The kinds that are known, each with the version it is served in. */
export const KINDS: ReadonlyMap<string, string> = new Map(Object.entries(kinds).map(([kind, { apiVersion }]) => [kind, apiVersion]));

/** Where a path leads: the struct whose fields may stand there, the field it ends in, or both. */
export interface Found {
  /** The struct whose fields may stand at the path. */
  struct: Struct | null;
  /** The field that the path ends in. */
  field: Field | null;
}

/** Follows a path (`spec`, `ports`, `-`, `port`) from an object of that kind. */
export function follow(kind: string, path: readonly string[]): Found | null {
  let struct: Struct | null = structs[kinds[kind]?.struct ?? ""] ?? null;
  let field = null as Field | null;
  let inMap = false;
  for (const step of path) {
    if (step === "-") {
      if (field?.type !== "list") return null;
      continue;
    }
    if (inMap) {
      // A name that is the author's: what follows is the map's value.
      inMap = false;
      field = { doc: field?.doc ?? "", type: field?.of ?? "any" };
      continue;
    }
    if (struct === null) return null;
    field = struct.fields[step] ?? null;
    if (field === null) return null;
    inMap = field.type === "map";
    struct = field.struct === undefined ? null : (structs[field.struct] ?? null);
  }
  return { struct: inMap ? null : struct, field };
}

/** The values that a field's description names as its choices: `A`, `B` or `C`. */
export function choices(field: Field): string[] {
  if (field.type === "boolean") return ["true", "false"];
  if (field.type !== "string" && field.of !== "string") return [];
  return [...field.doc.matchAll(/`([A-Za-z][A-Za-z0-9-]*)`/g)].map((match) => match[1] ?? "");
}

/** Descriptions of the kinds' fields, generated from the engine's types. */
import described from "portolan/fields.json";

/** The description of a field. */
export interface Field {
  /** Its meaning: one paragraph of Markdown. */
  doc: string;
  /** The type of its value. */
  type: "string" | "integer" | "boolean" | "integer or string" | "any" | "object" | "list" | "map";
  /** For a list or a map: the type of its items. */
  of?: Field["type"];
  /** The struct of the object, of the list's items or of the map's values. */
  struct?: string;
}

/** The description of a struct. */
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

/** The known kinds, each with its served version. */
export const KINDS: ReadonlyMap<string, string> = new Map(Object.entries(kinds).map(([kind, { apiVersion }]) => [kind, apiVersion]));

/** The target of a path: the struct whose fields are possible there, the field at its end, or both. */
export interface Found {
  /** The struct whose fields are possible at the path. */
  struct: Struct | null;
  /** The field at the end of the path. */
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
      // A key that the author chose: the map's value follows.
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

/** The possible values that a field's description names: `A`, `B` or `C`. */
export function choices(field: Field): string[] {
  if (field.type === "boolean") return ["true", "false"];
  if (field.type !== "string" && field.of !== "string") return [];
  return [...field.doc.matchAll(/`([A-Za-z][A-Za-z0-9-]*)`/g)].map((match) => match[1] ?? "");
}

/** The share link: everything is in the fragment, which browsers do not send to a server. */
import type { ManifestFile } from "portolan";
import { PANELS, type Panel } from "./panel";

/** The content of a link. */
export interface Shared {
  files: ManifestFile[];
  panel?: Panel;
  /** The input of the panels, by panel. */
  asked?: Record<string, string>;
}

const PREFIX = "#v1.";
/** A link that unpacks to more is not one of ours. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Nor is a longer fragment: the page makes none above 1,000,000 characters. It is refused before it is decoded. */
const MOST_CHARACTERS = 2_000_000;

/** The fragment for a state. */
export async function pack(shared: Shared): Promise<string> {
  const stream = new Blob([JSON.stringify(shared)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return PREFIX + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The state of a fragment, or null if the fragment is not a share link.
 *
 * @throws if it begins like a share link and is damaged
 */
export async function unpack(fragment: string): Promise<Shared | null> {
  if (!fragment.startsWith(PREFIX)) return null;
  if (fragment.length > MOST_CHARACTERS) throw new Error("the link is longer than 2,000,000 characters");
  const binary = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const text = await limited(stream);
  const shared = JSON.parse(text) as Partial<Shared>;
  const files = (Array.isArray(shared.files) ? shared.files : []).filter(
    (file): file is ManifestFile => typeof file?.name === "string" && typeof file.text === "string",
  );
  if (files.length === 0) throw new Error("the link holds no files");
  const panel = PANELS.find((known) => known === shared.panel);
  const asked = Object.entries(shared.asked ?? {}).filter(([, value]) => typeof value === "string");
  return { files, ...(panel !== undefined && { panel }), asked: Object.fromEntries(asked) };
}

async function limited(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MOST_BYTES) {
      await reader.cancel();
      throw new Error("the link unpacks to more than 16 MB");
    }
    text += decoder.decode(value, { stream: true });
  }
}

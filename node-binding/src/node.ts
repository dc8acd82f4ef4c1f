/** Portolan in Node: ready as soon as it is loaded. */
import { beforeFirstCall, install, module, PortolanError, type Glue, type Startable } from "./engine.js";

export * from "./api.js";

interface Files {
  readFileSync(path: string | URL): Uint8Array<ArrayBuffer>;
}

declare const require: (path: string) => unknown;
declare const process: { getBuiltinModule?(name: string): unknown };
declare const __dirname: string | undefined;

const MODULE = "portolan_bg.wasm";

/** Where the module comes from: the path of the file, its URL, or its bytes. */
export type ModuleSource = string | URL | ArrayBuffer | ArrayBufferView;

const glue = require("../wasm/portolan.cjs") as Glue & Startable;

beforeFirstCall(() => install(glue, new WebAssembly.Module(besideThis())));

/**
 * Resolves when the engine is ready. In Node it is ready from the start, and nobody needs to wait. Call it in code that
 * also runs in browsers, and in bundles that do not have the engine's file beside them.
 *
 * @param source where the module comes from; default: beside this file, or beside the bundle that contains it
 */
export async function init(source?: ModuleSource): Promise<void> {
  if (source === undefined) module();
  else install(glue, await compile(source));
}

async function compile(source: ModuleSource | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source as BufferSource);
  if (/^(https?|data):/.test(String(source))) return WebAssembly.compile(await (await fetch(source)).arrayBuffer());
  return WebAssembly.compile(files().readFileSync(String(source).startsWith("file:") ? new URL(source) : source));
}

function besideThis(): Uint8Array<ArrayBuffer> {
  // A bundle of ES modules does not know its folder.
  const folder = typeof __dirname === "undefined" ? undefined : __dirname;
  for (const path of [`${folder}/../wasm/${MODULE}`, `${folder}/${MODULE}`]) {
    try {
      if (folder !== undefined) return files().readFileSync(path);
    } catch {
      // Try the other path.
    }
  }
  const message = `${MODULE} is not beside this bundle: copy it there, or pass it to init() first`;
  throw new PortolanError({ reason: "NotReady", message });
}

/** `node:fs`, also in a bundle of ES modules, which has no `require`. */
function files(): Files {
  return (process.getBuiltinModule?.("node:fs") ?? require("node:fs")) as Files;
}

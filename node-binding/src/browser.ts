/** Portolan in browsers and web workers: ready when `init()` has resolved. */
import * as glue from "../wasm/portolan.js";
import { install, type Glue, type Startable } from "./engine.js";

export * from "./api.js";

/** Where the module comes from: its address, a response, its bytes, or the compiled module. */
export type ModuleSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

let started: Promise<void> | undefined;

/**
 * Fetches and starts the engine. Call it once before anything else. Further calls wait for the first one.
 *
 * @param source where the module comes from; default: beside this file
 */
export function init(source?: ModuleSource | Promise<Response>): Promise<void> {
  started ??= load(source).catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  return started;
}

async function load(source: ModuleSource | Promise<Response> = new URL("../wasm/portolan_bg.wasm", import.meta.url)): Promise<void> {
  install(glue as unknown as Glue & Startable, await compile(await source));
}

async function compile(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return WebAssembly.compile(source);
  const response = source instanceof Response ? source : await fetch(source);
  const type = response.headers.get("content-type") ?? "";
  // Many servers answer with a page instead of 404.
  if (!response.ok || type.startsWith("text/html")) {
    throw new Error(`cannot load the engine's module: ${response.status} ${response.url}; pass the address of portolan_bg.wasm to init()`);
  }
  // Streaming compilation needs the right content type, which not every server sends.
  if (type === "application/wasm") return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

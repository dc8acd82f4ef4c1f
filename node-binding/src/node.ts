/** Portolan in Node: ready as soon as it is loaded. */
import { install, type Glue } from "./engine.js";

export * from "./api.js";

declare const require: (path: string) => unknown;

install(require("../wasm/portolan.cjs") as Glue);

/** Resolves when the engine is ready, which in Node it is from the start. Browsers have to wait for it. */
export function init(): Promise<void> {
  return Promise.resolve();
}

/**
 * The module: calling it, turning its refusals into errors, and making it afresh after a trap.
 *
 * @internal
 */

/** What wasm-bindgen makes of the module. Strings go in and out. */
export interface Glue {
  /** A cluster that stays in the module. */
  readonly Handle: new (options: string) => Handle;
  /** The version of the engine. */
  version(): string;
  /** Takes another instance in place of the one there is; with that go all its handles. */
  __wbg_reset_state(): void;
}

/** A cluster inside the module. */
export interface Handle {
  /** Adds a file to be loaded. */
  add(file: string, text: string): void;
  /** Loads the files that were added: JSON of what was found. */
  load(): string;
  /** Takes a file's new text: JSON of what was found in it. */
  apply(file: string, text: string): string;
  /** Takes an object out: whether it was there. */
  remove(reference: string): boolean;
  /** Findings of the cluster as it stands, as JSON. */
  check(): string;
  /** Answers a question. */
  ask(question: string): string;
  /** Lets go of the cluster. */
  free(): void;
}

/** Why something was refused. */
export interface Refusal {
  /** One word: `BadRequest`, `NotFound`, `Invalid`, … */
  reason?: string;
  /** What is wrong, for people. */
  message?: string;
  /** The field it is about. */
  field?: string;
  /** The file it is about. */
  file?: string;
  /** The line it is about, from 1. */
  line?: number;
  /** The column it is about in characters, from 1. */
  column?: number;
}

/** What every call throws that cannot be answered. */
export class PortolanError extends Error {
  override readonly name = "PortolanError";
  /**
   * One word: `BadRequest` (the question, or a text, cannot be understood), `Invalid` (a value cannot be), `NotFound` (it is about an object that is not there),
   * `NotReady` (the module is not loaded yet), `Gone` (the cluster was let go of, or the module made afresh since),
   * `InternalError` (the engine stopped; see {@link reset}).
   */
  readonly reason: string;
  /** The field of the question or of the options that is at fault, where one is. */
  readonly field: string | undefined;
  /** The file at fault, where what was loaded is. */
  readonly file: string | undefined;
  /** The line at fault, from 1, where there is one. */
  readonly line: number | undefined;
  /** The column at fault in characters, from 1, where there is one. */
  readonly column: number | undefined;

  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    super(refusal.message ?? refusal.reason ?? "refused", options);
    this.reason = refusal.reason ?? "InternalError";
    this.field = refusal.field;
    this.file = refusal.file;
    this.line = refusal.line;
    this.column = refusal.column;
  }
}

let glue: (Glue & Startable) | undefined;
let atFirst: (() => void) | undefined;
let instance = 0;

/** The glue before the module is there. */
export interface Startable {
  /** Makes an instance of the module. */
  initSync(from: { module: WebAssembly.Module }): unknown;
}

/**
 * Starts the module, once.
 *
 * @internal
 */
export function install(loaded: Glue & Startable, compiled: WebAssembly.Module): void {
  if (glue !== undefined) return;
  loaded.initSync({ module: compiled });
  glue = loaded;
}

/**
 * Says what is to be done where something is asked before anybody installed the module.
 *
 * @internal
 */
export function beforeFirstCall(load: () => void): void {
  atFirst = load;
}

/**
 * The module, or an error that says how to get it.
 *
 * @internal
 */
export function module(): Glue {
  if (glue === undefined) atFirst?.();
  if (glue === undefined) {
    throw new PortolanError({ reason: "NotReady", message: "the engine is not loaded yet: `await init()` first" });
  }
  return glue;
}

/**
 * The number of the module's instance; handles of another are gone.
 *
 * @internal
 */
export function currentInstance(): number {
  return instance;
}

/**
 * Makes the module afresh, with memory of its own. Every cluster made before is gone, and says so when it is asked.
 *
 * The package does this by itself when the engine stops, which it should never do; calling it frees all memory at once.
 */
export function reset(): void {
  const loaded = module();
  instance += 1;
  loaded.__wbg_reset_state();
}

/**
 * Calls the module. What it refuses becomes a {@link PortolanError}; when it traps, it is made afresh first.
 *
 * @internal
 */
export function call<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw thrown(error);
  }
}

/**
 * What to throw for what the module threw: a {@link PortolanError} for a refusal and for a trap, after which the module is made
 * afresh.
 *
 * @internal
 */
export function thrown(error: unknown): unknown {
  if (typeof error === "string") return new PortolanError(JSON.parse(error) as Refusal);
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    reset();
    const message = `the engine stopped (${error.message}) and was made afresh: load the cluster again`;
    return new PortolanError({ reason: "InternalError", message }, { cause: error });
  }
  return error;
}

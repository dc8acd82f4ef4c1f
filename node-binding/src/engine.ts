/**
 * The module: calls it, turns its refusals into errors, and replaces it after a trap.
 *
 * @internal
 */

/** The glue that wasm-bindgen generates for the module. Strings go in and out. */
export interface Glue {
  /** A cluster inside the module. */
  readonly Handle: new (options: string) => Handle;
  /** The version of the engine. */
  version(): string;
  /** Replaces the instance. All its handles become invalid. */
  __wbg_reset_state(): void;
}

/** A cluster inside the module. */
export interface Handle {
  /** Adds a file to be loaded. */
  add(file: string, text: string): void;
  /** Loads the added files. Returns the findings as JSON. */
  load(): string;
  /** Replaces the text of a file. Returns its findings as JSON. */
  apply(file: string, text: string): string;
  /** Removes an object. Returns whether it existed. */
  remove(reference: string): boolean;
  /** Returns all findings about the cluster as JSON. */
  check(): string;
  /** Answers a question. */
  ask(question: string): string;
  /** Frees the cluster. */
  free(): void;
}

/** Why a call was refused. */
export interface Refusal {
  /** One word: `BadRequest`, `NotFound`, `Invalid`, … */
  reason?: string;
  /** The problem, for people. */
  message?: string;
  /** The field with the problem. */
  field?: string;
  /** The file with the problem. */
  file?: string;
  /** The line of the problem, from 1. */
  line?: number;
  /** The column of the problem in characters, from 1. */
  column?: number;
}

/** The error of every call that has no answer. */
export class PortolanError extends Error {
  override readonly name = "PortolanError";
  /**
   * One word: `BadRequest` (the question or a text cannot be understood), `Invalid` (a value is invalid), `NotFound` (an
   * object does not exist), `RequestEntityTooLarge` (larger than `maxInputLength`), `NotReady` (the module is not loaded yet), `Gone` (the cluster was freed, or the module was
   * replaced since), `InternalError` (the engine stopped; see {@link reset}).
   */
  readonly reason: string;
  /** The field of the question or of the options with the problem, if there is one. */
  readonly field: string | undefined;
  /** The file with the problem, if the input has one. */
  readonly file: string | undefined;
  /** The line of the problem, from 1, if there is one. */
  readonly line: number | undefined;
  /** The column of the problem in characters, from 1, if there is one. */
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

/** The glue before the module is loaded. */
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
 * Sets the function that loads the module if it is needed before it is installed.
 *
 * @internal
 */
export function beforeFirstCall(load: () => void): void {
  atFirst = load;
}

/**
 * Returns the module, or throws an error that says how to load it.
 *
 * @internal
 */
export function module(): Glue {
  if (glue === undefined) atFirst?.();
  if (glue === undefined) {
    throw new PortolanError({ reason: "NotReady", message: "the engine is not loaded yet: call `await init()` first" });
  }
  return glue;
}

/**
 * The number of the module's instance. Handles of other instances are invalid.
 *
 * @internal
 */
export function currentInstance(): number {
  return instance;
}

/**
 * Replaces the module by a new instance with new memory. Every existing cluster is gone: asking it throws `Gone`.
 *
 * The package does this itself if the engine stops, which should never happen. Calling it frees all memory at once.
 */
export function reset(): void {
  const loaded = module();
  instance += 1;
  loaded.__wbg_reset_state();
}

/**
 * Calls the module. A refusal becomes a {@link PortolanError}. After a trap the module is replaced first.
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
 * Turns what the module threw into the error to throw: a {@link PortolanError} for a refusal and for a trap. After a trap
 * the module is replaced.
 *
 * @internal
 */
export function thrown(error: unknown): unknown {
  if (typeof error === "string") return new PortolanError(JSON.parse(error) as Refusal);
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) {
    reset();
    const message = `the engine stopped (${error.message}) and was replaced: load the cluster again`;
    return new PortolanError({ reason: "InternalError", message }, { cause: error });
  }
  return error;
}

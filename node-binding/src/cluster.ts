import { call, thrown, currentInstance, module, PortolanError, type Handle, type Refusal } from "./engine.js";
import { KINDS, type Asking, type Finding, type KubernetesObject, type Questions, type Reference } from "./types.js";

/** A file of manifests. */
export interface ManifestFile {
  /** Its name, which findings and answers repeat. */
  name: string;
  /** YAML or JSON, one document or many, `List` objects included. */
  text: string;
}

/** The input of a cluster: the text of manifests, files, or objects. */
export type Input = string | ManifestFile | KubernetesObject | readonly (ManifestFile | KubernetesObject)[];

/** Settings of the whole cluster, named like the flags of its components. */
export interface ClusterOptions {
  /** `--service-cluster-ip-range`, default `10.0.0.0/16`. A comma separates a second family. */
  serviceClusterIPRange?: string;
  /** `--service-node-port-range`, default `30000-32767`. */
  serviceNodePortRange?: string;
  /** `--cluster-cidr`, default `10.244.0.0/16`. Synthetic pods get their addresses from it. */
  clusterCIDR?: string;
  /** `--cluster-domain`, default `cluster.local`. */
  clusterDomain?: string;
  /**
   * Treats the objects as already stored in a cluster: they are read leniently and none is refused. Otherwise each passes
   * through admission in the given order, and an object that kube-apiserver would refuse is reported and left out.
   */
  stored?: boolean;
  /**
   * Throws for the first document that cannot be read or object that would be refused, with its `file`, `line`,
   * `column` and `field`, instead of leaving it out.
   */
  strict?: boolean;
  /**
   * The largest input: of all texts together when loading, of the text of one file when applying, of one question. Objects
   * count as their JSON text. In UTF-16 code units, as `length` of a string counts. Default: 67,108,864 (64 Mi).
   */
  maxInputLength?: number;
}

/** A question of the contract. */
export type Question<K extends keyof Questions = keyof Questions> = {
  [Kind in K]: { ask: Kind; id?: unknown } & Questions[Kind]["question"];
}[K];

/** The answer to a question of the contract. */
export type Answer<K extends keyof Questions = keyof Questions> = Questions[K]["answer"];

/** A cluster has one method for each kind of question. */
export interface Cluster extends Asking {}

/**
 * A cluster, which lives inside the engine.
 *
 * It is freed by `free()`, at the end of a `using` block, or some time after the last reference is gone.
 *
 * All clusters of a thread share one engine and its memory (4 GiB at most). If the engine stops, all of them throw `Gone`, so a
 * server gives each tenant a worker of its own, and sets `maxInputLength`.
 *
 * @example
 * ```js
 * import { Cluster } from "portolan";
 *
 * const cluster = Cluster.load(await readFile("shop.yaml", "utf8"));
 * for (const finding of cluster.findings) console.log(finding.message);
 * console.log(cluster.route({ url: "https://shop.example/cart" }).service);
 * ```
 */
export class Cluster {
  #handle: Handle | undefined;
  #instance: number;
  #findings: Finding[] = [];
  #maxInputLength: number;

  private constructor(handle: Handle, maxInputLength: number) {
    this.#handle = handle;
    this.#maxInputLength = maxInputLength;
    this.#instance = currentInstance();
  }

  /**
   * Makes a cluster from manifests.
   *
   * A broken document or a refused object is a finding and is left out; the rest is loaded.
   *
   * @param input the text of manifests, files, or objects
   * @param options settings of the whole cluster
   * @throws {@link PortolanError} `Invalid` for an invalid option, with its `field`; with `strict`, `BadRequest` for a
   *   document that cannot be read and `Invalid` for an object that would be refused, with its location;
   *   `RequestEntityTooLarge` if the input is larger than `maxInputLength`
   */
  static load(input: Input = [], { strict = false, maxInputLength = MAX_INPUT_LENGTH, ...options }: ClusterOptions = {}): Cluster {
    const { Handle } = module();
    const texts = files(input);
    limit(texts.reduce((sum, { text }) => sum + text.length, 0), maxInputLength, "the input");
    const cluster = new Cluster(call(() => new Handle(JSON.stringify(options))), maxInputLength);
    cluster.#findings = cluster.#call((handle) => {
      for (const file of texts) handle.add(file.name, file.text);
      return JSON.parse(handle.load()) as Finding[];
    });
    const wrong = strict ? cluster.#findings.find(({ severity }) => severity === "error") : undefined;
    if (wrong !== undefined) {
      cluster.free();
      const { file, line, column, field } = wrong.source;
      const reason = wrong.code === "syntax" ? "BadRequest" : "Invalid";
      throw new PortolanError({ reason, message: wrong.message, file, line, column, ...(field !== "" && { field }) });
    }
    return cluster;
  }

  /** The findings of loading: broken documents, refusals, warnings, in the order of the files. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /**
   * Replaces the text of a file: its objects are created or updated, and objects that it no longer contains are removed.
   * Only what depends on them is compiled again.
   *
   * @param text YAML or JSON, or objects
   * @param file the file's name; default `manifest.yaml`, the name of a text that was loaded without one
   * @returns the findings in this file
   */
  apply(text: string | KubernetesObject | readonly KubernetesObject[], file = DEFAULT_NAME): Finding[] {
    const written = typeof text === "string" ? text : listOf(Array.isArray(text) ? text : [text]);
    limit(written.length, this.#maxInputLength, `\`${file}\``);
    return this.#call((handle) => JSON.parse(handle.apply(file, written)) as Finding[]);
  }

  /**
   * Removes an object.
   *
   * @param reference its kind, namespace (default: `default`) and name
   * @returns whether it existed
   */
  remove(reference: Reference): boolean {
    return this.#call((handle) => handle.remove(JSON.stringify(reference)));
  }

  /** All findings about the cluster: refusals, warnings, and findings across objects. */
  check(): Finding[] {
    return this.#call((handle) => JSON.parse(handle.check()) as Finding[]);
  }

  /**
   * Answers one question of the contract.
   *
   * @param question the question, or its JSON text
   * @throws {@link PortolanError} with `reason` and `field` if there is no answer, and with `line` and `column` if a
   *   text is not JSON
   */
  ask<K extends keyof Questions>(question: Question<K> | string): Answer<K> {
    const text = typeof question === "string" ? question : JSON.stringify(question);
    const answer = JSON.parse(this.askText(text)) as { error?: Refusal };
    if (answer.error !== undefined) throw new PortolanError(answer.error);
    return answer as Answer<K>;
  }

  /**
   * Answers a question in JSON text with JSON text, byte for byte like `portolan ask`. A question without an answer gets
   * an answer with `error`.
   */
  askText(question: string): string {
    // Called most often, so not wrapped in `#call`.
    const handle = this.#live();
    limit(question.length, this.#maxInputLength, "the question");
    try {
      return handle.ask(question);
    } catch (error) {
      throw thrown(error);
    }
  }

  /** Frees the cluster. Asking it afterwards throws. */
  free(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined && this.#instance === currentInstance()) handle.free();
  }

  /** Frees the cluster at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.free();
  }

  #call<T>(work: (handle: Handle) => T): T {
    const handle = this.#live();
    return call(() => work(handle));
  }

  #live(): Handle {
    const handle = this.#handle;
    if (handle === undefined || this.#instance !== currentInstance()) {
      const message = handle === undefined ? "the cluster has been freed" : "the engine has been replaced since: load the cluster again";
      throw new PortolanError({ reason: "Gone", message });
    }
    return handle;
  }
}

for (const kind of KINDS) {
  Object.defineProperty(Cluster.prototype, kind, {
    configurable: true,
    writable: true,
    value(this: Cluster, question: object) {
      return this.ask(asked(kind, question));
    },
  });
}

/** A question's text. Joining texts costs less than making an object with one more member. The first `ask` counts. */
function asked(kind: string, question: object): string {
  const text = JSON.stringify(question) as string | undefined;
  if (text === undefined || !text.startsWith("{")) return JSON.stringify({ ...question, ask: kind });
  return `{"ask":"${kind}"${text === "{}" ? "" : ","}${text.slice(1)}`;
}

const DEFAULT_NAME = "manifest.yaml";

const MAX_INPUT_LENGTH = 64 * 1024 * 1024;

function limit(length: number, most: number, what: string): void {
  if (length <= most) return;
  const message = `${what} has a length of ${length}, the limit is ${most}; change it with \`maxInputLength\``;
  throw new PortolanError({ reason: "RequestEntityTooLarge", message });
}

function files(input: Input): ManifestFile[] {
  if (typeof input === "string") return [{ name: DEFAULT_NAME, text: input }];
  const items = Array.isArray(input) ? (input as readonly (ManifestFile | KubernetesObject)[]) : [input as ManifestFile];
  const objects: KubernetesObject[] = [];
  const texts: ManifestFile[] = [];
  for (const item of items) {
    if (isFile(item)) texts.push(item);
    else objects.push(item);
  }
  if (objects.length > 0) texts.push({ name: "objects.json", text: listOf(objects) });
  return texts;
}

function isFile(item: ManifestFile | KubernetesObject): item is ManifestFile {
  return typeof (item as ManifestFile).text === "string";
}

function listOf(objects: readonly KubernetesObject[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}

import { call, thrown, currentInstance, module, PortolanError, type Handle, type Refusal } from "./engine.js";
import { KINDS, type Asking, type Finding, type KubernetesObject, type Questions, type Reference } from "./types.js";

/** A file of manifests. */
export interface ManifestFile {
  /** Its name, which findings and answers give back. */
  name: string;
  /** YAML or JSON, one document or many, `List` objects too. */
  text: string;
}

/** What a cluster is made from: the text of manifests, files of them, or objects. */
export type Input = string | ManifestFile | KubernetesObject | readonly (ManifestFile | KubernetesObject)[];

/** What is set for the whole cluster, in the words of its components' flags. */
export interface ClusterOptions {
  /** `--service-cluster-ip-range`: `10.0.0.0/16` unless given; a comma separates a second family. */
  serviceClusterIPRange?: string;
  /** `--service-node-port-range`: `30000-32767` unless given. */
  serviceNodePortRange?: string;
  /** `--cluster-cidr`: `10.244.0.0/16` unless given; made-up pods take their addresses from it. */
  clusterCIDR?: string;
  /** `--cluster-domain`: `cluster.local` unless given. */
  clusterDomain?: string;
  /**
   * Takes the objects as they stand, read leniently, as stored in a cluster; none is refused. Otherwise each passes
   * through admission in the order given: what kube-apiserver would refuse is reported and left out.
   */
  stored?: boolean;
  /**
   * Throws for the first document that cannot be read, or object that would be refused, with its `file`, `line`,
   * `column` and `field`, in place of leaving it out.
   */
  strict?: boolean;
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
 * A cluster, held inside the engine.
 *
 * It is freed by `free()`, at the end of a `using` block, or some time after it was dropped.
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

  private constructor(handle: Handle) {
    this.#handle = handle;
    this.#instance = currentInstance();
  }

  /**
   * Makes a cluster of manifests.
   *
   * A broken document or a refused object is a finding and is left out; the rest is loaded.
   *
   * @param input the text of manifests, files of them, or objects
   * @param options what is set for the whole cluster
   * @throws {@link PortolanError} `Invalid` for an option that cannot be, with its `field`; with `strict`, `BadRequest`
   *   for what cannot be read and `Invalid` for what would be refused, with its place
   */
  static load(input: Input = [], { strict = false, ...options }: ClusterOptions = {}): Cluster {
    const { Handle } = module();
    const cluster = new Cluster(call(() => new Handle(JSON.stringify(options))));
    cluster.#findings = cluster.#call((handle) => {
      for (const file of files(input)) handle.add(file.name, file.text);
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

  /** What was found while loading: broken documents, refusals, warnings, in the order of the files. */
  get findings(): readonly Finding[] {
    return this.#findings;
  }

  /**
   * Takes in a file's text in place of what it said before: its objects are created or updated, and those that it no
   * longer holds are taken out. Only what depends on them is compiled again.
   *
   * @param text YAML or JSON, or objects
   * @param file the file's name; `manifest.yaml` unless given, which is the name that a text loaded without one has
   * @returns what was found in this file
   */
  apply(text: string | KubernetesObject | readonly KubernetesObject[], file = DEFAULT_NAME): Finding[] {
    const written = typeof text === "string" ? text : listOf(Array.isArray(text) ? text : [text]);
    return this.#call((handle) => JSON.parse(handle.apply(file, written)) as Finding[]);
  }

  /**
   * Takes an object out.
   *
   * @param reference its kind, namespace (`default` unless given) and name
   * @returns whether it was there
   */
  remove(reference: Reference): boolean {
    return this.#call((handle) => handle.remove(JSON.stringify(reference)));
  }

  /** What is to be said about the cluster as it stands: refusals, warnings, and findings across objects. */
  check(): Finding[] {
    return this.#call((handle) => JSON.parse(handle.check()) as Finding[]);
  }

  /**
   * Answers one question of the contract.
   *
   * @param question the question, or its JSON text
   * @throws {@link PortolanError} with `reason` and `field` where there is no answer, and with `line` and `column` where
   *   a text is not JSON
   */
  ask<K extends keyof Questions>(question: Question<K> | string): Answer<K> {
    const text = typeof question === "string" ? question : JSON.stringify(question);
    const answer = JSON.parse(this.askText(text)) as { error?: Refusal };
    if (answer.error !== undefined) throw new PortolanError(answer.error);
    return answer as Answer<K>;
  }

  /**
   * Answers one question given as JSON text with JSON text, byte for byte as `portolan ask` does. What cannot be
   * answered gets an answer with an `error` in it.
   */
  askText(question: string): string {
    // Called the most often: without a function around it.
    const handle = this.#live();
    try {
      return handle.ask(question);
    } catch (error) {
      throw thrown(error);
    }
  }

  /** Lets go of the cluster. Asking it afterwards throws. */
  free(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined && this.#instance === currentInstance()) handle.free();
  }

  /** Lets go of the cluster at the end of a `using` block. */
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
      const message = handle === undefined ? "the cluster was let go of" : "the engine was made afresh since: load again";
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

/** A question's text: put together from its own, which costs less than an object with one member more. The first `ask` counts. */
function asked(kind: string, question: object): string {
  const text = JSON.stringify(question) as string | undefined;
  if (text === undefined || !text.startsWith("{")) return JSON.stringify({ ...question, ask: kind });
  return `{"ask":"${kind}"${text === "{}" ? "" : ","}${text.slice(1)}`;
}

const DEFAULT_NAME = "manifest.yaml";

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

/** The page's side of the worker. */
import { PortolanError, type Answer, type Question, type Questions, type Refusal } from "portolan";
import type { Call, Ready, Replies, Reply, Which } from "./protocol";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The engine for the page: every call returns a promise. */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  /** Resolves with the engine's version once it is ready. */
  readonly ready: Promise<string>;
  /** The engine's own time for the latest call, in microseconds. */
  micros = 0;

  constructor() {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "portolan" });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.ready = promise;
    this.#worker.addEventListener("error", (event) => reject(new Error(event.message)));
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Ready | Reply>) => {
      if ("ready" in data) {
        if (data.ready === null) reject(new Error(data.error ?? "the engine did not start"));
        else resolve(data.ready);
        return;
      }
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) {
        waiting?.reject(new PortolanError(data.error));
      } else {
        this.micros = data.micros;
        waiting?.resolve(data.value);
      }
    });
  }

  /** Calls the worker. */
  async call<C extends Call>(call: C): Promise<Replies[C["call"]]> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = ++this.#last;
    this.#waiting.set(id, { resolve, reject });
    await this.ready;
    this.#worker.postMessage({ id, call });
    return (await promise) as Replies[C["call"]];
  }

  /** Asks one question. */
  async ask<K extends keyof Questions>(question: Question<K>, which: Which = "now"): Promise<Answer<K>> {
    const answer = read<K>(await this.call({ call: "ask", which, question: JSON.stringify(question) }));
    if (answer instanceof PortolanError) throw answer;
    return answer;
  }

  /** Asks many questions at once. A question without an answer gets its error. */
  async askAll<K extends keyof Questions>(questions: readonly Question<K>[], which: Which = "now"): Promise<(Answer<K> | PortolanError)[]> {
    const texts = await this.call({ call: "askAll", which, questions: questions.map((question) => JSON.stringify(question)) });
    return texts.map((text) => read<K>(text));
  }
}

function read<K extends keyof Questions>(text: string): Answer<K> | PortolanError {
  const answer = JSON.parse(text) as Answer<K> & { error?: Refusal };
  return answer.error === undefined ? answer : new PortolanError(answer.error);
}

/** The messages between the page and the engine's worker. */
import type { AdmitAnswer, ClusterOptions, Finding, KubernetesObject, ManifestFile, Refusal } from "portolan";

/** The two clusters of the worker: the files in the editor, and the version that Compare set aside. */
export type Which = "now" | "before";

/** A call to the worker. `ask` takes and returns text, which costs least to pass on. `admit` asks what the server would do with an object if all others were stored and this one not. */
export type Call =
  | { call: "load"; which: Which; files: ManifestFile[]; options?: ClusterOptions }
  | { call: "apply"; which: Which; file: string; text: string }
  | { call: "check"; which: Which }
  | { call: "ask"; which: Which; question: string }
  | { call: "askAll"; which: Which; questions: readonly string[] }
  | { call: "admit"; files: ManifestFile[]; object: KubernetesObject };

/** The result of each call. */
export interface Replies {
  load: Finding[];
  apply: Finding[];
  check: Finding[];
  ask: string;
  askAll: string[];
  admit: AdmitAnswer;
}

/** A call with its number. */
export interface Request {
  id: number;
  call: Call;
}

/** Its answer. `micros` is the engine's own time. */
export type Reply =
  | { id: number; value: unknown; micros: number }
  | { id: number; error: Refusal };

/** The worker's first message: it is ready, or why not. */
export interface Ready {
  ready: string | null;
  error?: string;
}

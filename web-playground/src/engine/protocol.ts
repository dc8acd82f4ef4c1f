/** What the page and the engine's worker say to each other. */
import type { AdmitAnswer, ClusterOptions, Finding, KubernetesObject, ManifestFile, Refusal } from "portolan";

/** Which of the two clusters that the worker holds: what the editor says, and what Compare holds against it. */
export type Which = "now" | "before";

/** A call to the worker. `ask` takes and gives text, which is the cheapest to hand over. `admit` asks what the server would do with an object beside all others, itself not yet there. */
export type Call =
  | { call: "load"; which: Which; files: ManifestFile[]; options?: ClusterOptions }
  | { call: "apply"; which: Which; file: string; text: string }
  | { call: "check"; which: Which }
  | { call: "ask"; which: Which; question: string }
  | { call: "askAll"; which: Which; questions: readonly string[] }
  | { call: "admit"; files: ManifestFile[]; object: KubernetesObject };

/** What each call gives back. */
export interface Replies {
  load: Finding[];
  apply: Finding[];
  check: Finding[];
  ask: string;
  askAll: string[];
  admit: AdmitAnswer;
}

/** A call on its way. */
export interface Request {
  id: number;
  call: Call;
}

/** Its answer. `micros` is the engine's own time. */
export type Reply =
  | { id: number; value: unknown; micros: number }
  | { id: number; error: Refusal };

/** The worker's first word: it is ready, or why it cannot be. */
export interface Ready {
  ready: string | null;
  error?: string;
}

/** Answers that follow every keystroke. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { Answer, Question, Questions } from "portolan";
import type { Which } from "./engine/protocol";
import { beforeRevision, engine, revision } from "./workspace";

/** An answer, or why there is none. The older answer stays until the newer one arrives. */
export interface Asked<A> {
  answer: A | null;
  error: string | null;
  /** The question that was answered. It may be older than the current one. */
  question: string | null;
}

/** Asks whenever the question or the cluster changes. `null` asks nothing. */
export function useAnswer<K extends keyof Questions>(question: Question<K> | null, which: Which = "now"): Asked<Answer<K>> {
  const [asked, setAsked] = useState<Asked<Answer<K>>>({ answer: null, error: null, question: null });
  const text = question === null ? null : JSON.stringify(question);
  const state = which === "now" ? revision.value : beforeRevision.value;
  // Asked at once, not after the next frame, because the check of the cluster waits for the answers.
  useLayoutEffect(() => {
    if (text === null || state === 0) {
      setAsked({ answer: null, error: null, question: null });
      return;
    }
    let current = true;
    engine.ask(JSON.parse(text) as Question<K>, which).then(
      (answer) => current && setAsked({ answer, error: null, question: text }),
      (error: unknown) => current && setAsked({ answer: null, error: error instanceof Error ? error.message : String(error), question: text }),
    );
    return () => {
      current = false;
    };
  }, [text, state, which]);
  return asked;
}

/** The first content of the page: a shared link, the files of the last visit, or the first example. */
import { effect } from "@preact/signals";
import { examples } from "virtual:examples";
import { asked } from "./asked";
import { PANELS } from "./panel";
import { withoutSecretValues } from "./secrets";
import { unpack, type Shared } from "./share";
import { files, keepChoice, notice, open, panel, recall, replace, withSecrets } from "./workspace";

/** The largest content that is kept for the next visit. */
const MOST_KEPT = 1_000_000;

/** Fills the page. */
export async function start(): Promise<void> {
  const shared = await fromLink();
  if (shared !== null) show(shared);
  else if (!showKept()) showExample("shop");
  window.addEventListener("hashchange", async () => {
    const next = await fromLink();
    if (next !== null) show(next);
  });
  keep();
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    navigator.serviceWorker.register("./service-worker.js").catch(() => {
      // Without it the page works, but not offline.
    });
  }
}

async function fromLink(): Promise<Shared | null> {
  try {
    return await unpack(location.hash);
  } catch (error) {
    notice.value = { text: `This link is damaged: ${error instanceof Error ? error.message : String(error)}`, bad: true };
    return null;
  }
}

function show(shared: Shared): void {
  asked.value = shared.asked ?? {};
  if (shared.panel !== undefined) panel.value = shared.panel;
  open(shared.files);
}

/** Shows an example, and its first question that a panel can ask. */
export function showExample(name: string): void {
  const example = examples.find((known) => known.name === name) ?? examples[0];
  if (example === undefined) {
    open([{ name: "manifest.yaml", text: "" }]);
    return;
  }
  const trace = example.questions.find((question) => question.ask === "trace");
  const route = example.questions.find((question) => question.ask === "route");
  const service = example.questions.find((question) => question.ask === "endpoints" || question.ask === "env");
  const next: Record<string, string> = {};
  const url = trace?.url ?? route?.url;
  if (typeof url === "string") next.url = url;
  const from = trace?.from;
  if (from === "outside") next.from = from;
  if (typeof from === "object" && from !== null) {
    const { namespace = "default", pod } = from as { namespace?: string; pod?: string };
    if (typeof pod === "string") next.from = `${namespace}/${pod}`;
  }
  const named = service?.service as { namespace?: string; name?: string } | undefined;
  if (named?.name !== undefined) next.service = `${named.namespace ?? "default"}/${named.name}`;
  asked.value = next;
  const holds = (kind: string) => example.files.find((file) => new RegExp(`^kind: ${kind}$`, "m").test(file.text));
  const first = holds("Ingress") ?? holds("Service") ?? example.files[0];
  replace(example.files, "", first?.name);
}

function showKept(): boolean {
  const kept = recall("files");
  if (kept === null) return false;
  try {
    const shared = JSON.parse(kept) as Shared;
    if (!Array.isArray(shared.files) || shared.files.length === 0) return false;
    show({ ...shared, panel: PANELS.find((known) => known === shared.panel) ?? "journey" });
    return true;
  } catch {
    return false;
  }
}

/** Keeps the files in the visitor's browser, shortly after the latest change. */
function keep(): void {
  let timer = 0;
  effect(() => {
    const shared: Shared = { files: [...files.value], panel: panel.value, asked: asked.value };
    const whole = withSecrets.value;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      // Parsing is worth it only for what can be kept.
      const size = shared.files.reduce((sum, file) => sum + file.text.length, 0);
      const kept = whole || size > MOST_KEPT ? shared : { ...shared, files: withoutSecretValues(shared.files).files };
      const text = JSON.stringify(kept);
      // The kept files are older than the current ones.
      keepChoice("files", text.length <= MOST_KEPT ? text : "");
    }, 400);
  });
}

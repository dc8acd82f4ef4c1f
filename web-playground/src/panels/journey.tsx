import { useEffect } from "preact/hooks";
import type { Hop, Question, TraceAnswer } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { Icon, type IconName } from "../parts/icons";
import { podName, Select, senders, TextField } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { Empty, Failure, Words } from "../parts/text";
import { lit, revision } from "../workspace";

/** A request from end to end: who sends it, where to, and the way it goes. */
export function JourneyPanel() {
  const [from, setFrom] = useAsked("from", "outside");
  const [url, setUrl] = useAsked("url", "");
  const hosts = useTargets();
  const target = url === "" ? (hosts[0] ?? "") : url;
  const known = senders();
  const sender = from === "outside" || known.some((choice) => choice.id === from) ? from : "outside";
  const question: Question<"trace"> | null =
    target === "" ? null : { ask: "trace", from: sender === "outside" ? "outside" : podName(sender), url: target };
  const { answer, error } = useAnswer(question);
  return (
    <div class="stack">
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <Select label="From" value={sender} choose={setFrom} choices={[{ id: "outside", label: "outside the cluster" }, ...known]} />
        <TextField label="URL" wide value={url} change={setUrl} placeholder={hosts[0] ?? "https://shop.example.com/"} options={hosts} />
      </form>
      {question === null && <Empty title="Where is the request going?">Type a URL, or open files with a Service or an Ingress in them.</Empty>}
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && <Journey trace={answer} from={sender === "outside" ? "outside the cluster" : sender} url={target} />}
    </div>
  );
}

/** URLs that the cluster's own objects suggest: hosts of Ingresses, names of Services. */
function useTargets(): string[] {
  const { answer } = useAnswer({ ask: "objects", kinds: ["Ingress", "Service"], whole: true });
  const targets: string[] = [];
  for (const { kind, object } of answer?.objects ?? []) {
    if (kind === "Ingress") {
      const { spec } = (object ?? {}) as { spec?: { rules?: { host?: string; http?: { paths?: { path?: string }[] } }[]; tls?: { hosts?: string[] }[] } };
      const secure = new Set((spec?.tls ?? []).flatMap((tls) => tls.hosts ?? []));
      for (const rule of spec?.rules ?? []) {
        const host = (rule.host ?? "").replace("*", "any");
        if (host === "") continue;
        for (const path of rule.http?.paths ?? [{}]) targets.push(`${secure.has(rule.host ?? "") ? "https" : "http"}://${host}${path.path ?? "/"}`);
      }
    }
  }
  for (const { kind, namespace, name, object } of answer?.objects ?? []) {
    if (kind === "Service") {
      const { spec } = (object ?? {}) as { spec?: { ports?: { port?: number }[] } };
      for (const port of spec?.ports ?? []) targets.push(`tcp://${name}.${namespace ?? "default"}:${port.port ?? 80}`);
    }
  }
  return [...new Set(targets)];
}

const GOOD = new Set(["delivered", "external", "redirected"]);

const HOPS: Record<string, { name: string; icon: IconName }> = {
  dns: { name: "Name", icon: "dns" },
  "load-balancer": { name: "Load balancer", icon: "balance" },
  "node-port": { name: "Node port", icon: "node" },
  node: { name: "Node", icon: "node" },
  ingress: { name: "Ingress", icon: "gate" },
  tls: { name: "Certificate", icon: "lock" },
  service: { name: "Service", icon: "service" },
  endpoint: { name: "Endpoint", icon: "endpoint" },
  policy: { name: "Network policy", icon: "shield" },
  pod: { name: "Pod", icon: "pod" },
};

/** The way drawn as a line of stations, the last of them where it ends. */
function Journey({ trace, from, url }: { trace: TraceAnswer; from: string; url: string }) {
  const key = JSON.stringify(trace);
  useEffect(() => {
    lit.value = trace.hops.flatMap((hop) => hop.source ?? []);
  }, [key, revision.value]);
  const good = GOOD.has(trace.outcome);
  const stopped = !good && trace.outcome !== "unknown";
  return (
    <ol class={`journey ${good ? "good" : stopped ? "bad" : "open"}`} key={key}>
      <li class="station start" style={{ "--step": 0 }}>
        <span class="stop">
          <Icon name="person" />
        </span>
        <div class="station-body">
          <p class="station-kind">Request</p>
          <p class="station-words">
            <code class="url">{url}</code> from {from}
          </p>
        </div>
      </li>
      {trace.hops.map((hop, index) => (
        <Station key={index} hop={hop} step={index + 1} stopped={stopped && index === trace.hops.length - 1} />
      ))}
      <li class="station end" style={{ "--step": trace.hops.length + 1 }}>
        <span class="stop">
          <Icon name={good ? "check" : stopped ? "cross" : "flag"} />
        </span>
        <div class="station-body">
          <p class="station-kind">{trace.outcome.replaceAll("-", " ")}</p>
          <p class="outcome" role="status">
            <Words text={trace.sentence} />
          </p>
        </div>
      </li>
    </ol>
  );
}

function Station({ hop, step, stopped }: { hop: Hop; step: number; stopped: boolean }) {
  const { name, icon } = HOPS[hop.hop] ?? { name: hop.hop, icon: "arrow" as const };
  const light = () => {
    if (hop.source != null) lit.value = [hop.source];
  };
  return (
    <li class={`station${stopped ? " stopped" : ""}`} style={{ "--step": step }} onMouseEnter={light}>
      <span class="stop">
        <Icon name={icon} />
      </span>
      <div class="station-body">
        <p class="station-kind">
          {name} <PlaceLink place={hop.source} />
        </p>
        <p class="station-words"><Words text={hop.because} /></p>
        {hop.answer != null && (
          <details class="raw">
            <summary>Answer</summary>
            <pre tabIndex={0}>{JSON.stringify(hop.answer, null, 2)}</pre>
          </details>
        )}
      </div>
    </li>
  );
}

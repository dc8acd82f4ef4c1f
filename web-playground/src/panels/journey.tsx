import { useEffect } from "preact/hooks";
import type { Hop, Ingress, Node, Question, Service, TraceAnswer } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { Icon, type IconName } from "../parts/icons";
import { podName, Select, senders, TextField } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { Empty, Failure, Words } from "../parts/text";
import { lit, revision } from "../workspace";

/** A request from end to end: its sender, its URL, and each hop. */
export function JourneyPanel() {
  const [from, setFrom] = useAsked("from", "");
  const [url, setUrl] = useAsked("url", "");
  const { outside, inside } = useTargets();
  const known = senders();
  // If nothing can be reached from outside, start with a request of a pod.
  const first = outside.length > 0 ? OUTSIDE : (known[0]?.id ?? OUTSIDE);
  const sender = from === OUTSIDE || known.some((choice) => choice.id === from) ? from : first;
  const targets = sender === OUTSIDE ? outside : [...outside, ...inside];
  const target = url === "" ? (targets[0] ?? "") : url;
  const question: Question<"trace"> | null =
    target === "" ? null : { ask: "trace", from: sender === OUTSIDE ? OUTSIDE : podName(sender), url: target };
  const { answer, error } = useAnswer(question);
  return (
    <div class="stack">
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <Select label="From" value={sender} choose={setFrom} choices={[{ id: OUTSIDE, label: "outside the cluster" }, ...known]} />
        <TextField label="URL" wide value={url} change={setUrl} placeholder={target || "https://shop.example.com/"} options={targets} />
      </form>
      {question === null && <Empty title="Where is the request going?">Type a URL, or open files with an Ingress, or with a Service and pods to send from.</Empty>}
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && <Journey trace={answer} from={sender === OUTSIDE ? "outside the cluster" : sender} url={target} />}
    </div>
  );
}

const OUTSIDE = "outside";

/** URLs that the cluster's objects suggest: those that work from outside, and those that only pods can use. */
function useTargets(): { outside: string[]; inside: string[] } {
  const { answer } = useAnswer({ ask: "objects", kinds: ["Ingress", "Node", "Service"], whole: true });
  const [ingresses, addresses, ports, inside] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const listed = answer?.objects ?? [];
  const nodes = listed.flatMap(({ kind, object }) => (kind === "Node" ? ((object ?? {}) as Node) : [])).flatMap(({ status }) => status?.addresses ?? []);
  const node = (nodes.find(({ type }) => type === "ExternalIP") ?? nodes.find(({ type }) => type === "InternalIP"))?.address;
  for (const { kind, namespace, name, object } of listed) {
    if (kind === "Ingress") {
      const { spec } = (object ?? {}) as Ingress;
      const secure = new Set((spec?.tls ?? []).flatMap((tls) => tls.hosts ?? []));
      for (const rule of spec?.rules ?? []) {
        const host = (rule.host ?? "").replace("*", "any");
        if (host === "") continue;
        for (const { path } of rule.http?.paths ?? [{ path: "/" }]) ingresses.add(`${secure.has(rule.host ?? "") ? "https" : "http"}://${host}${path ?? "/"}`);
      }
    } else if (kind === "Service") {
      const { spec, status } = (object ?? {}) as Service;
      for (const { port, nodePort } of spec?.ports ?? []) {
        for (const { ip } of status?.loadBalancer?.ingress ?? []) if (ip !== undefined) addresses.add(`tcp://${bracketed(ip)}:${port}`);
        if (nodePort && node !== undefined) ports.add(`tcp://${bracketed(node)}:${nodePort}`);
        inside.add(`tcp://${name}.${namespace ?? "default"}:${port ?? 80}`);
      }
    }
  }
  return { outside: [...ingresses, ...addresses, ...ports], inside: [...inside] };
}

/** An address in the form that URLs use. */
function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
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

/** The hops as a line of stations. The last station is the result. */
function Journey({ trace, from, url }: { trace: TraceAnswer; from: string; url: string }) {
  useEffect(() => {
    lit.value = trace.hops.flatMap((hop) => hop.source ?? []);
  }, [JSON.stringify(trace), revision.value]);
  // Drawn again only if a hop changes: while the user types, unchanged stations and opened details stay.
  const way = `${trace.hops.map(({ hop }) => hop).join(" ")} ${trace.outcome}`;
  const good = GOOD.has(trace.outcome);
  const stopped = !good && trace.outcome !== "unknown";
  return (
    <ol class={`journey ${good ? "good" : stopped ? "bad" : "open"}`} key={way}>
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

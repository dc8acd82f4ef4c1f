import { useState } from "preact/hooks";
import type { MapAnswer, Party, PortRange, MapRow, Question, VerdictReason } from "portolan";
import { useAnswer } from "../answer";
import { podName, senders, type Choice } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { Empty, Failure, Words } from "../parts/text";
import { Tabs } from "../parts/tabs";
import { objects } from "../workspace";
import { Graph } from "./graph";

/** An end of connections: the pods of a workload, a single pod, or everything outside. */
export interface End extends Choice {
  namespace: string;
  name: string;
}

/** Everything outside the cluster, as one end. */
export const OUTSIDE: End = { id: "outside", label: "outside", namespace: "", name: "" };

/** A connection between two ends and its ports. */
export interface Connection {
  from: End;
  to: End;
  ports: PortRange[];
}

/** A whole graph of more ends than this is a hairball. */
const MOST_IN_GRAPH = 28;

/** Who may talk to whom: as a drawing and as a table, and why. */
export function MapPanel() {
  const { answer, error } = useAnswer({ ask: "map" });
  const [form, setForm] = useState<"graph" | "matrix">("graph");
  const [chosen, choose] = useState<{ from: string; to: string } | null>(null);
  const ends = [...senders().map(endOf), OUTSIDE];
  if (ends.length === 1) return <Empty title="No pods">Open files with Pods, Deployments or other workloads in them.</Empty>;
  const connections = answer === null ? [] : connect(answer.rows ?? [], ends);
  const shown = form === "graph" && ends.length > MOST_IN_GRAPH ? "matrix" : form;
  return (
    <div class="stack">
      <Tabs
        class="small-tabs"
        prefix="map"
        label="Shown as"
        controls="map"
        chosen={shown}
        choose={(id) => setForm(id === "matrix" ? "matrix" : "graph")}
        tabs={[
          { id: "graph", label: "Drawing" },
          { id: "matrix", label: "Table" },
        ]}
      />
      {error !== null && <Failure>{error}</Failure>}
      {form === "graph" && ends.length > MOST_IN_GRAPH && <p class="note">{ends.length} ends are too many for a drawing.</p>}
      <div id="map" role="tabpanel" aria-labelledby={`map-${shown}`}>
        {answer !== null &&
          (shown === "graph" ? (
            <Graph ends={ends} connections={connections} chosen={chosen} choose={choose} />
          ) : (
            <Matrix ends={ends} connections={connections} chosen={chosen} choose={choose} />
          ))}
      </div>
      {chosen !== null && <Why from={ends.find((end) => end.id === chosen.from)} to={ends.find((end) => end.id === chosen.to)} connections={connections} />}
      {answer !== null && <Gaps answer={answer} />}
    </div>
  );
}

function endOf(choice: Choice): End {
  const { namespace, pod } = podName(choice.id);
  return { ...choice, namespace, name: pod };
}

/** Whether a party of a row means this end. */
function means(party: Party, end: End): boolean {
  if (end === OUTSIDE) return party.ip !== undefined;
  if (party.everyPod === true) return true;
  if (party.namespace !== end.namespace) return false;
  if (party.workload !== undefined) return party.workload === end.name;
  if (party.pod !== undefined) return party.pod === end.name || party.pod.startsWith(`${end.name}-`);
  return party.ip === undefined;
}

function connect(rows: readonly MapRow[], ends: readonly End[]): Connection[] {
  const found = new Map<string, Connection>();
  for (const row of rows) {
    const from = ends.filter((end) => row.from.some((party) => means(party, end)));
    const to = ends.filter((end) => row.to.some((party) => means(party, end)));
    for (const source of from) {
      for (const target of to) {
        if (source === target) continue;
        const key = `${source.id} ${target.id}`;
        const known = found.get(key);
        if (known === undefined) found.set(key, { from: source, to: target, ports: [...row.ports] });
        else known.ports.push(...row.ports);
      }
    }
  }
  return [...found.values()];
}

/** Ports in a few words. */
export function portWords(ports: readonly PortRange[]): string {
  const all = ports.filter((port) => port.port === undefined).map((port) => port.protocol);
  if (new Set(all).size >= 3) return "all";
  const words = ports.filter((port) => port.port !== undefined).map((port) => `${port.protocol === "TCP" ? "" : `${port.protocol} `}${port.port}${port.endPort !== undefined && port.endPort !== port.port ? `–${port.endPort}` : ""}`);
  return [...new Set([...all.map((protocol) => `all ${protocol}`), ...words])].join(", ");
}

/** A party in a few words. */
export function partyName(known: Party): string {
  if (known.everyPod === true) return "every pod";
  if (known.ip !== undefined) return known.ip;
  const name = known.workload ?? known.pod;
  return name === undefined ? `all of ${known.namespace}` : `${known.namespace}/${name}`;
}

interface Choosing {
  ends: readonly End[];
  connections: readonly Connection[];
  chosen: { from: string; to: string } | null;
  choose: (pair: { from: string; to: string }) => void;
}

function Matrix({ ends, connections, chosen, choose }: Choosing) {
  const byPair = new Map(connections.map((connection) => [`${connection.from.id} ${connection.to.id}`, connection]));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Who may talk to whom">
      <table class="matrix">
        <caption>Rows connect to columns. Choose a field to see why.</caption>
        <thead>
          <tr>
            <td />
            {ends.map((end) => (
              <th scope="col" key={end.id} title={end.label}>
                <span>{end.label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ends.map((from) => (
            <tr key={from.id}>
              <th scope="row" title={from.label}>
                {from.label}
              </th>
              {ends.map((to) => {
                if (from === to) return <td key={to.id} class="self" />;
                const connection = byPair.get(`${from.id} ${to.id}`);
                const words = connection === undefined ? "nothing" : portWords(connection.ports);
                const isChosen = chosen?.from === from.id && chosen.to === to.id;
                return (
                  <td key={to.id} class={connection === undefined ? "closed" : "open"}>
                    <button type="button" aria-pressed={isChosen} aria-label={`${from.label} to ${to.label}: ${words}`} onClick={() => choose({ from: from.id, to: to.id })}>
                      {connection === undefined ? "–" : words}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The policies that decide about one pair, asked of the engine for one of its ports. */
function Why({ from, to, connections }: { from: End | undefined; to: End | undefined; connections: readonly Connection[] }) {
  const ports = connections.find((connection) => connection.from === from && connection.to === to)?.ports ?? [];
  const port = ports.find((known) => known.port !== undefined);
  const named = usePortOf(to);
  const number = port?.port ?? named ?? 80;
  const protocol = port?.protocol ?? "TCP";
  const question: Question<"verdict"> | null = from === undefined || to === undefined ? null : { ask: "verdict", from: party(from), to: party(to), port: number, protocol };
  const { answer, error } = useAnswer(question);
  if (from === undefined || to === undefined) return null;
  return (
    <section class="block why" aria-live="polite">
      <h2>
        {from.label} → {to.label}
      </h2>
      <p class="lead">
        {protocol} port {number}
        {(from === OUTSIDE || to === OUTSIDE) && `, for the address ${ELSEWHERE}`}
      </p>
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && (
        <>
          <p>
            <span class={`pill ${answer.allowed ? "good" : "bad"}`}>{answer.allowed ? "let through" : "stopped"}</span> {answer.egress ? "may leave" : "may not leave"} {from.label}, {answer.ingress ? "may enter" : "may not enter"} {to.label}
          </p>
          <ul class="reasons">
            {answer.because.map((reason, index) => (
              <li key={index}>
                {reason.direction === "egress" ? "Leaving" : "Entering"}: {(EFFECTS[reason.effect] ?? ((by) => `${reason.effect} by ${by}`))(policyWords(reason))} <PlaceLink place={reason.source} />
              </li>
            ))}
          </ul>
          {(answer.notes ?? []).map((note, index) => (
            <p class="note" key={index}>
              <Words text={note} />
            </p>
          ))}
        </>
      )}
    </section>
  );
}

const EFFECTS: Record<string, (by: string) => string> = {
  allow: (by) => `allowed by ${by}`,
  isolate: (by) => `${by} selects the pod, so that only what rules allow goes through`,
  default: () => "no policy selects the pod, so that everything goes through",
  deny: (by) => `denied by ${by}`,
  pass: (by) => `passed on by ${by}`,
};

function policyWords({ policy, rule }: VerdictReason): string {
  if (policy == null) return "the cluster";
  return `${policy.kind} ${policy.name}${rule == null ? "" : `, rule ${rule + 1}`}`;
}

/** An address of the range that is kept for documentation (RFC 5737): it stands for any outside. */
const ELSEWHERE = "192.0.2.1";

function party(end: End): { namespace: string; pod: string } | { ip: string } {
  return end === OUTSIDE ? { ip: ELSEWHERE } : { namespace: end.namespace, pod: end.name };
}

/** A port that the pods of this end say they listen on. */
function usePortOf(end: End | undefined): number | undefined {
  const { answer } = useAnswer(end === undefined || end === OUTSIDE ? null : { ask: "objects", kinds: ["Pod"], namespace: end.namespace, whole: true });
  const listed = objects.value.find((object) => object.kind === "Pod" && object.namespace === end?.namespace && (object.name === end?.name || object.standsFor?.name === end?.name));
  const pod = answer?.objects.find((object) => object.name === listed?.name)?.object as { spec?: { containers?: { ports?: { containerPort?: number }[] }[] } } | undefined;
  return pod?.spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
}

function Gaps({ answer }: { answer: MapAnswer }) {
  const words = (parties: readonly Party[]) => parties.map(partyName).join(", ");
  const gaps = (answer.gaps ?? []).filter((gap) => gap.pods.length > 0);
  if (gaps.length === 0) return null;
  return (
    <section class="block">
      <h2>Not covered by any NetworkPolicy</h2>
      <dl class="facts">
        {gaps.map((gap) => (
          <div key={gap.direction}>
            <dt>{gap.direction === "ingress" ? "On the way in" : "On the way out"}</dt>
            <dd>{words(gap.pods)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

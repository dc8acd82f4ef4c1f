import { useState } from "preact/hooks";
import type { MapAnswer, Party, Question, VerdictReason } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { Select, senders, TextField } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { count, Empty, Failure, Words } from "../parts/text";
import { Tabs } from "../parts/tabs";
import { objects } from "../workspace";
import { connect, endsOf, MOST_SINGLE, OUTSIDE, partyName, type Connection, type End, type Member } from "./ends";
import { Graph } from "./graph";
import { Matrix } from "./matrix";

/** The allowed connections, as a drawing and as a table, with reasons. */
export function MapPanel() {
  const { answer, error } = useAnswer({ ask: "map" });
  const [form, setForm] = useState<"graph" | "matrix">("graph");
  const [chosen, choose] = useState<{ from: string; to: string } | null>(null);
  const [namespace, setNamespace] = useAsked("mapNamespace", "");
  const [part, setPart] = useAsked("mapPart", "");
  const all = senders();
  if (all.length === 0) return <Empty title="No pods">Open files with Pods, Deployments or other workloads in them.</Empty>;
  const large = all.length >= MOST_SINGLE;
  const namespaces = [...new Set(all.map(({ id }) => id.split("/")[0] ?? ""))];
  const { ends, left } = endsOf(all, namespace, part);
  const connections = answer === null ? [] : connect(answer.rows ?? [], ends);
  const tooMany = ends.length > MOST_SINGLE + 1;
  const shown = tooMany ? "matrix" : form;
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
      {large && (
        <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
          {namespaces.length > 1 && (
            <Select label="Namespace" value={namespaces.includes(namespace) ? namespace : ""} choose={setNamespace} choices={[{ id: "", label: "all namespaces, one point each" }, ...namespaces.map((id) => ({ id, label: id }))]} />
          )}
          {(namespaces.length === 1 || namespaces.includes(namespace)) && <TextField label="Names with" value={part} change={setPart} wide />}
        </form>
      )}
      {error !== null && <Failure>{error}</Failure>}
      {left > 0 && <p class="note">{count(left, "more end")} {left === 1 ? "is" : "are"} not shown.</p>}
      {form === "graph" && tooMany && <p class="note">{ends.length} ends are too many for a drawing.</p>}
      {large && <p class="note">A namespace stands for all its pods. A connection is shown if it is allowed for any of them.</p>}
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

/** The policies that decide about one pair of ends, for one of its ports. */
function Why({ from, to, connections }: { from: End | undefined; to: End | undefined; connections: readonly Connection[] }) {
  const connection = connections.find((known) => known.from === from && known.to === to);
  const port = connection?.ports.find((known) => known.port !== undefined);
  const [sender, receiver] = connection?.between ?? [from?.members[0], to?.members[0]];
  const named = usePortOf(receiver);
  const number = port?.port ?? named ?? 80;
  const protocol = port?.protocol ?? "TCP";
  const question: Question<"verdict"> | null = from === undefined || to === undefined ? null : { ask: "verdict", from: party(sender), to: party(receiver), port: number, protocol };
  const { answer, error } = useAnswer(question);
  if (from === undefined || to === undefined) return null;
  const examples = [
    ...(from.members.length > 1 ? [nameOf(sender)] : []),
    ...(to.members.length > 1 ? [nameOf(receiver)] : []),
    ...(from === OUTSIDE || to === OUTSIDE ? [`the address ${ELSEWHERE}`] : []),
  ];
  return (
    <section class="block why" aria-live="polite">
      <h2>
        {from.label} → {to.label}
      </h2>
      <p class="lead">
        {protocol} port {number}
        {examples.length > 0 && `, for ${examples.join(" and ")}`}
      </p>
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && (
        <>
          <p>
            <span class={`pill ${answer.allowed ? "good" : "bad"}`}>{answer.allowed ? "allowed" : "denied"}</span> {answer.egress ? "may leave" : "may not leave"} {from.label}, {answer.ingress ? "may enter" : "may not enter"} {to.label}
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

function party(member: Member | undefined): { namespace: string; pod: string } | { ip: string } {
  return member === undefined ? { ip: ELSEWHERE } : { namespace: member.namespace, pod: member.name };
}

function nameOf(member: Member | undefined): string {
  return member === undefined ? "outside" : `${member.namespace}/${member.name}`;
}

/** A port that the pods of this member say they listen on. */
function usePortOf(member: Member | undefined): number | undefined {
  const { answer } = useAnswer(member === undefined ? null : { ask: "objects", kinds: ["Pod"], namespace: member.namespace, whole: true });
  const listed = objects.value.find((object) => object.kind === "Pod" && object.namespace === member?.namespace && (object.name === member?.name || object.standsFor?.name === member?.name));
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

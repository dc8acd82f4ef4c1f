import { CONTROLLERS, type Finding, type MapRow, type Party, type RouteChange, type RouteOutcome } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { useComparison, type Change, type Comparison } from "../comparison";
import { podName, Select } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { count, Empty, Failure, Words } from "../parts/text";
import { before, beforeFindings, files, findings, open, setAside } from "../workspace";
import { partyName, portWords } from "./ends";

/** The different answers of two versions of the files. */
export function ComparePanel() {
  if (before.value === null) {
    return (
      <Empty title="Compare two versions">
        Set the files aside, then edit them or drop another version here. This panel shows what the cluster would do differently.
        <br />
        <br />
        <button type="button" class="button primary" onClick={() => void setAside([...files.value])}>
          Set this version aside
        </button>
      </Empty>
    );
  }
  return <Compared />;
}

function Compared() {
  const [now, setNow] = useAsked("controller", "spec");
  const [then, setThen] = useAsked("controllerBefore", now);
  const { comparison, error } = useComparison({ before: then, after: now });
  const changed = changesOf(beforeFindings.value, findings.value);
  const total = comparison === null ? 0 : sizeOf(comparison) + changed.length;
  return (
    <div class="stack">
      <div class="ask-bar">
        <button type="button" class="button" onClick={() => void setAside([...files.value])}>
          Set the current version aside instead
        </button>
        <button type="button" class="button" onClick={() => before.value !== null && open(before.value)}>
          Go back to the version set aside
        </button>
      </div>
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <Select label="Controller before" value={then} choose={setThen} choices={CONTROLLERS} />
        <Select label="Controller now" value={now} choose={setNow} choices={CONTROLLERS} />
      </form>
      {error !== null && <Failure>{error}</Failure>}
      {comparison !== null && (
        <p class="lead" role="status">
          {total === 0 ? "The two versions give the same answers." : `${count(total, "difference")} from the version set aside.`}
        </p>
      )}
      <TraceDifference />
      {comparison !== null && (
        <>
          <Part title="Requests" size={comparison.routes.changes.length}>
            {comparison.routes.changes.map((change, index) => (
              <RouteDifference key={index} change={change} />
            ))}
          </Part>
          {comparison.routes.notes.map((note, index) => (
            <p class="note" key={index}>
              <Words text={note} />
            </p>
          ))}
          <Connections added={comparison.connections.added} removed={comparison.connections.removed} />
          <Changes title="Endpoints" changes={comparison.endpoints} />
          <Changes title="DNS" changes={comparison.names} code />
          <Changes title="Environment of containers" changes={comparison.environment} />
          <Changes title="Objects" changes={comparison.objects} />
        </>
      )}
      <Part title="Findings" size={changed.length}>
        {changed.map(({ finding, how }, index) => (
          <li key={index} class={how === "new" ? "worse" : "better"}>
            <span class="how">{how}</span>
            <span>
              <Words text={finding.message} /> {how === "new" && <PlaceLink place={finding.source} />}
            </span>
          </li>
        ))}
      </Part>
    </div>
  );
}

function sizeOf({ objects, routes, connections, endpoints, names, environment }: Comparison): number {
  return objects.length + routes.changes.length + connections.added.length + connections.removed.length + endpoints.length + names.length + environment.length;
}

function Part({ title, size, children }: { title: string; size: number; children: preact.ComponentChildren }) {
  if (size === 0) return null;
  return (
    <section class="block">
      <h2>{title}</h2>
      <ul class="changes">{children}</ul>
    </section>
  );
}

/** The journey's request in both versions. */
function TraceDifference() {
  const [url] = useAsked("url", "");
  const [from] = useAsked("from", "outside");
  const question = url === "" ? null : ({ ask: "trace", from: from === "outside" ? "outside" : podName(from), url } as const);
  const now = useAnswer(question);
  const then = useAnswer(question, "before");
  if (now.answer === null || then.answer === null) return null;
  const alike = now.answer.sentence === then.answer.sentence;
  return (
    <section class="block">
      <h2>
        The journey to <code class="url">{url}</code>
      </h2>
      {alike ? (
        <p>
          Same result: <Words text={now.answer.sentence} />
        </p>
      ) : (
        <ul class="changes">
          <li class="gone">
            <span class="how">before</span>
            <span>
              <Words text={then.answer.sentence} />
            </span>
          </li>
          <li class="new">
            <span class="how">now</span>
            <span>
              <Words text={now.answer.sentence} />
            </span>
          </li>
        </ul>
      )}
    </section>
  );
}

/** A class of requests with another result than before. */
function RouteDifference({ change }: { change: RouteChange }) {
  const how = !change.before.matched ? "new" : !change.after.matched ? "gone" : "changed";
  const host = change.host === "*" ? "any other host" : change.host;
  return (
    <li class={how}>
      <span class="how">{how}</span>
      <div>
        <p>
          {change.scheme !== undefined && `${change.scheme.toUpperCase()} to `}
          <code>{host}</code> {pathWords(change.paths)}
        </p>
        <p class="sides">
          before {outcomeWords(change.before)}, now <strong>{outcomeWords(change.after)}</strong>
        </p>
        <p class="such">
          such as <code class="url">{change.example}</code>
        </p>
      </div>
    </li>
  );
}

/** Regions of paths. `/cart` itself and all paths below `/cart/` are shown as one. */
function pathWords(paths: RouteChange["paths"]): string {
  const below = new Set(paths.filter(({ match }) => match === "prefix").map(({ path }) => path));
  const words = paths.flatMap(({ match, path }) => {
    if (match === "rules") return [path];
    if (match === "prefix") return below.has(path) ? [`${path} and below`] : [];
    const directory = path.endsWith("/") ? path : `${path}/`;
    if (!below.delete(directory)) return [`only ${path}`];
    return [`${path} and below`];
  });
  return words.join(", ");
}

function outcomeWords({ matched, service, resource, rewrite, redirect, refusal, canary }: RouteOutcome): string {
  if (refusal !== undefined) return `answered ${refusal.code} by the proxy`;
  if (redirect !== null) return `redirected to ${redirect.location} with ${redirect.code}`;
  if (!matched) return "nowhere (404)";
  const to = service !== null ? `to ${service.namespace}/${service.name}:${service.port}` : `to ${resource?.kind ?? ""} ${resource?.name ?? ""}`;
  const part = canary === undefined ? "" : `, ${canary.weight} of ${canary.weightTotal} to ${canary.service?.name ?? "another"}`;
  return `${to}${rewrite === null ? "" : ` as ${rewrite}`}${part}`;
}

/** The connections that only one version allows. */
function Connections({ added, removed }: { added: readonly MapRow[]; removed: readonly MapRow[] }) {
  const rows = [...added.map((row) => ({ row, how: "new" })), ...removed.map((row) => ({ row, how: "gone" }))];
  return (
    <Part title="Connections" size={rows.length}>
      {rows.map(({ row, how }, index) => (
        <li key={index} class={how}>
          <span class="how">{how === "new" ? "allowed" : "denied"}</span>
          <span>
            {partyWords(row.from)} → {partyWords(row.to)}: {portWords(row.ports) === "all" ? "every port" : `port ${portWords(row.ports)}`}
          </span>
        </li>
      ))}
    </Part>
  );
}

function partyWords(parties: readonly Party[]): string {
  const names = parties.map(partyName);
  return names.length > 4 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", ");
}

/** How many lines of one change are shown. */
const MOST_LINES = 12;

function Changes({ title, changes, code }: { title: string; changes: readonly Change[]; code?: boolean }) {
  return (
    <Part title={title} size={changes.length}>
      {changes.map(({ name, how, gone, added, source }) => {
        const lines = [...gone.map((text) => ({ text, mark: "gone" })), ...added.map((text) => ({ text, mark: "new" }))];
        return (
          <li key={name} class={how}>
            <span class="how">{how}</span>
            <div>
              <p>
                {code === true ? <code>{name}</code> : name} <PlaceLink place={source} />
              </p>
              {lines.length > 0 && (
                <ul class="change-lines">
                  {lines.slice(0, MOST_LINES).map(({ text, mark }, index) => (
                    <li key={index} class={mark}>
                      <span class="spoken">{mark === "gone" ? "before: " : "now: "}</span>
                      <code>{text}</code>
                    </li>
                  ))}
                  {lines.length > MOST_LINES && <li>and {lines.length - MOST_LINES} more</li>}
                </ul>
              )}
            </div>
          </li>
        );
      })}
    </Part>
  );
}

function changesOf(then: readonly Finding[], now: readonly Finding[]): { finding: Finding; how: "new" | "gone" }[] {
  const key = (finding: Finding) => `${finding.code} ${finding.object?.kind ?? ""} ${finding.object?.namespace ?? ""}/${finding.object?.name ?? ""} ${finding.message}`;
  const [old, fresh] = [new Set(then.map(key)), new Set(now.map(key))];
  return [
    ...now.filter((finding) => !old.has(key(finding))).map((finding) => ({ finding, how: "new" as const })),
    ...then.filter((finding) => !fresh.has(key(finding))).map((finding) => ({ finding, how: "gone" as const })),
  ];
}

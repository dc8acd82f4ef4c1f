import type { Finding, ListedObject, MapRow, TableHost } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { podName } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { count, Empty, named, Words } from "../parts/text";
import { before, beforeFindings, files, findings, open, setAside } from "../workspace";
import { partyName, portWords } from "./map";

/** Two versions of the files: what answers differently. */
export function ComparePanel() {
  if (before.value === null) {
    return (
      <Empty title="Compare two versions">
        Set the files aside as they are, then edit them or drop another version: what the cluster would do differently is shown here.
        <br />
        <br />
        <button type="button" class="button primary" onClick={() => void setAside([...files.value])}>
          Set this version aside
        </button>
      </Empty>
    );
  }
  return (
    <div class="stack">
      <div class="ask-bar">
        <button type="button" class="button" onClick={() => void setAside([...files.value])}>
          Set the present version aside instead
        </button>
        <button type="button" class="button" onClick={() => before.value !== null && open(before.value)}>
          Go back to the version set aside
        </button>
      </div>
      <Differences />
    </div>
  );
}

function Differences() {
  const now = { objects: useAnswer({ ask: "objects", whole: true }), routes: useAnswer({ ask: "routes" }), map: useAnswer({ ask: "map" }) };
  const then = {
    objects: useAnswer({ ask: "objects", whole: true }, "before"),
    routes: useAnswer({ ask: "routes" }, "before"),
    map: useAnswer({ ask: "map" }, "before"),
  };
  const ready = now.objects.answer !== null && then.objects.answer !== null && now.map.answer !== null && then.map.answer !== null && now.routes.answer !== null && then.routes.answer !== null;
  const parts = ready
    ? [
        { title: "Objects", changes: difference(objectsOf(then.objects.answer?.objects ?? []), objectsOf(now.objects.answer?.objects ?? [])) },
        { title: "Routes", changes: difference(routesOf(then.routes.answer?.hosts ?? []), routesOf(now.routes.answer?.hosts ?? [])) },
        { title: "Connections", changes: difference(connectionsOf(then.map.answer?.rows ?? []), connectionsOf(now.map.answer?.rows ?? [])) },
        { title: "Findings", changes: difference(findingsOf(beforeFindings.value), findingsOf(findings.value)) },
      ]
    : [];
  const total = parts.reduce((sum, part) => sum + part.changes.length, 0);
  return (
    <>
      {ready && (
        <p class="lead" role="status">
          {total === 0 ? "The two versions answer alike." : `${count(total, "difference")} to the version set aside.`}
        </p>
      )}
      <TraceDifference />
      {parts
        .filter((part) => part.changes.length > 0)
        .map((part) => (
          <section class="block" key={part.title}>
            <h2>{part.title}</h2>
            <ul class="changes">
              {part.changes.map((change) => (
                <li key={change.key} class={change.how}>
                  <span class="how">{change.how}</span>
                  <span>{change.what}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </>
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
          Ends alike: <Words text={now.answer.sentence} />
        </p>
      ) : (
        <ul class="changes">
          <li class="gone">
            <span class="how">before</span>
            <Words text={then.answer.sentence} />
          </li>
          <li class="new">
            <span class="how">now</span>
            <Words text={now.answer.sentence} />
          </li>
        </ul>
      )}
    </section>
  );
}

interface Entry {
  key: string;
  /** What is compared. */
  value: string;
  show: (other: string | null) => preact.ComponentChildren;
}

interface Change {
  key: string;
  how: "new" | "gone" | "changed";
  what: preact.ComponentChildren;
}

function difference(then: readonly Entry[], now: readonly Entry[]): Change[] {
  const old = new Map(then.map((entry) => [entry.key, entry]));
  const changes: Change[] = [];
  for (const entry of now) {
    const known = old.get(entry.key);
    old.delete(entry.key);
    if (known === undefined) changes.push({ key: entry.key, how: "new", what: entry.show(null) });
    else if (known.value !== entry.value) changes.push({ key: entry.key, how: "changed", what: entry.show(known.value) });
  }
  for (const entry of old.values()) changes.push({ key: `${entry.key} gone`, how: "gone", what: entry.show(null) });
  return changes;
}

function objectsOf(objects: readonly ListedObject[]): Entry[] {
  return objects
    .filter((object) => object.standsFor === undefined)
    .map((object) => ({
      key: `${object.kind} ${object.namespace ?? ""}/${object.name}`,
      value: JSON.stringify(object.object),
      show: () => (
        <>
          {object.kind} {named(object)} <PlaceLink place={object.source} />
        </>
      ),
    }));
}

function routesOf(hosts: readonly TableHost[]): Entry[] {
  return hosts.flatMap((host) =>
    host.rules
      .filter((rule) => rule.shadowedBy === undefined)
      .map((rule) => {
        const to = rule.service != null ? `${rule.service.namespace}/${rule.service.name}:${rule.service.port}` : rule.resource != null ? `${rule.resource.kind} ${rule.resource.name}` : "nothing";
        return {
          key: `${host.host} ${rule.pattern} ${rule.pathType}`,
          value: to,
          show: (other: string | null) => (
            <>
              <code>
                {host.host} {rule.pattern}
              </code>{" "}
              goes to {to}
              {other !== null && `, before to ${other}`}
            </>
          ),
        };
      }),
  );
}

function connectionsOf(rows: readonly MapRow[]): Entry[] {
  const found = new Map<string, { ports: MapRow["ports"]; from: string; to: string }>();
  for (const row of rows) {
    for (const from of row.from) {
      for (const to of row.to) {
        const key = `${partyName(from)} → ${partyName(to)}`;
        const known = found.get(key);
        if (known === undefined) found.set(key, { ports: [...row.ports], from: partyName(from), to: partyName(to) });
        else known.ports.push(...row.ports);
      }
    }
  }
  return [...found].map(([key, { ports }]) => {
    const words = portWords(ports);
    return {
      key,
      value: words,
      show: (other) => `${key}: ${words === "all" ? "every port" : `port ${words}`}${other === null ? "" : `, before ${other === "all" ? "every port" : `port ${other}`}`}`,
    };
  });
}

function findingsOf(found: readonly Finding[]): Entry[] {
  return found.map((finding) => ({
    key: `${finding.code} ${finding.object?.kind ?? ""} ${finding.object?.name ?? ""} ${finding.message}`,
    value: finding.severity,
    show: () => (
      <>
        <Words text={finding.message} /> <PlaceLink place={finding.source} />
      </>
    ),
  }));
}

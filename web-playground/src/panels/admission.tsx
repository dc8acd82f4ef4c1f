import { useEffect, useState } from "preact/hooks";
import type { AdmitAnswer, Finding, KubernetesObject, ReadDocument } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { Fix } from "../parts/fix";
import { Select } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { count, Empty, Failure, Words } from "../parts/text";
import { yamlLines } from "../parts/yaml";
import { active, activeText, engine, files, findingsByFile, revision } from "../workspace";

/** What kube-apiserver would do with an object of the file in the editor: the stored object beside the written one. */
export function AdmissionPanel() {
  const { answer } = useAnswer({ ask: "read", text: activeText.value });
  const [chosen, choose] = useAsked("document", "");
  const documents = objectsOf(answer?.documents ?? []);
  const document = documents.find((known) => known.id === chosen) ?? documents.find((known) => JUDGED.has(known.object.kind ?? "")) ?? documents[0];
  const { admitted, error, written } = useAdmitted(document?.object);
  if (answer !== null && documents.length === 0) return <Empty title="No object in this file">The file in the editor contains no readable Kubernetes object.</Empty>;
  return (
    <div class="stack">
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <Select label={`Object in ${active.value.split("/").at(-1) ?? ""}`} value={document?.id ?? ""} choose={choose} choices={documents} />
      </form>
      {error !== null && (error.startsWith("admission does not know") ? <Empty title={`A ${written?.kind ?? "kind"} is stored as it is`}>Portolan checks the kinds of Kubernetes' network. It only reads this kind.</Empty> : <Failure>{error}</Failure>)}
      {admitted !== null && written !== null && <Admitted answer={admitted} written={written} />}
    </div>
  );
}

/** The kinds to show first. */
const JUDGED = new Set(["Service", "Ingress", "NetworkPolicy", "Endpoints", "EndpointSlice"]);

interface Choice {
  id: string;
  label: string;
  object: KubernetesObject;
}

/** The objects of the documents, with lists split into their items. */
function objectsOf(documents: readonly ReadDocument[]): Choice[] {
  const found: KubernetesObject[] = [];
  for (const { value } of documents) {
    if (value === null || typeof value !== "object") continue;
    const object = value as KubernetesObject & { items?: unknown };
    if (Array.isArray(object.items)) found.push(...itemsOf(object as KubernetesObject & { items: KubernetesObject[] }));
    else found.push(object);
  }
  return found.map((object) => {
    const { namespace = "default", name = "?" } = object.metadata ?? {};
    const label = `${object.kind ?? "?"} ${namespace === "default" ? "" : `${namespace}/`}${name}`;
    return { id: `${object.kind ?? ""}/${namespace}/${name}`, label, object };
  });
}

/** The items of a list; those of a `ServiceList` need not say that they are Services. */
function itemsOf({ apiVersion, kind = "", items }: KubernetesObject & { items: KubernetesObject[] }): KubernetesObject[] {
  const one = kind === "List" ? undefined : /^(\w+)List$/.exec(kind)?.[1];
  return items.filter((item) => item !== null && typeof item === "object").map((item) => (one === undefined || item.kind !== undefined ? item : ({ apiVersion, kind: one, ...item } as KubernetesObject)));
}

interface Judged {
  admitted: AdmitAnswer | null;
  error: string | null;
  /** The object that was checked. It may be older than the one in the editor. */
  written: KubernetesObject | null;
}

/** Checks an object shortly after the latest keystroke, because all other objects are loaded for it. */
function useAdmitted(object: KubernetesObject | undefined): Judged {
  const [state, setState] = useState<Judged>({ admitted: null, error: null, written: null });
  const text = object === undefined ? null : JSON.stringify(object);
  const now = revision.value;
  useEffect(() => {
    if (text === null) return;
    let current = true;
    const timer = setTimeout(() => {
      const written = JSON.parse(text) as KubernetesObject;
      engine.call({ call: "admit", files: [...files.value], object: written }).then(
        (admitted) => current && setState({ admitted, error: null, written }),
        (error: unknown) => current && setState({ admitted: null, error: error instanceof Error ? error.message : String(error), written }),
      );
    }, 120);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, now]);
  return state;
}

function Admitted({ answer, written }: { answer: AdmitAnswer; written: KubernetesObject }) {
  const { resourceVersion, uid } = (written.metadata ?? {}) as { resourceVersion?: string; uid?: string };
  const exported = Boolean(resourceVersion) || Boolean(uid);
  return (
    <>
      <section class={`ruling ${answer.accepted ? "good" : "bad"}`}>
        <p class="ruling-word">
          {answer.accepted ? "Accepted" : "Refused"} <span class="ruling-code">{answer.code}</span>
        </p>
        {!answer.accepted && <p>{answer.status?.reason}</p>}
        {exported && <p>This object was exported from a cluster, so it is checked as an update of itself.</p>}
      </section>
      {answer.warnings.length > 0 && (
        <section class="block">
          <h2>{count(answer.warnings.length, "warning")}</h2>
          <ul class="reasons">
            {answer.warnings.map((warning, index) => (
              <li key={index}>{warning}</li>
            ))}
          </ul>
        </section>
      )}
      {answer.status !== undefined && <Refusal answer={answer} written={written} />}
      {answer.object !== undefined && <Stored stored={answer.object} written={written} />}
    </>
  );
}

function Refusal({ answer, written }: { answer: AdmitAnswer; written: KubernetesObject }) {
  const causes = answer.status?.details?.causes ?? [];
  const found = findingsByFile.value.get(active.value) ?? [];
  const own = found.filter(({ code, object }) => code === "refused" && object?.name === written.metadata?.name && object?.kind === written.kind);
  const about = (field: string | undefined) => own.find((finding) => finding.source.field === field);
  return (
    <section class="block">
      <h2>The server's response</h2>
      {causes.length === 0 ? (
        <>
          <p>{answer.status?.message}</p>
          <Mending finding={own[0]} />
        </>
      ) : (
        <ul class="causes">
          {causes.map((cause, index) => (
            <li key={index}>
              <p>
                <code>{cause.field}</code> <PlaceLink place={about(cause.field)?.source} />
              </p>
              <p>{cause.message}</p>
              <Mending finding={about(cause.field)} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What to do about a cause: the same advice as in the findings below the editor. */
function Mending({ finding }: { finding: Finding | undefined }) {
  if (finding?.help === undefined && !finding?.fix?.length) return null;
  return (
    <p class="mending">
      {finding.help !== undefined && <Words text={finding.help} />} <Fix finding={finding} />
    </p>
  );
}

/** The two objects side by side, with marks at the values that the server adds or changes. */
function Stored({ stored, written }: { stored: KubernetesObject; written: KubernetesObject }) {
  // The first field of a list item follows a dash, which is not part of the value.
  const words = (text: string) => text.replace(/^ *(- )*/, "");
  const own = new Map(yamlLines(written).map((line) => [line.path, words(line.text)]));
  const lines = yamlLines(stored).map((line) => {
    const before = own.get(line.path);
    const mark = before === undefined ? "added" : line.plain && before !== words(line.text) ? "changed" : "";
    return { ...line, mark };
  });
  const added = lines.filter((line) => line.mark === "added" && line.plain).length;
  const changed = lines.filter((line) => line.mark === "changed").length;
  return (
    <section class="block">
      <h2>Stored object</h2>
      <p class="lead">
        {added === 0 && changed === 0 ? "Unchanged." : `${count(added, "value")} filled in${changed > 0 ? `, ${changed} changed` : ""}.`}
      </p>
      <div class="beside-pair">
        <figure>
          <figcaption>Yours</figcaption>
          <pre class="text" tabIndex={0} aria-label="Your object">
            {yamlLines(written)
              .map((line) => line.text)
              .join("\n")}
          </pre>
        </figure>
        <figure>
          <figcaption>As stored</figcaption>
          <pre class="text stored" tabIndex={0} aria-label="The stored object">
            {lines.map((line, index) => (
              <span key={index} class={`line ${line.mark}`}>
                {line.mark !== "" && <span class="spoken">{line.mark === "added" ? "filled in: " : "changed: "}</span>}
                {line.text}
              </span>
            ))}
          </pre>
        </figure>
      </div>
    </section>
  );
}

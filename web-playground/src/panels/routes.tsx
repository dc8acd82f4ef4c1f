import { CONTROLLERS, type RouteAnswer, type RouteRule, type TableRule } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { Select, TextField } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { Empty, Failure, named, Words } from "../parts/text";
import { objects } from "../workspace";

/** The whole table of routes, a field for a URL, and the rule that serves it. */
export function RoutesPanel() {
  const [controller, setController] = useAsked("controller", "spec");
  const [ingressClass, setClass] = useAsked("ingressClass", "");
  const [url, setUrl] = useAsked("url", "");
  const classes = objects.value.filter((object) => object.kind === "IngressClass").map((object) => object.name);
  const classOf = classes.includes(ingressClass) ? { ingressClass } : {};
  const { answer, error } = useAnswer({ ask: "routes", controller, ...classOf });
  const isUrl = /^https?:\/\//.test(url);
  const tried = useAnswer(isUrl ? { ask: "route", url, controller, ...classOf } : null);
  const won = tried.answer?.matched === true ? ruleKey(tried.answer) : null;
  const hosts = answer?.hosts ?? [];
  return (
    <div class="stack">
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <TextField label="Try a URL" wide value={url} change={setUrl} placeholder="https://shop.example.com/cart" />
        <Select label="Controller" value={controller} choose={setController} choices={CONTROLLERS} />
        {classes.length > 0 && (
          <Select label="Class" value={classOf.ingressClass ?? ""} choose={setClass} choices={[{ id: "", label: "by the controller" }, ...classes.map((id) => ({ id, label: id }))]} />
        )}
      </form>
      {error !== null && <Failure>{error}</Failure>}
      {url !== "" && !isUrl && <p class="nothing">Ingress serves URLs that begin with http:// or https://.</p>}
      {tried.error !== null && <Failure>{tried.error}</Failure>}
      {tried.answer !== null && <Verdict answer={tried.answer} />}
      {answer !== null && hosts.length === 0 && answer.default === null && (
        <Empty title="No routes">Open files that contain an Ingress, or select another class.</Empty>
      )}
      {hosts.map((host) => (
        <section class="block" key={`${host.host} ${host.tlsOnly ?? ""}`}>
          <h2 class="host">
            {host.host === "*" ? "any other host" : host.host} {host.tlsOnly === true && <span class="pill">TLS only</span>}
          </h2>
          <RuleTable rules={host.rules} won={won} label={host.host} />
        </section>
      ))}
      {answer?.default != null && (
        <section class="block">
          <h2>Everything else</h2>
          <RuleTable rules={[answer.default]} won={won} label="Everything else" />
        </section>
      )}
      {answer !== null && answer.reports.length > 0 && (
        <section class="block">
          <h2>Notes</h2>
          <ul class="reasons">
            {answer.reports.map((report, index) => (
              <li key={index}>
                <Words text={report.message} /> <PlaceLink place={report.source} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function RuleTable({ rules, won, label }: { rules: readonly TableRule[]; won: string | null; label: string }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={`Routes of ${label}`}>
      <table class="routes">
        <thead>
          <tr>
            <th scope="col">Path</th>
            <th scope="col">Type</th>
            <th scope="col">Goes to</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule, index) => {
            const wins = won === ruleKey(rule);
            const shadowed = rule.shadowedBy !== undefined;
            return (
              <tr key={index} class={wins ? "won" : shadowed ? "shadowed" : ""} aria-current={wins ? "true" : undefined}>
                <td class="name">
                  <code>{rule.pattern === "" ? "everything" : rule.pattern}</code>
                </td>
                <td>{rule.pathType || "default"}</td>
                <td class="name">{backendOf(rule)}</td>
                <td class="name">
                  <PlaceLink place={rule.source}>{named(rule.ingress as { namespace?: string; name: string })}</PlaceLink>
                  {rule.shadowedBy !== undefined && <span class="shadow-word"> never reached: {shadowWord(rule.shadowedBy)} takes it all</span>}
                  {wins && <span class="pill good">serves it</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function ruleKey(rule: { ingress?: { namespace?: string; name: string } | null; rule?: number | null; path?: number | null }): string {
  return [rule.ingress?.namespace, rule.ingress?.name, rule.rule ?? "-", rule.path ?? "-"].join("/");
}

function shadowWord(rule: RouteRule): string {
  return `${named(rule.ingress as { namespace?: string; name: string })} ${rule.field}`;
}

function backendOf(rule: TableRule): string {
  if (rule.service != null) return `${rule.service.namespace === rule.ingress.namespace ? "" : `${rule.service.namespace}/`}${rule.service.name}:${rule.service.port}`;
  if (rule.resource != null) return `${rule.resource.kind} ${rule.resource.name}`;
  return "the controller's own answer";
}

function Verdict({ answer }: { answer: RouteAnswer }) {
  return (
    <section class="block verdict">
      <p class="outcome-line">
        <span class={`pill ${answer.matched ? "good" : "bad"}`}>{answer.matched ? "taken" : "404"}</span>
        {answer.service != null ? (
          <strong>
            {answer.service.namespace}/{answer.service.name}:{answer.service.port}
          </strong>
        ) : (
          <strong>{answer.matched ? "the controller's own answer" : "no rule takes it"}</strong>
        )}
        <PlaceLink place={answer.source} />
      </p>
      {answer.because !== undefined && <p><Words text={answer.because} /></p>}
      {answer.rewrite != null && (
        <p>
          The backend sees <code>{answer.rewrite}</code>.
        </p>
      )}
      {answer.redirect != null && (
        <p>
          The client is sent to <code>{answer.redirect.location}</code> with {answer.redirect.code}.
        </p>
      )}
      {answer.refusal != null && (
        <p>
          The proxy answers {answer.refusal.code} itself: {answer.refusal.because}
        </p>
      )}
      {answer.tls != null && (
        <p>
          Certificate of <code>{answer.tls.host}</code> from Secret {answer.tls.secret}.
        </p>
      )}
      {(answer.notes ?? []).map((note, index) => (
        <p class="note" key={index}>
          <Words text={note} />
        </p>
      ))}
      {(answer.near ?? []).length > 0 && (
        <details class="near">
          <summary>{(answer.near ?? []).length === 1 ? "One other rule nearly matches" : `${(answer.near ?? []).length} other rules nearly match`}</summary>
          <ul class="reasons">
            {(answer.near ?? []).map((near, index) => (
              <li key={index}>
                <code>
                  {near.host} {near.pattern}
                </code>{" "}
                <Words text={near.why} /> <PlaceLink place={near.source} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

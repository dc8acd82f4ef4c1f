import type { EndpointSlice, Service } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { objectName, podName, Select, senders, services, TextField } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { Empty, Failure, Words } from "../parts/text";
import { Proxy } from "./proxy";

/** A Service: its endpoints, where kube-proxy sends its packets, its names in DNS, and what containers find about it. */
export function ServicePanel() {
  const known = services();
  const [chosen, choose] = useAsked("service", "");
  const id = known.some((service) => service.id === chosen) ? chosen : (known[0]?.id ?? "");
  const { namespace, name } = objectName(id);
  const { answer } = useAnswer(id === "" ? null : { ask: "objects", kinds: ["Service"], namespace, whole: true });
  const listed = answer?.objects.find((object) => object.name === name);
  const service = listed?.object as Service | undefined;
  if (known.length === 0) return <Empty title="No Service">Open files that contain a Service to see its endpoints.</Empty>;
  return (
    <div class="stack">
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <Select label="Service" value={id} choose={choose} choices={known} />
        {listed?.source !== undefined && (
          <p class="beside">
            <PlaceLink place={listed.source} />
          </p>
        )}
      </form>
      {service !== undefined && (
        <>
          <Summary service={service} />
          <Endpoints namespace={namespace} name={name} />
          <Proxy service={service} />
          <Names service={service} namespace={namespace} name={name} />
          <Containers namespace={namespace} />
        </>
      )}
    </div>
  );
}

function Summary({ service }: { service: Service }) {
  const { spec } = service;
  const facts: [string, string][] = [
    ["Type", spec?.type ?? "ClusterIP"],
    ["Cluster IP", (spec?.clusterIPs ?? [spec?.clusterIP ?? ""]).join(", ") || "none"],
    ["Ports", (spec?.ports ?? []).map((port) => `${port.name ? `${port.name} ` : ""}${port.port} → ${port.targetPort ?? port.port}${port.nodePort ? `, node port ${port.nodePort}` : ""}`).join("; ") || "none"],
  ];
  if (spec?.externalName) facts.push(["External name", spec.externalName]);
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length > 0) facts.push(["Selector", selector.map(([key, value]) => `${key}=${value}`).join(", ")]);
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Endpoints({ namespace, name }: { namespace: string; name: string }) {
  const { answer, error } = useAnswer({ ask: "endpoints", service: { namespace, name } });
  const rows = (answer?.endpointSlices ?? []).flatMap((slice) => (slice.endpoints ?? []).map((endpoint) => ({ slice, endpoint })));
  const because = new Map((answer?.because ?? []).map((reason) => [reason.pod.name, reason]));
  const left = (answer?.because ?? []).filter((reason) => !reason.published);
  return (
    <section class="block">
      <h2>Endpoints</h2>
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && rows.length === 0 && <p class="nothing">None: this Service has no endpoints.</p>}
      {rows.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label="Endpoints">
          <table>
            <thead>
              <tr>
                <th scope="col">Address</th>
                <th scope="col">Ports</th>
                <th scope="col">State</th>
                <th scope="col">Pod</th>
                <th scope="col">Node</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ slice, endpoint }, index) => {
                const { ready, serving, terminating } = endpoint.conditions ?? {};
                const state = terminating === true ? (serving === true ? "terminating, serving" : "terminating") : ready === false ? "not ready" : "ready";
                return (
                  <tr key={index}>
                    <td class="short">
                      <code>{(endpoint.addresses ?? []).join(", ")}</code>
                    </td>
                    <td class="short">{portsOf(slice)}</td>
                    <td class="short">
                      <span class={`pill ${ready === false ? "warn" : "good"}`}>{state}</span>
                    </td>
                    <td class="name" title={because.get(endpoint.targetRef?.name ?? "")?.because}>{endpoint.targetRef?.name ?? "–"}</td>
                    <td class="node">{endpoint.nodeName ?? "–"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {left.length > 0 && (
        <ul class="reasons">
          {left.map((reason) => (
            <li key={reason.pod.name}>
              <strong>{reason.pod.name}</strong> is left out: <Words text={reason.because} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function portsOf(slice: EndpointSlice): string {
  return (slice.ports ?? []).map((port) => `${port.port ?? "any"}${port.name ? ` ${port.name}` : ""}`).join(", ") || "–";
}

function Names({ service, namespace, name }: { service: Service; namespace: string; name: string }) {
  const full = `${name}.${namespace}.svc.cluster.local`;
  const [asked, ask] = useAsked("dnsName", "");
  const [type, setType] = useAsked("dnsType", "A");
  const port = service.spec?.ports?.find((known) => known.name);
  const suggestions = [full, ...(port === undefined ? [] : [`_${port.name}._${(port.protocol ?? "TCP").toLowerCase()}.${full}`])];
  const { answer, error } = useAnswer({ ask: "resolve", name: asked === "" ? full : asked, type: type as "A" });
  return (
    <section class="block">
      <h2>DNS</h2>
      <form class="ask-bar" onSubmit={(event) => event.preventDefault()}>
        <TextField wide label="Name" value={asked} change={ask} placeholder={full} options={suggestions} />
        <Select label="Type" value={type} choose={setType} choices={["A", "AAAA", "SRV", "CNAME", "PTR", "TXT"].map((id) => ({ id, label: id }))} />
      </form>
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && (
        <>
          <p>
            <span class={`pill ${answer.status === "NOERROR" && answer.answers.length > 0 ? "good" : "warn"}`}>{answer.status}</span> <Words text={answer.because} />
          </p>
          {answer.answers.length > 0 && (
            <pre class="text" tabIndex={0}>
              {answer.answers.join("\n")}
            </pre>
          )}
        </>
      )}
    </section>
  );
}

/** What a container finds: environment and files. */
function Containers({ namespace }: { namespace: string }) {
  const pods = senders();
  const [chosen, choose] = useAsked("pod", "");
  const id = pods.some((pod) => pod.id === chosen) ? chosen : (pods.find((pod) => pod.id.startsWith(`${namespace}/`))?.id ?? pods[0]?.id ?? "");
  const pod = podName(id);
  const named = { namespace: pod.namespace, name: pod.pod };
  const env = useAnswer(id === "" ? null : { ask: "env", pod: named });
  const hosts = useAnswer(id === "" ? null : { ask: "hosts", pod: named });
  if (id === "") return null;
  return (
    <section class="block">
      <div class="block-head">
        <h2>In a container of</h2>
        <Select label="Pod" value={id} choose={choose} choices={pods} />
      </div>
      <h3>Environment</h3>
      {env.error !== null && <Failure>{env.error}</Failure>}
      {env.answer !== null && (
        <pre class="text" tabIndex={0} aria-label="Environment">
          {env.answer.env.map((variable) => `${variable.name}=${variable.value}`).join("\n") || "(nothing of Services)"}
        </pre>
      )}
      {hosts.error !== null && <Failure>{hosts.error}</Failure>}
      {hosts.answer !== null && (
        <>
          <h3>/etc/hosts</h3>
          <pre class="text" tabIndex={0} aria-label="/etc/hosts">
            {hosts.answer.hosts}
          </pre>
          <h3>/etc/resolv.conf</h3>
          <pre class="text" tabIndex={0} aria-label="/etc/resolv.conf">
            {hosts.answer.resolvConf}
          </pre>
        </>
      )}
    </section>
  );
}

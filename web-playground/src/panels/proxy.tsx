import type { BackendEndpoint, Question, Service } from "portolan";
import { useAnswer } from "../answer";
import { useAsked } from "../asked";
import { nodes, Select } from "../parts/pickers";
import { PlaceLink } from "../parts/place";
import { Failure, Words } from "../parts/text";

type Target = Question<"backends">["to"];

/** An address and port of a Service. */
interface Way {
  id: string;
  label: string;
  /** The beginning of the sentence about it, before the verb. */
  packet: string;
  to: Target;
}

/** Every address of a Service with every port for which kube-proxy can have a rule. */
function waysTo({ spec, status }: Service): Way[] {
  const inside = (spec?.clusterIPs ?? [spec?.clusterIP ?? ""]).filter((ip) => ip !== "" && ip !== "None");
  const balancers = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const ways: Way[] = [];
  for (const { name, port, nodePort, protocol = "TCP" } of spec?.ports ?? []) {
    if (port === undefined) continue;
    const word = `${name ? `${name}, ` : ""}${protocol === "TCP" ? "" : `${protocol} `}`;
    const at = (kind: string, from: string, ip: string) => ({
      id: `${kind} ${ip} ${port}/${protocol}`,
      label: `${word}${kind} ${addressOf({ ip, port })}`,
      packet: `A packet from ${from} to ${kind}`,
      to: { ip, port, protocol },
    });
    for (const ip of inside) ways.push(at("cluster IP", "a pod", ip));
    for (const ip of spec?.externalIPs ?? []) ways.push(at("external IP", "outside", ip));
    for (const ip of balancers) ways.push(at("load balancer", "outside", ip));
    for (const family of nodePort === undefined || nodePort === 0 ? [] : (spec?.ipFamilies ?? ["IPv4"])) {
      const ipFamily = family === "IPv6" ? "IPv6" : "IPv4";
      ways.push({
        id: `node port ${nodePort}/${protocol} ${ipFamily}`,
        label: `${word}node port ${nodePort}${ipFamily === "IPv6" ? " (IPv6)" : ""}`,
        packet: "A packet from outside to node port",
        to: { nodePort: nodePort ?? 0, protocol, ipFamily },
      });
    }
  }
  return ways;
}

/** Where kube-proxy on each node sends a packet to the Service. */
export function Proxy({ service }: { service: Service }) {
  const [picked, pick] = useAsked("serviceWay", "");
  const ways = waysTo(service);
  const way = ways.find(({ id }) => id === picked) ?? ways[0];
  if (way === undefined) return null;
  const names = nodes();
  return (
    <section class="block">
      <div class="block-head">
        <h2>kube-proxy</h2>
        {ways.length > 1 && <Select label="Sent to" value={way.id} choose={pick} choices={ways} />}
      </div>
      <p class="lead">
        {way.packet} <code>{"ip" in way.to ? addressOf(way.to) : way.to.nodePort}</code> goes
      </p>
      <ul class="proxy">
        {(names.length === 0 ? [""] : names).map((node) => (
          <NodeChoice key={node} node={node} to={way.to} />
        ))}
      </ul>
    </section>
  );
}

function NodeChoice({ node, to }: { node: string; to: Target }) {
  const { answer, error } = useAnswer({ ask: "backends", ...(node !== "" && { node }), to });
  return (
    <li>
      <p class="proxy-node">{node === "" ? "on any node" : `on ${node}`}</p>
      {error !== null && <Failure>{error}</Failure>}
      {answer !== null && (
        <div>
          {answer.verdict === "forward" ? (
            <p>
              to {(answer.to ?? []).map((endpoint) => addressOf(endpoint)).map((address, index) => <code class="chip" key={index}>{address}</code>)}
            </p>
          ) : (
            <p>
              <span class="pill bad">{VERDICTS[answer.verdict] ?? answer.verdict}</span>
            </p>
          )}
          <ul class="reasons">
            {answer.because.map((reason, index) => (
              <li key={index}>
                <Words text={reason.because} /> <PlaceLink place={reason.source} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </li>
  );
}

const VERDICTS: Record<string, string> = { none: "no rule of kube-proxy's", reject: "rejected", drop: "dropped" };

function addressOf({ ip, port }: Pick<BackendEndpoint, "ip" | "port">): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

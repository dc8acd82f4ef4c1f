/** The ends of connections in the map: workloads and pods, or whole namespaces in a large cluster. */
import type { MapRow, Party, PortRange } from "portolan";
import { podName, type Choice } from "../parts/pickers";

/** The pods of a workload, or a single pod. */
export interface Member {
  namespace: string;
  name: string;
}

/** An end of connections: a workload, a pod, a whole namespace, or everything outside. */
export interface End extends Choice {
  /** What it stands for. */
  members: readonly Member[];
}

/** Everything outside the cluster, as one end. */
export const OUTSIDE: End = { id: "outside", label: "outside", members: [] };

/** A connection between two ends: its ports, and one pair for which it holds. */
export interface Connection {
  from: End;
  to: End;
  ports: PortRange[];
  between: [Member | undefined, Member | undefined];
}

/** If there are more ends, they are grouped by namespace. */
export const MOST_SINGLE = 28;
/** More ends than this cannot be read at a glance. */
const MOST_SHOWN = 60;

/** The ends to show, and how many were left out. */
export interface Shown {
  ends: readonly End[];
  left: number;
}

/**
 * The ends of a cluster: each workload if there are few, otherwise each namespace. For a selected namespace: its
 * workloads whose names contain `part`, and every other namespace as one end.
 */
export function endsOf(choices: readonly Choice[], namespace: string, part: string): Shown {
  const members = choices.map((choice) => ({ choice, member: memberOf(choice.id) }));
  if (members.length < MOST_SINGLE) return { ends: [...members.map(single), OUTSIDE], left: 0 };
  const byNamespace = Map.groupBy(members, ({ member }) => member.namespace);
  const chosen = byNamespace.size === 1 ? members : byNamespace.get(namespace);
  if (chosen === undefined) {
    const all = [...byNamespace].map(([name, inside]): End => ({ id: `${name}/`, label: name, members: inside.map(({ member }) => member) }));
    return { ends: [...all.slice(0, MOST_SHOWN), OUTSIDE], left: Math.max(0, all.length - MOST_SHOWN) };
  }
  const fitting = chosen.filter(({ member }) => member.name.includes(part));
  const others = members.filter((one) => !chosen.includes(one)).map(({ member }) => member);
  const other: End[] = others.length === 0 ? [] : [{ id: "others/", label: "other namespaces", members: others }];
  return { ends: [...fitting.slice(0, MOST_SHOWN).map(single), ...other, OUTSIDE], left: Math.max(0, fitting.length - MOST_SHOWN) };
}

function memberOf(id: string): Member {
  const { namespace, pod } = podName(id);
  return { namespace, name: pod };
}

function single({ choice, member }: { choice: Choice; member: Member }): End {
  return { ...choice, members: [member] };
}

/** The connections between these ends. An end that stands for several pods connects if one of them may. */
export function connect(rows: readonly MapRow[], ends: readonly End[]): Connection[] {
  const places = new Map<string, [End, Member][]>();
  for (const end of ends) {
    for (const member of end.members) {
      const inside = places.get(member.namespace);
      if (inside === undefined) places.set(member.namespace, [[end, member]]);
      else inside.push([end, member]);
    }
  }
  const everyone = [...places.values()].flat();
  const meant = (parties: readonly Party[]) => {
    const found = new Map<End, Member | undefined>();
    for (const party of parties) {
      if (party.ip !== undefined) found.set(OUTSIDE, undefined);
      for (const [end, member] of party.everyPod === true ? everyone : (places.get(party.namespace ?? "") ?? [])) {
        if (!found.has(end) && means(party, member)) found.set(end, member);
      }
    }
    return found;
  };
  const connections = new Map<string, Connection>();
  for (const row of rows) {
    const to = meant(row.to);
    for (const [source, sender] of meant(row.from)) {
      for (const [target, receiver] of to) {
        if (source === target) continue;
        const key = `${source.id} ${target.id}`;
        const known = connections.get(key);
        if (known === undefined) connections.set(key, { from: source, to: target, ports: [...row.ports], between: [sender, receiver] });
        else for (const port of row.ports) if (!known.ports.some((other) => samePort(other, port))) known.ports.push(port);
      }
    }
  }
  return [...connections.values()];
}

function samePort(one: PortRange, other: PortRange): boolean {
  return one.protocol === other.protocol && one.port === other.port && one.endPort === other.endPort;
}

/** Whether a party of a row includes this member. */
function means(party: Party, member: Member): boolean {
  if (party.everyPod === true) return true;
  if (party.namespace !== member.namespace) return false;
  if (party.workload !== undefined) return party.workload === member.name;
  if (party.pod !== undefined) return party.pod === member.name || party.pod.startsWith(`${member.name}-`);
  return party.ip === undefined;
}

/** A short text for ports. */
export function portWords(ports: readonly PortRange[]): string {
  const all = ports.filter((port) => port.port === undefined).map((port) => port.protocol);
  if (new Set(all).size >= 3) return "all";
  const words = ports.filter((port) => port.port !== undefined).map((port) => `${port.protocol === "TCP" ? "" : `${port.protocol} `}${port.port}${port.endPort !== undefined && port.endPort !== port.port ? `–${port.endPort}` : ""}`);
  return [...new Set([...all.map((protocol) => `all ${protocol}`), ...words])].join(", ");
}

/** A short text for a party. */
export function partyName(known: Party): string {
  if (known.everyPod === true) return "every pod";
  if (known.ip !== undefined) return known.ip;
  const name = known.workload ?? known.pod;
  return name === undefined ? `all of ${known.namespace}` : `${known.namespace}/${name}`;
}

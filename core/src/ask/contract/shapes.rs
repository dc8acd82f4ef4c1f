//! The objects that questions and answers are made of.

use super::{Member, Shape};

macro_rules! shapes {
    ($( $(#[doc = $doc:literal])* $name:ident { $($members:tt)* } )*) => {
        /// The objects that questions and answers are made of.
        pub const SHAPES: &[Shape] = &[ $( Shape {
            name: stringify!($name),
            doc: concat!($($doc, "\n"),*),
            members: members!($($members)*),
        }, )* ];
    };
}

shapes! {
    /// The files of a node that the kubelet reads.
    NodeFiles {
        /// The text of its `/etc/hosts`.
        hosts ?_: "string";
        /// The text of its `/etc/resolv.conf`.
        resolvConf ?_: "string";
    }
    /// An object by its name. A missing namespace is `default`.
    ObjectName {
        /// Its namespace.
        namespace ?_: "string";
        /// Its name.
        name: "string";
    }
    /// A pod, or a workload that makes pods, by its name. A missing namespace is `default`.
    PodName {
        /// Its namespace.
        namespace ?_: "string";
        /// The pod's name; the name of a workload (`Deployment/web` or `web`) stands for its first pod.
        pod: "string";
    }
    /// An address.
    IPAddressOf {
        /// IPv4 or IPv6.
        ip: "string";
    }
    /// A place in a file.
    Location {
        /// The file's name, as it was loaded.
        file: "string";
        /// Line, from 1.
        line: "number";
        /// Column in characters, from 1.
        column: "number";
        /// The field's path in its object: `spec.ports[0].port`.
        field: "string";
        /// The line behind the value's last character, where the value is on record.
        endLine ?_: "number";
        /// The column behind the value's last character.
        endColumn ?_: "number";
    }
    /// An object of the cluster.
    Reference {
        /// `Service`, `Ingress`, …
        kind: "string";
        /// Its namespace; absent for kinds of cluster scope.
        namespace ?_: "string";
        /// Its name.
        name: "string";
    }
    /// An object in a list.
    ListedObject {
        /// `Service`, `Ingress`, …
        kind: "string";
        /// Its namespace; absent for kinds of cluster scope.
        namespace ?_: "string";
        /// Its name.
        name: "string";
        /// Its labels.
        labels ?_: "Record<string, string>";
        /// Where it stands, where it comes from a file.
        source ?_: "Location";
        /// For a pod that no file holds: what makes it.
        standsFor ?_: "Reference";
        /// The object itself, where it was asked for.
        object ?_: "KubernetesObject";
    }
    /// A replacement of part of a file.
    Edit {
        /// The file's name.
        file: "string";
        /// The byte (UTF-8) it begins at.
        start: "number";
        /// The byte behind its last.
        end: "number";
        /// What to put there.
        text: "string";
    }
    /// Something found: what cannot be read, what kube-apiserver refuses or warns about, what will not work.
    Finding {
        /// A stable code: `syntax`, `refused`, `warning`, or a lint rule's.
        code: "string";
        /// How much it weighs.
        severity: "\"info\" | \"warning\" | \"error\"";
        /// What was found; for a refusal and a warning of the API server, its own words.
        message: "string";
        /// The object it is about, where it is about one.
        object ?_: "Reference";
        /// Where it stands.
        source: "Location";
        /// What to write instead, or why it matters.
        help ?_: "string";
        /// Other places involved, each with a word on how.
        related ?_: "{ message: string; source: Location }[]";
        /// Edits that would mend it, all of them together.
        fix ?_: "Edit[]";
    }
    /// A document of a stream, or why it is none.
    ReadDocument {
        /// Its value.
        value ?_: "unknown";
        /// Why it was refused.
        error ?_: "string";
        /// The line of the mistake, from 1.
        line ?_: "number";
        /// The column of the mistake in characters, from 1.
        column ?_: "number";
    }
    /// Which endpoints to pick, and how often.
    Choose {
        /// How to pick; `random` unless given.
        scheduler ?_: "\"random\" | \"userspace\" | \"rr\" | \"wrr\" | \"lc\" | \"wlc\" | \"lblc\" | \"lblcr\" | \"sh\" | \"dh\" | \"sed\" | \"nq\" | \"mh\" | (string & {})";
        /// The seed of `random`.
        seed ?_: "number";
        /// How many to pick; 1 unless given.
        count ?_: "number";
        /// Seconds between one connection and the next; none unless given.
        interval ?_: "number";
        /// Open connections by endpoint, `ip:port`.
        connections ?_: "Record<string, number>";
        /// Weights by endpoint, `ip:port`; 1 unless given.
        weights ?_: "Record<string, number>";
    }
    /// A backend of a Service.
    BackendEndpoint {
        /// Its address.
        ip: "string";
        /// Its port.
        port: "number";
    }
    /// A Service that serves a request.
    RouteService {
        /// Its namespace.
        namespace: "string";
        /// Its name.
        name: "string";
        /// The port of the backend, by number or name.
        port: "number | string";
        /// The name of the port, where its number is given too.
        portName ?_: "string";
    }
    /// `metav1.Status`: why the server refused.
    Status {
        /// `Status`
        kind ?_: "string";
        /// `v1`
        apiVersion ?_: "string";
        /// Empty.
        metadata ?_: "Record<string, unknown>";
        /// `Failure`
        status ?_: "string";
        /// What is wrong, in the server's words.
        message ?_: "string";
        /// One word: `Invalid`, `BadRequest`, …
        reason ?_: "string";
        /// More about the reason.
        details ?_: "{ name?: string; group?: string; kind?: string; uid?: string; causes?: StatusCause[]; retryAfterSeconds?: number }";
        /// The HTTP code.
        code ?_: "number";
    }
    /// One mistake of several.
    StatusCause {
        /// One word: `FieldValueRequired`, …
        reason ?_: "string";
        /// What is wrong.
        message ?_: "string";
        /// The field's path.
        field ?_: "string";
    }
    /// One step to a decision, with the field that made it.
    Reason {
        /// Why.
        because: "string";
        /// The field, where the object is in no file.
        field ?_: "string";
        /// Where the field stands.
        source ?_: "Location";
    }
    /// Whether a pod that a Service selects is published.
    PodReason {
        /// The pod.
        pod: "ObjectName";
        /// Whether it is.
        published: "boolean";
        /// Why.
        because: "string";
    }
    /// A rule of an Ingress.
    RouteRule {
        /// The Ingress.
        ingress: "ObjectName";
        /// The index of the rule in `spec.rules`; null for a default backend.
        rule: "number | null";
        /// The index of the path in the rule.
        path: "number | null";
        /// The field's path.
        field: "string";
    }
    /// One side of a comparison of routes.
    RouteSide {
        /// Whose ways: `spec` (the API documentation) unless given.
        controller ?_: "\"spec\" | \"nginx\" | \"contour\" | (string & {})";
        /// Only Ingresses of this class.
        ingressClass ?_: "string";
        /// The text of other manifests than those loaded, taken as stored.
        manifests ?_: "string";
    }
    /// A class of requests that is served differently.
    RouteChange {
        /// The hosts: a host, `*.suffix`, `*.*.suffix` (two labels and more), or `*` (every other host).
        host: "string";
        /// `http` or `https`; absent: both.
        scheme ?_: "string";
        /// The paths; where expressions have a part (`rules`), those that these rules win before and after.
        paths: "{ match: \"exact\" | \"prefix\" | \"rules\"; path: string; before?: string; after?: string }[]";
        /// The URL of a request of the class.
        example: "string";
        /// Who serves them on the one side.
        before: "RouteOutcome";
        /// Who serves them on the other.
        after: "RouteOutcome";
    }
    /// What becomes of a class of requests.
    RouteOutcome {
        /// Whether anything serves it; false is the controller's own 404.
        matched: "boolean";
        /// The Service it goes to.
        service: "RouteService | null";
        /// Or the resource it goes to.
        resource: "TypedLocalObjectReference | null";
        /// The path that the backend sees for the example, where it is another.
        rewrite: "string | null";
        /// The redirect that the example gets.
        redirect: "{ code: number; location: string } | null";
        /// What the proxy answers by itself instead.
        refusal ?_: "{ code: number; because: string }";
        /// Another backend that gets a part of the requests.
        canary ?_: "{ service: RouteService | null; weight: number; weightTotal: number }";
    }
    /// A rule that nearly won.
    NearMiss {
        /// The Ingress.
        ingress: "ObjectName";
        /// The index of the rule in `spec.rules`; null for a default backend.
        rule: "number | null";
        /// The index of the path in the rule.
        path: "number | null";
        /// The field's path.
        field: "string";
        /// The host it is for.
        host: "string";
        /// The path it takes.
        pattern: "string";
        /// Where its requests go.
        service: "RouteService | null";
        /// Why it lost.
        why: "string";
        /// Where it stands.
        source ?_: "Location";
    }
    /// A rule of the table that `route` matches by.
    TableRule {
        /// The Ingress.
        ingress: "ObjectName";
        /// The index of the rule in `spec.rules`; null for a default backend.
        rule: "number | null";
        /// The index of the path in the rule.
        path: "number | null";
        /// The field's path.
        field: "string";
        /// The path as written.
        pattern: "string";
        /// `Exact`, `Prefix` or `ImplementationSpecific`; empty for a default backend.
        pathType: "string";
        /// The Service its requests go to.
        service ?_: "RouteService";
        /// Or the resource.
        resource ?_: "TypedLocalObjectReference";
        /// The rule that takes every request this one could have.
        shadowedBy ?_: "RouteRule";
        /// Where it stands.
        source ?_: "Location";
    }
    /// A host of the table that `route` matches by.
    TableHost {
        /// The name, a wildcard, or `*` for the rules without host.
        host: "string";
        /// Whether it is there for TLS alone, or for plain requests alone; absent: for both.
        tlsOnly ?_: "boolean";
        /// Its rules, in the order in which they are tried.
        rules: "TableRule[]";
    }
    /// Something about the Ingresses that their author should know.
    RouteReport {
        /// In one word: `Duplicate`, `ServiceNotFound`, …
        reason: "string";
        /// The Ingress.
        ingress: "ObjectName";
        /// The field's path.
        field: "string";
        /// For people.
        message: "string";
        /// Where it stands.
        source ?_: "Location";
    }
    /// Who connects or is connected to: every pod, the pods of a namespace or of a workload, a pod, or a range of addresses.
    Party {
        /// Every pod there is.
        everyPod ?_: "true";
        /// The namespace; by itself, all its pods.
        namespace ?_: "string";
        /// The workload, whose pods are meant.
        workload ?_: "string";
        /// Its kind.
        kind ?_: "string";
        /// The pod.
        pod ?_: "string";
        /// The addresses outside the cluster, as a CIDR.
        ip ?_: "string";
    }
    /// Ports: one, a range, or all of a protocol.
    PortRange {
        /// `TCP`, `UDP` or `SCTP`.
        protocol: "string";
        /// The port, or the first of a range; absent: every port.
        port ?_: "number";
        /// The last port of a range.
        endPort ?_: "number";
    }
    /// Every one of `from` may reach every one of `to`.
    MapRow {
        /// The sources.
        from: "Party[]";
        /// The destinations.
        to: "Party[]";
        /// The destinations' ports.
        ports: "PortRange[]";
    }
    /// What is open to pods that the cluster does not hold.
    Exposure {
        /// Seen from the pods.
        direction: "\"ingress\" | \"egress\"";
        /// The pods.
        pods: "Party[]";
        /// The labels of the namespaces meant, as a selector.
        namespaces: "string | null";
        /// The labels of the pods meant, as a selector.
        labels: "string | null";
        /// The ports.
        ports: "PortRange[]";
    }
    /// Where an Ingress brings requests in.
    EntryPoint {
        /// The Ingress.
        ingress: "ObjectName";
        /// The host.
        host: "string";
        /// The path.
        path: "string";
        /// The Service.
        service: "ObjectName";
        /// The pods behind it, and the port of each.
        pods: "(Party & { port: number })[]";
        /// Whether policies let clients outside reach them.
        fromOutside: "boolean";
        /// Whether policies let every pod reach them.
        fromAnyPod: "boolean";
    }
    /// Pods that no NetworkPolicy selects.
    MapGap {
        /// For which direction.
        direction: "\"ingress\" | \"egress\"";
        /// The pods.
        pods: "Party[]";
    }
    /// One step to a verdict.
    VerdictReason {
        /// The side it is about.
        direction: "\"ingress\" | \"egress\"";
        /// The NetworkPolicy that decides, where one does.
        policy ?_: "Reference | null";
        /// The index of its rule.
        rule ?_: "number | null";
        /// The index of the rule's peer.
        peer ?_: "number | null";
        /// The index of the rule's port.
        port ?_: "number | null";
        /// What it does: `allow`, `isolate`, …
        effect: "string";
        /// The field's path, where the policy is in no file.
        field ?_: "string";
        /// Where it stands.
        source ?_: "Location | null";
    }
    /// One step of a request's way.
    Hop {
        /// What it is: `dns`, `load-balancer`, `node-port`, `ingress`, `service`, `endpoint`, `policy`, …
        hop: "string";
        /// What was decided there; the answer of the question it corresponds to.
        answer ?_: "unknown";
        /// Why, in a sentence.
        because: "string";
        /// The line that decided.
        source ?_: "Location | null";
    }
}

//! The questions and answers described, for hosts that have types of their own: the npm package's declarations are made
//! from these tables, and the tests hold real answers against them.
//!
//! Types are written as TypeScript writes them, which says about JSON all that is to be said. A name that is not declared
//! here is an object of the API ([`crate::api`]).

/// An object of a question or an answer.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What it stands for, Markdown.
    pub doc: &'static str,
    /// Its members, in the order they are written.
    pub members: &'static [Member],
}

/// A member of a question or an answer.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether it may be absent.
    pub optional: bool,
    /// Its type, as TypeScript writes it.
    pub shape: &'static str,
    /// What it says, Markdown.
    pub doc: &'static str,
}

/// A kind of question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The value of `ask`.
    pub kind: &'static str,
    /// What is asked, Markdown.
    pub doc: &'static str,
    /// The question's members beside `ask` and `id`.
    pub asks: &'static [Member],
    /// The answer's members beside `ask` and `id`.
    pub answers: &'static [Member],
}

macro_rules! members {
    ($( $(#[doc = $doc:literal])* $name:ident $(? $optional:tt)? : $shape:literal; )*) => {
        &[ $( Member {
            name: stringify!($name),
            optional: members!(@optional $($optional)?),
            shape: $shape,
            doc: concat!($($doc, "\n"),*),
        }, )* ]
    };
    (@optional) => { false };
    (@optional $mark:tt) => { true };
}

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

macro_rules! questions {
    ($( $(#[doc = $doc:literal])* $kind:ident { $($asks:tt)* } => { $($answers:tt)* } )*) => {
        /// The kinds of question, in the order of the contract.
        pub const QUESTIONS: &[Question] = &[ $( Question {
            kind: stringify!($kind),
            doc: concat!($($doc, "\n"),*),
            asks: members!($($asks)*),
            answers: members!($($answers)*),
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
    SourcePlace {
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
        source ?_: "SourcePlace";
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
        source: "SourcePlace";
        /// What to write instead, or why it matters.
        help ?_: "string";
        /// Other places involved, each with a word on how.
        related ?_: "{ message: string; source: SourcePlace }[]";
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
        /// How to pick.
        scheduler: "\"random\" | \"rr\" | \"wrr\" | \"lc\" | \"wlc\" | \"lblc\" | \"lblcr\" | \"sh\" | \"dh\" | \"sed\" | \"nq\" | \"mh\" | (string & {})";
        /// The seed of `random`.
        seed ?_: "number";
        /// How many to pick; 1 unless given.
        count ?_: "number";
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
    /// One step to a verdict.
    VerdictReason {
        /// The side it is about.
        direction: "\"ingress\" | \"egress\"";
        /// The NetworkPolicy that decides, where one does.
        policy ?_: "ObjectName | null";
        /// The index of its rule.
        rule ?_: "number | null";
        /// The index of the rule's peer.
        peer ?_: "number | null";
        /// The index of the rule's port.
        port ?_: "number | null";
        /// What it does: `allow`, `isolate`, …
        effect: "string";
        /// Where it stands.
        source ?_: "SourcePlace | null";
    }
    /// One party of a map: every pod, the pods of a namespace, of a workload, one pod, or a range of addresses.
    MapParty {
        /// Every pod of the cluster.
        everyPod ?_: "boolean";
        /// The namespace; of all its pods where nothing else is named.
        namespace ?_: "string";
        /// The workload.
        workload ?_: "string";
        /// Its kind; `Pod` for a pod that nothing makes.
        kind ?_: "string";
        /// One pod.
        pod ?_: "string";
        /// A range of addresses that are no pods'.
        ip ?_: "string";
        /// The port that is meant, at an entry point.
        port ?_: "number";
    }
    /// Ports of one protocol: all of them where none is named.
    MapPort {
        /// `TCP`, `UDP` or `SCTP`.
        protocol: "string";
        /// The port, or the first of a range.
        port ?_: "number";
        /// The last of a range.
        endPort ?_: "number";
    }
    /// A row of a map.
    MapRow {
        /// The sources.
        from: "MapParty[]";
        /// The destinations.
        to: "MapParty[]";
        /// The destinations' ports.
        ports: "MapPort[]";
    }
    /// What is open to, or from, pods that the files do not hold.
    MapExposure {
        /// `ingress`: the pods can be reached; `egress`: they may reach out.
        direction: "\"ingress\" | \"egress\"";
        /// The pods of the cluster.
        pods: "MapParty[]";
        /// A label selector of the others' namespaces; null for any.
        namespaces: "string | null";
        /// A label selector of the others; null for any.
        labels: "string | null";
        /// The ports.
        ports: "MapPort[]";
    }
    /// A path of an Ingress and the pods behind it.
    MapEntryPoint {
        /// The Ingress.
        ingress: "ObjectName";
        /// The host; empty for any.
        host: "string";
        /// The path; empty for the default backend.
        path: "string";
        /// The Service.
        service: "ObjectName";
        /// The pods behind it, and the port of each.
        pods: "MapParty[]";
        /// Whether all of them take connections from outside the cluster.
        fromOutside: "boolean";
        /// Whether all of them take connections from pods of any namespace.
        fromAnyPod: "boolean";
    }
    /// The pods that no NetworkPolicy selects for a direction.
    MapGap {
        /// The direction.
        direction: "\"ingress\" | \"egress\"";
        /// The pods.
        pods: "MapParty[]";
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
        source ?_: "SourcePlace | null";
    }
}

questions! {
    /// What does this text say? Each document of the stream as Kubernetes' own reader makes it JSON, or why not.
    read {
        /// YAML or JSON, one document or many.
        text: "string";
    } => {
        /// The documents, in order. A refused one does not take the others with it.
        documents: "ReadDocument[]";
    }
    /// What would kube-apiserver do with this object?
    admit {
        /// What is asked of the server.
        operation: "\"CREATE\" | \"UPDATE\"";
        /// The object, as it is sent.
        object: "unknown";
        /// The object as it is stored, for an update.
        oldObject ?_: "unknown";
    } => {
        /// Whether it is stored.
        accepted: "boolean";
        /// The HTTP code: 201 for a create, 200 for an update, or the refusal's.
        code: "number";
        /// The `metav1.Status` of a refusal.
        status ?_: "Status";
        /// The object as it would be stored, defaulted and allocated.
        object ?_: "KubernetesObject";
        /// The texts of the `Warning` headers.
        warnings: "string[]";
        /// The object in the version that is served, where it was sent in one that no server has any more.
        converted ?_: "KubernetesObject";
    }
    /// What would the controllers publish for a Service?
    endpoints {
        /// The Service.
        service: "ObjectName";
    } => {
        /// Every slice that belongs to the Service.
        endpointSlices: "EndpointSlice[]";
        /// Its Endpoints, where there are any.
        endpoints: "Endpoints | null";
    }
    /// Where would kube-proxy on this node send this packet?
    backends {
        /// The node.
        node ?_: "string";
        /// Where the packet goes.
        to: "{ ip: string; port: number; protocol?: string } | { nodePort: number; protocol?: string; ipFamily?: \"IPv4\" | \"IPv6\" }";
        /// Where it comes from; a pod of the cluster for a cluster IP, outside for any other address, unless given.
        from ?_: "IPAddressOf | PodName";
        /// Picks endpoints too.
        choose ?_: "Choose";
    } => {
        /// What happens to the packet. `none`: no rule of kube-proxy's matches.
        verdict: "\"forward\" | \"reject\" | \"drop\" | \"none\"";
        /// The Service whose rule it is.
        service ?_: "ObjectName | null";
        /// The name of the Service's port.
        port ?_: "string | null";
        /// Every endpoint that may be chosen.
        to ?_: "BackendEndpoint[]";
        /// How long a client keeps its endpoint, in seconds.
        affinitySeconds ?_: "number | null";
        /// The endpoints picked, in order.
        chosen ?_: "BackendEndpoint[]";
    }
    /// What would the cluster's DNS answer?
    resolve {
        /// The name; for `PTR` an IP address will do.
        name: "string";
        /// The type of record.
        type ?_: "\"A\" | \"AAAA\" | \"SRV\" | \"CNAME\" | \"PTR\" | \"TXT\" | \"NS\"";
        /// The pod that asks: its search list and ndots apply.
        from ?_: "PodName";
        /// The files of the pod's node, where they are known.
        node ?_: "NodeFiles";
    } => {
        /// The response code. `REFUSED`: the name is outside of the cluster's domain.
        status: "\"NOERROR\" | \"NXDOMAIN\" | \"REFUSED\"";
        /// `name type data`, sorted.
        answers: "string[]";
        /// Why.
        because: "string";
        /// The names that were tried, in order.
        tried ?_: "string[]";
    }
    /// Which environment would the kubelet give a container for the Services around it?
    env {
        /// The pod.
        pod ?_: "ObjectName";
        /// Or the Services, in order.
        services ?_: "unknown[]";
        /// The pod's container; the first unless given.
        container ?_: "string";
    } => {
        /// The variables, in order.
        env: "{ name: string; value: string }[]";
        /// Of a pod: Services that are younger than it, so that its containers are not told of them.
        missed ?_: "{ service: ObjectName; because: string }[]";
        /// Of a pod: variables that several Services set.
        collisions ?_: "{ name: string; services: ObjectName[]; because: string }[]";
        /// Of a pod: variables whose values the objects do not tell.
        unknown ?_: "{ name: string; because: string }[]";
    }
    /// Which `/etc/hosts` and `/etc/resolv.conf` would the kubelet write?
    hosts {
        /// The pod.
        pod: "ObjectName";
        /// The files of the pod's node, where they are known.
        node ?_: "NodeFiles";
    } => {
        /// The text of `/etc/hosts`.
        hosts: "string";
        /// The text of `/etc/resolv.conf`.
        resolvConf: "string";
        /// What `hostname` says; absent where the pod cannot start for it.
        hostname ?_: "string";
        /// What the kubelet reports as events.
        warnings: "string[]";
    }
    /// Which Ingress rule would serve this request?
    route {
        /// The request's method; `GET` unless given.
        method ?_: "string";
        /// The whole URL.
        url: "string";
        /// Its headers.
        headers ?_: "Record<string, string>";
        /// The client's address.
        from ?_: "{ ip: string }";
        /// Only Ingresses of this class.
        ingressClass ?_: "string";
        /// Whose ways: `spec` (the API documentation) unless given.
        controller ?_: "\"spec\" | \"nginx\" | \"contour\" | (string & {})";
    } => {
        /// Whether a rule or a default backend serves it; false is the controller's own 404.
        matched: "boolean";
        /// The Ingress.
        ingress ?_: "ObjectName | null";
        /// The index of its rule; null for a default backend.
        rule ?_: "number | null";
        /// The index of the rule's path.
        path ?_: "number | null";
        /// The Service it goes to.
        service ?_: "RouteService | null";
        /// Or the resource it goes to.
        resource ?_: "TypedLocalObjectReference | null";
        /// The path that the backend sees, where it is another.
        rewrite ?_: "string | null";
        /// The redirect that is answered instead.
        redirect ?_: "{ code: number; location: string } | null";
        /// The certificate; null for plain HTTP.
        tls ?_: "{ secret: string; host: string } | null";
        /// What the proxy answers by itself instead.
        refusal ?_: "{ code: number; because: string }";
        /// Why, in one sentence.
        because ?_: "string";
        /// The host that decided, as its rules name it; `*` for the rules without host.
        host ?_: "string | null";
        /// The path as it was compared.
        comparedPath ?_: "string";
        /// Another backend that gets a part of the requests.
        canary ?_: "{ ingress: ObjectName; service: RouteService | null; weight: number; weightTotal: number }";
        /// The rules that nearly won, and why they lost.
        near ?_: "unknown[]";
        /// What the answer leaves open.
        notes ?_: "string[]";
    }
    /// Would this connection be let through?
    verdict {
        /// Who connects.
        from: "PodName | IPAddressOf";
        /// To whom.
        to: "PodName | IPAddressOf";
        /// The destination's own port, by number or by the name that the destination pod gives it.
        port: "number | string";
        /// `TCP` unless given.
        protocol ?_: "string";
    } => {
        /// Whether both sides let it through.
        allowed: "boolean";
        /// Whether the client's side does.
        egress: "boolean";
        /// Whether the server's side does.
        ingress: "boolean";
        /// Why.
        because: "VerdictReason[]";
        /// What the API leaves to the network plugin, and how it is taken here.
        notes ?_: "string[]";
    }
    /// What may reach what?
    map {
        /// `json` (unless given), or `text`, `csv`, `md`, `dot`, `mermaid`, `svg`: then the answer is `text`.
        format ?_: "string";
    } => {
        /// The connections: every one of `from` may reach every one of `to` on `ports`.
        rows ?_: "MapRow[]";
        /// What is open to, or from, pods that the files do not hold.
        exposed ?_: "MapExposure[]";
        /// Where Ingresses bring requests in.
        entries ?_: "MapEntryPoint[]";
        /// The pods that no NetworkPolicy selects, by direction.
        gaps ?_: "MapGap[]";
        /// The pods on their node's network, which are in no row.
        hostNetwork ?_: "PodName[]";
        /// The map in the format asked for.
        text ?_: "string";
    }
    /// What happens to a request, from end to end?
    trace {
        /// Who sends it.
        from: "\"outside\" | PodName | IPAddressOf";
        /// Where to.
        url: "string";
    } => {
        /// How it ends: `delivered`, `refused`, `dropped`, `unresolved`, `not-found`, `redirected`, `external`,
        /// `no-endpoint` or `unknown`.
        outcome: "string";
        /// The same in one plain sentence.
        sentence: "string";
        /// The steps on its way.
        hops: "Hop[]";
    }
    /// What is in the cluster?
    objects {
        /// Only objects of these kinds.
        kinds ?_: "string[]";
        /// Only objects of this namespace.
        namespace ?_: "string";
        /// Gives the objects themselves too.
        whole ?_: "boolean";
    } => {
        /// The objects, by kind, namespace and name.
        objects: "ListedObject[]";
    }
}

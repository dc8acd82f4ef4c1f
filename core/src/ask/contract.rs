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

// Behind `members!`, which it uses.
mod shapes;

pub use shapes::SHAPES;

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
        /// Every pod that the selector picks: whether it is published, and why.
        because: "PodReason[]";
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
        /// `--cluster-cidr` of kube-proxy.
        clusterCIDR ?_: "string";
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
        /// How many connections each endpoint has open then, by `ip:port`.
        connections ?_: "Record<string, number>";
        /// The node whose kube-proxy was asked.
        node: "string";
        /// Whether the endpoint sees the node's address in place of the client's.
        masquerade ?_: "boolean";
        /// The clients that a load balancer's address is open to, where it is not open to all.
        sourceRanges ?_: "string[]";
        /// What kube-proxy answers at a health check node port.
        healthCheck ?_: "{ service: ObjectName; code: number; localEndpoints: number }";
        /// The steps that led there.
        because: "Reason[]";
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
        /// Of a pod: variables that several Services set, that the container sets itself, or that its program may take for its own.
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
        near ?_: "NearMiss[]";
        /// The protocol that the backend is spoken to in.
        backendProtocol ?_: "string";
        /// The Service that serves where the backend has no endpoint.
        fallback ?_: "ObjectName";
        /// Annotations that are not considered.
        unconsideredAnnotations ?_: "string[]";
        /// Where the rule stands.
        source ?_: "Location";
        /// What the answer leaves open.
        notes ?_: "string[]";
    }
    /// Which rules are there, all in all? The table that `route` matches by.
    routes {
        /// Only Ingresses of this class.
        ingressClass ?_: "string";
        /// Whose ways: `spec` (the API documentation) unless given.
        controller ?_: "\"spec\" | \"nginx\" | \"contour\" | (string & {})";
    } => {
        /// Whose ways the table follows.
        controller: "string";
        /// The hosts: exact names, then wildcards, then the rules without host.
        hosts: "TableHost[]";
        /// What serves the requests that no rule takes.
        default: "TableRule | null";
        /// The certificates: host, Secret and the Ingress that says so.
        tls ?_: "{ host: string; secret: ObjectName; ingress: ObjectName }[]";
        /// The hosts that no certificate covers.
        uncovered ?_: "string[]";
        /// What the author should know.
        reports: "RouteReport[]";
    }
    /// Which requests are served differently by another controller, another class or other manifests?
    diff {
        /// How it is: the cluster as loaded in the ways of `spec` unless given.
        before ?_: "RouteSide";
        /// How it would be.
        after ?_: "RouteSide";
    } => {
        /// The classes of requests that change, each with an example.
        changes: "RouteChange[]";
        /// The hosts of which not every class was looked at: their expressions make too many.
        incomplete: "string[]";
        /// What the controllers do differently beside.
        notes: "string[]";
    }
    /// The table as a configuration of a real proxy.
    render {
        /// Which proxy.
        proxy: "\"envoy\" | \"nginx\" | \"haproxy\"";
        /// Whose ways: `spec` (the API documentation) unless given.
        controller ?_: "\"spec\" | \"nginx\" | \"contour\" | (string & {})";
        /// Only Ingresses of this class.
        ingressClass ?_: "string";
        /// Where the proxy listens; port 80 of every address unless given.
        listen ?_: "{ address?: string; port?: number }";
        /// Where it takes TLS, port 443 unless given, and the folder with a file `NAMESPACE-NAME.pem` for each Secret: certificate and key.
        tls ?_: "{ port?: number; certificates: string }";
        /// Which ports of Services are mapped to node ports: all, or these.
        nodePorts ?_: "boolean | { listen: number; service: string; namespace?: string; port: number }[]";
        /// The nodes' addresses, where they are not those of the cluster's nodes.
        nodes ?_: "string[]";
    } => {
        /// Which proxy.
        proxy ?_: "string";
        /// The configuration.
        text: "string";
        /// What the configuration does not say.
        notRendered ?_: "string[]";
        /// What the author should know.
        reports: "RouteReport[]";
    }
    /// Would this connection be let through?
    verdict {
        /// Who connects.
        from: "PodName | IPAddressOf";
        /// To whom.
        to: "PodName | IPAddressOf | { nodePort: number; ipFamily?: string }";
        /// The destination's port, by number or by the name that the destination pod gives it; not for a node port.
        port ?_: "number | string";
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
        /// The Service that the destination is an address of.
        service ?_: "ObjectName";
        /// Where there is a Service: each endpoint that may be chosen, with its own verdict.
        endpoints ?_: "unknown[]";
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
        exposed ?_: "Exposure[]";
        /// Where Ingresses bring requests in.
        entries ?_: "EntryPoint[]";
        /// The pods that no NetworkPolicy selects, by direction.
        gaps ?_: "MapGap[]";
        /// The pods on their node's network, which are in no row.
        hostNetwork ?_: "PodName[]";
        /// The map in the format asked for.
        text ?_: "string";
    }
    /// What would be let through differently if these objects were applied, and those removed?
    policyDiff {
        /// Objects to apply.
        apply ?_: "unknown[]";
        /// Objects to take out: `kind`, `namespace`, `name`.
        remove ?_: "unknown[]";
    } => {
        /// What only the changed cluster lets through.
        added: "MapRow[]";
        /// What only the cluster as loaded lets through.
        removed: "MapRow[]";
    }
    /// Which policies let exactly these connections through?
    suggest {
        /// Rows as `map` answers them; those of the cluster's map unless given.
        connections ?_: "unknown[]";
    } => {
        /// The policies.
        policies: "NetworkPolicy[]";
        /// Where they let more through, because labels cannot tell the pods apart.
        widened: "string[]";
    }
    /// What are the network policies as rules for the kernel?
    nftables {
    } => {
        /// A ruleset for `nft -f`.
        text: "string";
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

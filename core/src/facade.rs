//! The front door: texts of manifests in, a cluster that answers questions out.

use crate::ask::{self, AskError};
use crate::cluster::Options;
use crate::engine::Engine;
use crate::files::File;
use crate::finding::Finding;
use crate::load::{LoadMode, Loaded, load};

/// A cluster made from manifests, with a method for each kind of question.
///
/// Asking changes nothing, and tables are compiled when the first question needs them.
#[derive(Debug)]
pub struct Cluster {
    loaded: Loaded,
}

/// The methods, one for each kind of question: documentation, name, module, question, answer.
macro_rules! methods {
    ($( $(#[$doc:meta])* $method:ident, $module:ident, $question:ty => $answer:ty; )*) => {
        impl Cluster {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// The question cannot be understood, or is about an object that the cluster does not have.
                pub fn $method(&self, question: &$question) -> Result<$answer, AskError> {
                    ask::$module::$method(&self.loaded.engine, question)
                }
            )*
        }
    };
}

impl Cluster {
    /// Loads files, each a name and a text, as if every object was sent to kube-apiserver: defaulted, allocated, and left out
    /// where the server refuses it ([`Cluster::check`] says so).
    ///
    /// ```
    /// let cluster = portolan::Cluster::load([("a.yaml", "{apiVersion: v1, kind: Service, metadata: {name: web}}")]);
    /// assert_eq!(cluster.check()[0].code, "refused"); // it has no ports
    /// ```
    pub fn load<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Cluster::load_with(files, Options::default(), LoadMode::Admitted)
    }

    /// Loads files whose objects are stored already: an export of a live cluster. No object is refused.
    ///
    /// ```
    /// let text = "{apiVersion: v1, kind: Service, metadata: {name: web}}";
    /// assert!(portolan::Cluster::load_stored([("a.yaml", text)]).check().iter().all(|it| it.code != "refused"));
    /// ```
    pub fn load_stored<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        Cluster::load_with(files, Options::default(), LoadMode::Stored)
    }

    /// Loads files with settings of the cluster: its ranges of addresses and ports, its domain.
    pub fn load_with<'t>(
        files: impl IntoIterator<Item = (&'t str, &'t str)>,
        options: Options,
        mode: LoadMode,
    ) -> Self {
        let file = |(name, text): (&str, &str)| File { name: name.into(), text: text.into() };
        let files: Vec<File> = files.into_iter().map(file).collect();
        Cluster { loaded: load(&files, options, mode) }
    }

    /// Every problem of the files: unreadable texts, refused objects, and objects that will not work.
    pub fn check(&self) -> Vec<Finding> {
        self.loaded.check()
    }

    /// Answers a question that is JSON text, with JSON text.
    ///
    /// ```
    /// let cluster = portolan::Cluster::load([]);
    /// let answer = cluster.ask(r#"{"ask":"resolve","id":1,"name":"web.default.svc.cluster.local"}"#);
    /// assert!(answer.starts_with(r#"{"ask":"resolve","id":1,"status":"NXDOMAIN""#));
    /// ```
    pub fn ask(&self, question: &str) -> String {
        ask::answer_text(&self.loaded.engine, question)
    }

    /// What does this text say?
    ///
    /// ```
    /// use portolan::{Cluster, ask::read::ReadQuestion};
    ///
    /// let answer = Cluster::read(&ReadQuestion { text: "a: yes\n---\na: [" })?;
    /// assert!(answer.documents[0].value.is_some() && answer.documents[1].error.is_some());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    ///
    /// # Errors
    /// None.
    pub fn read(question: &ask::read::ReadQuestion<'_>) -> Result<ask::read::ReadAnswer, AskError> {
        ask::read::read(question)
    }

    /// What are the network policies as rules for the kernel?
    ///
    /// ```
    /// let answer = portolan::Cluster::load([]).nftables()?;
    /// assert!(answer.text.contains("table"));
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    ///
    /// # Errors
    /// None.
    pub fn nftables(&self) -> Result<ask::nftables::NftablesAnswer, AskError> {
        ask::nftables::nftables(&self.loaded.engine)
    }

    /// The engine behind it.
    #[doc(hidden)]
    pub fn engine(&self) -> &Engine {
        &self.loaded.engine
    }
}

methods! {
    /// What would kube-apiserver do with this object?
    ///
    /// ```
    /// use portolan::ask::admit::AdmitQuestion;
    /// use std::borrow::Cow;
    ///
    /// let object = portolan_base::json::read(r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"Shop"}}"#).unwrap();
    /// let question = AdmitQuestion { object: Cow::Owned(object), ..AdmitQuestion::default() };
    /// let answer = portolan::Cluster::load([]).admit(&question)?;
    /// assert_eq!((answer.accepted, answer.code), (false, 422)); // names have no capital letters
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    admit, admit, ask::admit::AdmitQuestion<'_> => ask::admit::AdmitAnswer;

    /// What would the controllers publish for a Service?
    ///
    /// ```
    /// use portolan::{Cluster, Reason, ask::{endpoints::EndpointsQuestion, part::ObjectName}};
    ///
    /// let text = "{apiVersion: v1, kind: Service, metadata: {name: orders}, spec: {ports: [{port: 80}]}}";
    /// let cluster = Cluster::load([("a.yaml", text)]);
    /// let ask = |name| cluster.endpoints(&EndpointsQuestion { service: ObjectName::new("default", name) });
    /// assert!(ask("orders")?.because.is_empty()); // it selects no pod
    /// let error = ask("order").unwrap_err();
    /// assert_eq!(error.reason(), Reason::NotFound);
    /// assert_eq!(error.message(), "no service `default/order`; did you mean `default/orders`?");
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    endpoints, endpoints, ask::endpoints::EndpointsQuestion<'_> => ask::endpoints::EndpointsAnswer;

    /// Where would kube-proxy on this node send this packet?
    ///
    /// ```
    /// use portolan::ask::backends::{AddressDestination, BackendsQuestion, PacketDestination};
    ///
    /// let to = AddressDestination { ip: [10, 0, 0, 9].into(), port: 80, protocol: None };
    /// let question = BackendsQuestion { to: PacketDestination::Address(to), ..BackendsQuestion::default() };
    /// assert!(portolan::Cluster::load([]).backends(&question)?.to.is_empty());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    backends, backends, ask::backends::BackendsQuestion<'_> => ask::backends::BackendsAnswer<'_>;

    /// What would the cluster's DNS answer?
    ///
    /// ```
    /// use portolan::{Cluster, ask::resolve::ResolveQuestion};
    ///
    /// let text = "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.0.0.9, ports: [{port: 80}]}}";
    /// let cluster = Cluster::load([("a.yaml", text)]);
    /// let question = ResolveQuestion { name: "web.default.svc.cluster.local", ..ResolveQuestion::default() };
    /// let answer = cluster.resolve(&question)?;
    /// assert_eq!(answer.answers[0].to_string(), "web.default.svc.cluster.local. A 10.0.0.9");
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    resolve, resolve, ask::resolve::ResolveQuestion<'_> => ask::resolve::ResolveAnswer;

    /// Which variables would the kubelet put into a container?
    ///
    /// ```
    /// use portolan::{Cluster, ask::{env::EnvQuestion, part::ObjectName}};
    ///
    /// let text = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: i}]}}";
    /// let cluster = Cluster::load_stored([("a.yaml", text)]);
    /// let pod = Some(ObjectName::new("default", "web"));
    /// assert!(cluster.env(&EnvQuestion { pod, ..EnvQuestion::default() })?.missed.is_some());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    env, env, ask::env::EnvQuestion<'_> => ask::env::EnvAnswer;

    /// Which `/etc/hosts` and `/etc/resolv.conf` would the kubelet write?
    ///
    /// ```
    /// use portolan::{Cluster, ask::{hosts::HostsQuestion, part::ObjectName}};
    ///
    /// let text = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: i}]}}";
    /// let cluster = Cluster::load_stored([("a.yaml", text)]);
    /// let answer = cluster.hosts(&HostsQuestion { pod: ObjectName::new("default", "web"), node: None })?;
    /// assert!(answer.resolv_conf.contains("search default.svc.cluster.local"));
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    hosts, hosts, ask::hosts::HostsQuestion<'_> => ask::hosts::HostsAnswer;

    /// Which Ingress rule would serve this request?
    ///
    /// ```
    /// use portolan::{Cluster, ask::route::RouteQuestion};
    ///
    /// let cluster = Cluster::load([]);
    /// let answer = cluster.route(&RouteQuestion { url: "http://a.example/", ..RouteQuestion::default() })?;
    /// assert!(!answer.matched);
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    route, route, ask::route::RouteQuestion<'_> => ask::route::RouteAnswer<'_>;

    /// Which rules are there, all in all?
    ///
    /// ```
    /// let cluster = portolan::Cluster::load([]);
    /// let answer = cluster.routes(&Default::default())?;
    /// assert!(answer.hosts.is_empty());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    routes, routes, ask::routes::RoutesQuestion<'_> => ask::routes::RoutesAnswer<'_>;

    /// Which requests are served differently by another controller, another class or other manifests?
    ///
    /// ```
    /// let answer = portolan::Cluster::load([]).diff(&Default::default())?;
    /// assert!(answer.changes.is_empty());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    diff, diff, ask::diff::DiffQuestion<'_> => ask::diff::DiffAnswer;

    /// The table of routes as a configuration of a real proxy.
    ///
    /// ```
    /// let cluster = portolan::Cluster::load([]);
    /// let answer = cluster.render(&Default::default())?;
    /// assert!(answer.text.contains("static_resources")); // of Envoy
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    render, render, ask::render::RenderQuestion<'_> => ask::render::RenderAnswer<'_>;

    /// Would this connection be let through?
    ///
    /// ```
    /// use portolan::ask::part::{Destination, End, Port};
    /// use portolan::{Cluster, ask::verdict::VerdictQuestion};
    ///
    /// let cluster = Cluster::load_stored([("a.yaml", "
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, namespace: shop}
    /// spec: {containers: [{name: c, image: i}]}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: nobody, namespace: shop}
    /// spec: {podSelector: {}, policyTypes: [Ingress]}
    /// ")]);
    /// let answer = cluster.verdict(&VerdictQuestion {
    ///     from: End::Address([192, 0, 2, 1].into()),
    ///     to: Destination::End(End::pod("shop", "web")),
    ///     port: Some(Port::Number(80)),
    ///     protocol: None,
    /// })?;
    /// assert!(answer.egress && !answer.ingress);
    /// assert_eq!(answer.because.last().unwrap().policy.as_ref().unwrap().name, "nobody");
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    verdict, verdict, ask::verdict::VerdictQuestion<'_> => ask::verdict::VerdictAnswer<'_>;

    /// What may reach what?
    ///
    /// ```
    /// let answer = portolan::Cluster::load([]).map(&Default::default())?;
    /// assert_eq!(answer.rows, Some(vec![]));
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    map, map, ask::map::MapQuestion => ask::map::MapAnswer;

    /// What would be let through differently if these objects were applied, and those removed?
    ///
    /// ```
    /// let answer = portolan::Cluster::load([]).policy_diff(&Default::default())?;
    /// assert!(answer.added.is_empty() && answer.removed.is_empty());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    policy_diff, policy_diff, ask::policy_diff::PolicyDiffQuestion<'_> => ask::policy_diff::PolicyDiffAnswer;

    /// Which policies let exactly these connections through?
    ///
    /// ```
    /// let answer = portolan::Cluster::load([]).suggest(&Default::default())?;
    /// assert!(answer.policies.is_empty());
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    suggest, suggest, ask::suggest::SuggestQuestion<'_> => ask::suggest::SuggestAnswer;

    /// What happens to a request, from end to end?
    ///
    /// ```
    /// use portolan::{Cluster, ask::trace::{Outcome, TraceQuestion}};
    ///
    /// let cluster = Cluster::load([]);
    /// let answer = cluster.trace(&TraceQuestion { url: "tcp://a.example:5432", ..TraceQuestion::default() })?;
    /// assert_eq!(answer.outcome, Outcome::Unknown); // no file says where the name leads
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    trace, trace, ask::trace::TraceQuestion<'_> => ask::trace::TraceAnswer<'_>;

    /// What is in the cluster?
    ///
    /// ```
    /// use portolan::{Cluster, ask::objects::ObjectsQuestion};
    ///
    /// let cluster = Cluster::load([("a.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")]);
    /// let answer = cluster.objects(&ObjectsQuestion::default())?;
    /// assert_eq!(answer.objects[0].name, "shop");
    /// # Ok::<(), portolan::AskError>(())
    /// ```
    objects, objects, ask::objects::ObjectsQuestion<'_> => ask::objects::ObjectsAnswer<'_>;
}

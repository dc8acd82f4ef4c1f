//! Policies whose rules cannot hold, and pods that none of them is for.

use super::report::Missed;
use super::{Report, rule, template_of};
use crate::api::network_policy::{NetworkPolicy, NetworkPolicyPeer};
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::policy::Direction;
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

rule! {
    /// Finds rules of a policy for a direction that its `policyTypes` leave out.
    ///
    /// The policy does not speak of that direction at all: its rules let nothing in or out, and isolate nobody.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes:
    ///     - Ingress
    ///   ingress: [{ports: [{port: 8080}]}]
    ///   egress:
    ///     - ports: [{port: 53, protocol: UDP}, {port: 53}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes:
    ///     - Ingress
    ///     - Egress
    ///   ingress: [{ports: [{port: 8080}]}]
    ///   egress:
    ///     - ports: [{port: 53, protocol: UDP}, {port: 53}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    WITHOUT_TYPE = "NET007", "rules-without-type", Warning, without_type
}

rule! {
    /// Finds pods behind a Service that no policy isolates, in a namespace where policies isolate others.
    ///
    /// They take connections from everybody, which there is mostly an oversight. Pods that no Service sends to are left alone.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   policyTypes:
    ///     - Ingress
    ///   ingress: [{ports: [{port: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   selector: {app: db}
    ///   ports: [{port: 5432}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: db, labels: {app: db}}
    /// spec:
    ///   containers: [{name: db, image: registry.example.com/db:1}]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes:
    ///     - Ingress
    ///   ingress: [{ports: [{port: 8080}, {port: 5432}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   selector: {app: db}
    ///   ports: [{port: 5432}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: db, labels: {app: db}}
    /// spec:
    ///   containers: [{name: db, image: registry.example.com/db:1}]
    /// ```
    NOT_ISOLATED = "NET008", "pod-not-isolated", Info, not_isolated
}

rule! {
    /// Finds an `ipBlock` that is the cluster IP of a Service.
    ///
    /// A policy sees a packet after kube-proxy has rewritten it: to the endpoint, so the address of the Service matches nothing.
    /// Select the pods behind the Service instead.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   clusterIP: 10.0.0.9
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - ipBlock: {cidr: 10.0.0.9/32}
    ///     - ports: [{port: 53, protocol: UDP}, {port: 53}]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   clusterIP: 10.0.0.9
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {}
    ///   policyTypes: [Egress]
    ///   egress:
    ///     - to:
    ///         - podSelector: {matchLabels: {app: web}}
    ///     - ports: [{port: 53, protocol: UDP}, {port: 53}]
    /// ```
    SERVICE_ADDRESS = "NET009", "service-address-in-policy", Warning, service_address
}

fn without_type(engine: &Engine, report: &mut Report<'_>) {
    for (key, policy) in engine.cluster().network_policies.iter() {
        let spec = &policy.spec;
        let Some(types) = &spec.policy_types else { continue };
        let written = [
            ("Ingress", "spec.ingress", spec.ingress.as_ref().is_some_and(|rules| !rules.is_empty())),
            ("Egress", "spec.egress", spec.egress.as_ref().is_some_and(|rules| !rules.is_empty())),
        ];
        for (name, field, _) in
            written.iter().filter(|(name, _, has_rules)| *has_rules && !types.iter().any(|it| it == name))
        {
            let message = format!("the rules hold for nothing: policyTypes leaves {name} out");
            let help = format!("add {name} to policyTypes, or take the rules out");
            report
                .at(Kind::NetworkPolicy, key, field, message, help)
                .and(Kind::NetworkPolicy, key, "spec.policyTypes", "the types")
                .mend(Kind::NetworkPolicy, key, &|edit| {
                    Some(vec![edit.append("spec.policyTypes", Scalar::Text(name))?])
                });
        }
    }
}

fn not_isolated(engine: &Engine, report: &mut Report<'_>) {
    let cluster = report.cluster;
    let isolates = |policy: &NetworkPolicy| policy.spec.policy_types.iter().flatten().any(|name| name == "Ingress");
    let policies = cluster.network_policies.iter().filter(|(_, policy)| isolates(policy));
    let guarded: BTreeSet<&str> = policies.map(|(key, _)| key.namespace.as_str()).collect();
    let policies = engine.policies();
    let mut told = BTreeSet::new();
    for (service, _) in cluster.services.iter().filter(|(key, _)| guarded.contains(key.namespace.as_str())) {
        for pod in engine.endpoints().pods(service).iter().filter(|pod| !pod.spec.host_network) {
            let number = policies.pod_named(&service.namespace, &pod.metadata.name);
            let class = number.and_then(|pod| policies.class(policies.entry(pod.0)?.class?));
            if class.is_none_or(|class| !class.policies(Direction::Ingress).is_empty()) {
                continue;
            }
            let key = ObjectKey::new(service.namespace.as_str(), pod.metadata.name.as_str());
            let Some((key, _)) = cluster.pods.entry(&key) else { continue };
            let (kind, object, template) = template_of(engine, key);
            if told.contains(&(object, kind)) || report.shared.may_be_elsewhere(cluster, (kind, object), Missed::Policy)
            {
                continue;
            }
            told.insert((object, kind));
            let message = format!("no policy isolates its pods, though namespace {} has policies", key.namespace);
            let help = "select them in a policy, or write one for all pods of the namespace";
            report.at(kind, object, &format!("{template}metadata.labels"), message, help).and(
                Kind::Service,
                service,
                "spec.selector",
                "the Service that sends to them",
            );
        }
    }
}

fn service_address(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let mut found = Vec::new();
    for (key, policy) in cluster.network_policies.iter() {
        for (at, rule) in policy.spec.egress.iter().flatten().enumerate() {
            let peers = rule.to.iter().flatten().enumerate();
            found.extend(peers.filter_map(|(peer, it)| Some((key, at, peer, single(it)?))));
        }
    }
    if found.is_empty() {
        return;
    }
    // Only addresses that somebody wrote: what is made up here means nothing elsewhere.
    let mut addresses: BTreeMap<IpAddr, &ObjectKey> = BTreeMap::new();
    for (key, service) in cluster.services.iter() {
        let source = cluster.source(Kind::Service, key);
        if source.is_some_and(|source| source.node.at("spec.clusterIP").is_some()) {
            addresses.extend(service.cluster_ips().filter_map(crate::ip::parse_sloppy).map(|address| (address, key)));
        }
    }
    for (key, at, peer, address) in found {
        let Some(service) = addresses.get(&address) else { continue };
        let message = format!("{address} is the address of Service {service}, and policies see its pods' addresses");
        let field = format!("spec.egress[{at}].to[{peer}].ipBlock.cidr");
        report.at(Kind::NetworkPolicy, key, &field, message, "select the pods of the Service").and(
            Kind::Service,
            service,
            "spec.clusterIP",
            "the Service",
        );
    }
}

/// The address of a block that holds one.
fn single(peer: &NetworkPolicyPeer) -> Option<IpAddr> {
    let block = crate::ip::parse_cidr_sloppy(&peer.ip_block.as_ref()?.cidr)?;
    (block.prefix_len() == block.max_prefix_len()).then(|| block.addr())
}

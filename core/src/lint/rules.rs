//! Every rule, by code: its file, its name, and how much its findings weigh. The page of a rule is beside its file.
//!
//! A new rule is two files and two lines here. A code is never given to another rule.

mod address_taken;
mod affinity_without_effect;
mod annotation_not_understood;
mod annotation_unknown;
mod annotation_without_effect;
mod backend_cut_off;
mod backend_without_endpoint;
mod backend_without_port;
mod backend_without_service;
mod class_undefined;
mod dns_cut_off;
mod endpoints_of_other_port;
mod endpoints_overwritten;
mod endpoints_without_service;
mod expression_in_plain_path;
mod external_name_is_address;
mod external_name_is_itself;
mod headless_port_differs;
mod host_network_without_cluster_dns;
mod hostname_without_record;
mod ingress_without_class;
mod mesh_port_name;
mod mesh_ports_conflict;
mod name_without_service;
mod no_local_endpoint;
mod node_port_out_of_range;
mod path_shadowed;
mod peer_matches_nothing;
mod pod_not_isolated;
mod policy_selects_nothing;
mod port_name_twice;
mod port_number_twice;
mod probe_port_missing;
mod rule_covered;
mod rules_without_type;
mod same_host_and_path;
mod sends_to_unready_pods;
mod sensitive_port_exposed;
mod service_address_in_policy;
mod service_port_in_policy;
mod service_selects_nothing;
mod service_variable_among_settings;
mod service_variables_collide;
mod services_overlap;
mod split_peer;
mod stateful_set_service;
mod target_port_missing;
mod target_port_sometimes_missing;
mod target_port_undeclared;
mod tls_host_without_certificate;
mod tls_of_other_host;
mod tls_secret_of_other_type;

use super::Rule;
use crate::finding::Severity;

/// Makes the list of rules, and the list of their pages in the same order.
macro_rules! rules {
    ($($code:literal $file:ident $name:literal $severity:ident,)*) => {
        /// Every rule, by code.
        pub const RULES: &[Rule] =
            &[$(Rule { code: $code, name: $name, severity: Severity::$severity, check: $file::check }),*];

        /// The page of each rule, Markdown. Apart from the rules, so that a program that shows no page carries none.
        pub(super) const PAGES: &[&str] = &[$(include_str!(concat!("rules/", stringify!($file), ".md"))),*];
    };
}

rules![
    "EPS001" endpoints_without_service "endpoints-without-service" Warning,
    "EPS002" endpoints_overwritten "endpoints-overwritten" Warning,
    "EPS003" endpoints_of_other_port "endpoints-of-other-port" Warning,
    "ENV001" service_variable_among_settings "service-variable-among-settings" Warning,
    "ENV002" service_variables_collide "service-variables-collide" Warning,
    "ING001" backend_without_service "backend-without-service" Warning,
    "ING002" backend_without_port "backend-without-port" Error,
    "ING003" backend_without_endpoint "backend-without-endpoint" Warning,
    "ING004" expression_in_plain_path "expression-in-plain-path" Warning,
    "ING005" same_host_and_path "same-host-and-path" Warning,
    "ING006" tls_secret_of_other_type "tls-secret-of-other-type" Warning,
    "ING007" path_shadowed "path-shadowed" Warning,
    "ING008" annotation_not_understood "annotation-not-understood" Warning,
    "ING009" backend_cut_off "backend-cut-off" Warning,
    "ING010" tls_of_other_host "tls-of-other-host" Warning,
    "ING011" annotation_unknown "annotation-unknown" Warning,
    "ING012" annotation_without_effect "annotation-without-effect" Warning,
    "ING013" class_undefined "class-undefined" Warning,
    "ING014" ingress_without_class "ingress-without-class" Info,
    "ING015" tls_host_without_certificate "tls-host-without-certificate" Warning,
    "SVC001" service_selects_nothing "service-selects-nothing" Warning,
    "SVC002" target_port_missing "target-port-missing" Error,
    "SVC003" target_port_sometimes_missing "target-port-sometimes-missing" Warning,
    "SVC004" external_name_is_address "external-name-is-address" Error,
    "SVC005" external_name_is_itself "external-name-is-itself" Error,
    "SVC006" no_local_endpoint "no-local-endpoint" Warning,
    "SVC007" target_port_undeclared "target-port-undeclared" Warning,
    "SVC008" services_overlap "services-overlap" Warning,
    "SVC009" node_port_out_of_range "node-port-out-of-range" Warning,
    "SVC010" address_taken "address-taken" Error,
    "SVC011" headless_port_differs "headless-port-differs" Warning,
    "SVC012" affinity_without_effect "affinity-without-effect" Warning,
    "SVC013" sends_to_unready_pods "sends-to-unready-pods" Info,
    "SVC014" mesh_port_name "mesh-port-name" Info,
    "SVC015" sensitive_port_exposed "sensitive-port-exposed" Info,
    "SVC016" mesh_ports_conflict "mesh-ports-conflict" Warning,
    "DNS001" stateful_set_service "stateful-set-service" Warning,
    "DNS002" hostname_without_record "hostname-without-record" Warning,
    "DNS003" host_network_without_cluster_dns "host-network-without-cluster-dns" Warning,
    "DNS004" name_without_service "name-without-service" Warning,
    "NET001" policy_selects_nothing "policy-selects-nothing" Warning,
    "NET002" peer_matches_nothing "peer-matches-nothing" Warning,
    "NET003" rule_covered "rule-covered" Info,
    "NET004" dns_cut_off "dns-cut-off" Warning,
    "NET005" service_port_in_policy "service-port-in-policy" Warning,
    "NET006" split_peer "split-peer" Warning,
    "NET007" rules_without_type "rules-without-type" Warning,
    "NET008" pod_not_isolated "pod-not-isolated" Info,
    "NET009" service_address_in_policy "service-address-in-policy" Warning,
    "POD001" port_name_twice "port-name-twice" Warning,
    "POD002" port_number_twice "port-number-twice" Warning,
    "POD003" probe_port_missing "probe-port-missing" Error,
];

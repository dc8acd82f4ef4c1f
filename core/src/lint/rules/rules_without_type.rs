//! NET007 `rules-without-type`: finds rules of a NetworkPolicy for a direction that its `policyTypes` do not contain.

use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
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
            let message = format!("the rules have no effect: policyTypes does not contain {name}");
            let help = format!("add {name} to policyTypes, or remove the rules");
            report
                .at(Kind::NetworkPolicy, key, field, message, help)
                .and(Kind::NetworkPolicy, key, "spec.policyTypes", "the types")
                .fix(Kind::NetworkPolicy, key, &|edit| {
                    Some(vec![edit.append("spec.policyTypes", Scalar::Text(name))?])
                });
        }
    }
}

//! NET002 `peer-matches-nothing`: finds a peer of a NetworkPolicy that matches no pod, although the files hold the
//! namespace that it selects in.

use crate::engine::Engine;
use crate::lint::policy_findings::matches_nothing;
use crate::lint::report::Reporter;
use crate::policy::findings::PolicyFlaw;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    matches_nothing(engine, PolicyFlaw::PeerMatchesNothing, report);
}

//! The pods that get variables of Services.

use crate::lint::context::{LintContext, PodTemplate};

/// The templates of pods that get variables of Services: those that do not set `enableServiceLinks: false`.
pub(super) fn with_service_links<'s, 'a>(context: &'s LintContext<'a>) -> impl Iterator<Item = &'s PodTemplate<'a>> {
    context.pod_templates().iter().filter(|template| template.pod.spec.enable_service_links != Some(false))
}

//! The annotations of ingress-nginx on an Ingress: their names without the prefix, their values, their fields.

use crate::api::ingress::Ingress;

/// What every annotation's name begins with.
pub(super) const PREFIX: &str = "nginx.ingress.kubernetes.io/";

pub(super) fn is_in(list: &str, name: &str) -> bool {
    list.split(' ').any(|known| known == name)
}

/// Every annotation of ingress-nginx, its name without what all begin with.
pub(super) fn annotations(ingress: &Ingress) -> impl Iterator<Item = (&str, &str)> {
    ingress.metadata.annotations.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value.trim())))
}

pub(super) fn field(name: &str) -> String {
    format!("metadata.annotations[{PREFIX}{name}]")
}

//! Who sends a request.

use super::questions::Party;
use crate::api::resource::ObjectKey;
use std::fmt;
use std::net::IpAddr;

/// A client of whom nothing is known (RFC 5737 sets the range aside for examples).
pub(super) const ANYBODY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

/// Who sends a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Someone outside the cluster, with an address where one is given.
    Outside(Option<IpAddr>),
    /// An ingress controller whose pods are not in the files.
    Controller,
    /// A pod.
    Pod {
        /// Its name.
        key: ObjectKey,
        /// The node it runs on; empty where no node is known.
        node: String,
        /// Whether it uses its node's network.
        host_network: bool,
        /// The address that others see in place of the pod's, where the network has replaced it.
        seen: Option<IpAddr>,
    },
}

impl Sender {
    /// The sender as questions name it.
    pub(super) fn party(&self) -> Option<Party> {
        match self {
            Sender::Outside(client) => Some(Party::Address(client.unwrap_or(ANYBODY))),
            Sender::Controller => None,
            Sender::Pod { seen: Some(ip), .. } => Some(Party::Address(*ip)),
            Sender::Pod { key, .. } => Some(Party::Pod(key.clone())),
        }
    }

    /// The pod whose egress policies apply: none once they have been asked, and none outside.
    pub(super) fn isolated(&self) -> Option<&ObjectKey> {
        match self {
            Sender::Pod { key, seen: None, .. } => Some(key),
            _ => None,
        }
    }

    /// The same sender, of whom others see that address.
    pub(super) fn as_seen(&self, party: &Party) -> Sender {
        let mut sender = self.clone();
        if let (Sender::Pod { seen, .. }, Party::Address(ip)) = (&mut sender, party) {
            *seen = Some(*ip);
        }
        sender
    }

    /// The address of a client outside, where it is known.
    pub(super) fn client(&self) -> Option<IpAddr> {
        match self {
            Sender::Outside(client) => *client,
            Sender::Controller => None,
            Sender::Pod { seen, .. } => *seen,
        }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sender::Controller => formatter.write_str("the ingress controller"),
            Sender::Outside(None) => formatter.write_str("a client outside"),
            Sender::Outside(Some(ip)) => write!(formatter, "the client {ip}"),
            Sender::Pod { key, .. } => write!(formatter, "{key}"),
        }
    }
}

//! What a name server answers.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The types of record that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Ports and the names behind them.
    Srv,
    /// The name that a name stands for.
    Cname,
    /// The name of an address.
    Ptr,
    /// Text.
    Txt,
    /// The zone's name servers.
    Ns,
}

impl RecordType {
    /// All of them with their names.
    pub const ALL: [(RecordType, &'static str); 7] = [
        (RecordType::A, "A"),
        (RecordType::Aaaa, "AAAA"),
        (RecordType::Srv, "SRV"),
        (RecordType::Cname, "CNAME"),
        (RecordType::Ptr, "PTR"),
        (RecordType::Txt, "TXT"),
        (RecordType::Ns, "NS"),
    ];

    /// The type of that name, whatever the letter case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(found, _)| found)
    }

    /// Its name: `A`, `AAAA`, …
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("A", |(_, name)| name)
    }
}

/// The response code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The name is there, though perhaps not with a record of that type.
    NoError,
    /// There is no such name.
    NxDomain,
    /// The name is in none of the cluster's zones: CoreDNS would ask another name server, where it has one.
    Refused,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 3] = [Status::NoError, Status::NxDomain, Status::Refused];

    /// Its name: `NOERROR`, `NXDOMAIN`, `REFUSED`.
    pub fn name(self) -> &'static str {
        match self {
            Status::NoError => "NOERROR",
            Status::NxDomain => "NXDOMAIN",
            Status::Refused => "REFUSED",
        }
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A service: weight (the priority is always 0), port, and the complete name of the host.
    Srv(u16, u16, String),
    /// The complete name that is meant.
    Cname(String),
    /// The complete name of the address.
    Ptr(String),
    /// A text.
    Txt(String),
    /// The complete name of a name server.
    Ns(String),
}

/// A record: the complete name, and what it says. Written as `name type data`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// The name, as it was asked for.
    pub name: String,
    /// What it says.
    pub data: Data,
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.data {
            Data::A(ip) => write!(formatter, "{name} A {ip}"),
            Data::Aaaa(ip) => write!(formatter, "{name} AAAA {ip}"),
            Data::Srv(weight, port, target) => write!(formatter, "{name} SRV 0 {weight} {port} {target}"),
            Data::Cname(target) => write!(formatter, "{name} CNAME {target}"),
            Data::Ptr(target) => write!(formatter, "{name} PTR {target}"),
            Data::Txt(text) => write!(formatter, "{name} TXT \"{text}\""),
            Data::Ns(target) => write!(formatter, "{name} NS {target}"),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The response code.
    pub status: Status,
    /// The records, in the order of their texts.
    pub records: Vec<Record>,
    /// Why, in a sentence.
    pub because: String,
}

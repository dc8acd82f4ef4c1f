//! The cluster's DNS: name and type in, records out, as CoreDNS v1.14.7 answers with its `kubernetes` plugin over the
//! cluster's domain and the reverse zones, `pods verified`, and nothing behind it.
//!
//! What comes in is a [`Zone`], compiled from a cluster and what the controllers publish, and a question; what goes out is
//! an [`Answer`]: the response code, the records and why. [`search`] gives the names that a resolver tries for a name that
//! is not complete.
//!
//! ## What is answered
//!
//! | name (below `cluster.local.`) | answer |
//! |---|---|
//! | `SERVICE.NAMESPACE.svc` | A and AAAA: the cluster IPs; of a headless Service the addresses that are ready. SRV: every port |
//! | `_PORT._PROTOCOL.SERVICE.NAMESPACE.svc` | the same, for the ports of that name and protocol |
//! | `ENDPOINT.SERVICE.NAMESPACE.svc` | one endpoint, by its host name or by its address with `-`; of any Service |
//! | the name of an ExternalName Service | CNAME, followed as long as it stays within the zone |
//! | `10-244-0-7.NAMESPACE.pod` | A: where a pod of that namespace has that address |
//! | `dns-version` | TXT: the version of the schema |
//! | `NAMESPACE.svc`, `svc`, `pod` and the zone itself | nothing, but they are there (`NOERROR`) |
//! | addresses in the reverse zones | PTR: the Service of a cluster IP, or every endpoint name of a pod's address |
//!
//! A headless Service without a ready endpoint is not there at all (`NXDOMAIN`), as CoreDNS has it. Letter case counts for
//! nothing and comes back as it was sent.

pub mod name;
pub mod record;
pub mod search;
pub mod zone;

mod lookup;

pub use record::{Answer, Data, Record, RecordType, Status};
pub use zone::Zone;

//! One question: mirrors `plugin/kubernetes` (`handler.go`, `parse.go`, `kubernetes.go`, `reverse.go`, `ns.go`) and
//! `plugin/backend_lookup.go` of CoreDNS v1.14.7.

use super::name::{IN_ADDR, IP6, address_of, is_below, labels};
use super::record::{Answer, Data, Record, RecordType, Status};
use super::zone::{Address, Entry, Form, Port, Zone};
use crate::api::resource::ObjectKey;
use portolan_base::collections::BTreeSet;
use portolan_base::sort::SmallSort as _;
use std::borrow::Cow;
use std::net::IpAddr;

/// The longest chain of CNAMEs.
const MAX_CHAIN: usize = 10;

/// The version of the schema that `dns-version` tells.
const SCHEMA_VERSION: &str = "1.1.0";

/// Answers a question about a complete name.
pub(super) fn answer(zone: &Zone, name: &str, record_type: RecordType) -> Answer {
    let origins = [zone.domain.as_str(), IN_ADDR, IP6];
    let origin = origins.into_iter().filter(|origin| is_below(origin, name)).max_by_key(|origin| origin.len());
    let Some(origin) = origin else {
        let because = format!("{name} is not in the cluster's domain {}", zone.domain);
        return Answer { status: Status::Refused, records: Vec::new(), because };
    };
    // The origin as it was sent: its letter case comes back in the answer.
    let sent = name.get(name.len() - origin.len()..).unwrap_or(origin);
    let mut query = Query { zone, origin: sent, because: String::new() };
    match query.records(name, record_type) {
        Ok(mut records) => {
            records.small_sort_by_cached_key(Record::to_string);
            if records.is_empty() && query.because.is_empty() {
                query.because = format!("{name} is there, without a record of type {}", record_type.name());
            }
            Answer { status: Status::NoError, records, because: query.because }
        }
        Err(NoSuchName) => Answer { status: Status::NxDomain, records: Vec::new(), because: query.because },
    }
}

/// The name is not there; the query says why.
struct NoSuchName;

type Found<'z> = Result<Vec<Hit<'z>>, NoSuchName>;

/// What stands behind a name: an address or another name, a port, and the name that the record has of its own.
struct Hit<'z> {
    address: Cow<'z, str>,
    ip: Option<IpAddr>,
    port: i32,
    /// Labels below the origin: `10-244-0-7.web.default.svc`.
    own: String,
}

struct Query<'z, 'q> {
    zone: &'z Zone,
    origin: &'q str,
    because: String,
}

/// The parts of a name (`recordRequest`).
#[derive(Default)]
struct Request<'n> {
    port: &'n str,
    protocol: &'n str,
    endpoint: &'n str,
    service: &'n str,
    namespace: &'n str,
    /// `svc` or `pod`; empty for the zone itself.
    branch: &'n str,
}

impl<'z> Query<'z, '_> {
    fn records(&mut self, name: &str, record_type: RecordType) -> Result<Vec<Record>, NoSuchName> {
        let record = |data| Record { name: name.to_owned(), data };
        match record_type {
            RecordType::A | RecordType::Aaaa => self.addresses(name, record_type, &[]),
            RecordType::Txt => self.text(name),
            RecordType::Cname => {
                let first = self.found(name)?.into_iter().next().filter(|hit| hit.ip.is_none());
                Ok(first.into_iter().map(|hit| record(Data::Cname(complete(&hit.address)))).collect())
            }
            RecordType::Ptr => self.pointers(name),
            RecordType::Srv => self.services(name),
            RecordType::Ns => self.name_servers(name),
        }
    }

    /// `plugin.A` and `plugin.AAAA`. `chain` are the CNAME targets so far.
    fn addresses(&mut self, name: &str, record_type: RecordType, chain: &[String]) -> Result<Vec<Record>, NoSuchName> {
        let mut records = Vec::new();
        let mut seen = BTreeSet::new();
        for hit in self.found(name)? {
            let data = match hit.ip {
                Some(IpAddr::V4(ip)) if record_type == RecordType::A => Data::A(ip),
                Some(IpAddr::V6(ip)) if record_type == RecordType::Aaaa => Data::Aaaa(ip),
                Some(_) => continue,
                None => {
                    records.extend(self.follow(name, record_type, &complete(&hit.address), chain));
                    continue;
                }
            };
            if seen.insert(hit.address) {
                records.push(Record { name: name.to_owned(), data });
            }
        }
        Ok(records)
    }

    /// A CNAME and, where its target is in the zone, what that has. One that leads nowhere is left out; one that leads out
    /// of the zone stands alone.
    fn follow(&mut self, name: &str, record_type: RecordType, target: &str, chain: &[String]) -> Vec<Record> {
        if is_below(name, target) || chain.len() > MAX_CHAIN || chain.iter().any(|before| before == target) {
            self.because = format!("the CNAME from {name} to {target} leads in a circle");
            return Vec::new();
        }
        let cname = Record { name: name.to_owned(), data: Data::Cname(target.to_owned()) };
        if !is_below(self.origin, target) {
            self.because = format!("{name} stands for {target}, which is outside of the cluster");
            return vec![cname];
        }
        let mut chain = chain.to_vec();
        chain.push(target.to_owned());
        match self.addresses(target, record_type, &chain) {
            Ok(found) if !found.is_empty() => std::iter::once(cname).chain(found).collect(),
            _ => {
                self.because = format!("{name} stands for {target}, and there is no such record: {}", self.because);
                Vec::new()
            }
        }
    }

    /// `plugin.SRV`.
    fn services(&mut self, name: &str) -> Result<Vec<Record>, NoSuchName> {
        let lower = name.to_ascii_lowercase();
        // The name servers' own name has addresses alone.
        let mut hits = if self.is_of_name_servers(&lower) { Vec::new() } else { self.kubernetes(&lower)? };
        hits.retain(|hit| hit.ip.is_some());
        // Every hit counts for the weight, also one without a port.
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "1 to 100"
        )]
        let weight = (100.0 / (hits.len() as f64 * 100.0) * 100.0).floor().max(1.0) as u16;
        let mut seen = BTreeSet::new();
        let mut records = Vec::new();
        for hit in hits.iter().filter(|hit| hit.port != -1) {
            let target = format!("{}.{}", hit.own, self.origin);
            let port = u16::try_from(hit.port).unwrap_or(0);
            if seen.insert((target.clone(), port)) {
                records.push(Record { name: name.to_owned(), data: Data::Srv(weight, port, target) });
            }
        }
        Ok(records)
    }

    /// `plugin.TXT`: there is one text; of every other name it is only told whether it is there.
    fn text(&mut self, name: &str) -> Result<Vec<Record>, NoSuchName> {
        let lower = name.to_ascii_lowercase();
        if self.below_origin(&lower) == ["dns-version"] {
            self.because = "the version of the schema of Kubernetes' DNS".to_owned();
            return Ok(vec![Record { name: name.to_owned(), data: Data::Txt(SCHEMA_VERSION.to_owned()) }]);
        }
        match self.kubernetes(&lower) {
            Ok(hits) if !hits.is_empty() => Ok(Vec::new()),
            _ => Err(NoSuchName),
        }
    }

    /// `plugin.PTR` over `Reverse` and `serviceRecordForIP`.
    fn pointers(&mut self, name: &str) -> Result<Vec<Record>, NoSuchName> {
        let lower = name.to_ascii_lowercase();
        let Some(ip) = address_of(&lower).map(|ip| ip.to_string()) else {
            return self.kubernetes(&lower).map(|_| Vec::new());
        };
        let domain = &self.zone.domain;
        let record = |target: String| Record { name: name.to_owned(), data: Data::Ptr(target) };
        if let Some(key) = self.zone.by_cluster_ip.get(&ip).and_then(|keys| keys.first()) {
            self.because = format!("{ip} is a cluster IP of Service {key}");
            return Ok(vec![record(format!("{}.{}.svc.{domain}", key.name, key.namespace))]);
        }
        let mut targets = BTreeSet::new();
        for key in self.zone.by_endpoint.get(&ip).into_iter().flatten() {
            let slices = self.zone.services.get(&**key).into_iter().flat_map(|entry| &entry.slices);
            for address in slices.flat_map(|slice| &slice.addresses).filter(|address| address.text == ip) {
                targets.insert(format!("{}.{}.{}.svc.{domain}", address.hostname, key.name, key.namespace));
            }
        }
        if targets.is_empty() {
            self.because = format!("{ip} is no cluster IP and no ready endpoint of a Service");
            return Err(NoSuchName);
        }
        self.because = format!("{ip} is a ready endpoint");
        Ok(targets.into_iter().map(record).collect())
    }

    /// `plugin.NS`: the zone's own name servers.
    fn name_servers(&mut self, name: &str) -> Result<Vec<Record>, NoSuchName> {
        if !name.eq_ignore_ascii_case(self.origin) {
            return self.addresses(name, RecordType::A, &[]).map(|_| Vec::new());
        }
        let names: BTreeSet<String> = self.own_addresses().into_iter().map(|hit| hit.own).collect();
        let record = |own: String| Record { name: name.to_owned(), data: Data::Ns(format!("{own}.{}", self.origin)) };
        Ok(names.into_iter().map(record).collect())
    }

    /// The addresses of the cluster's name servers (`nsAddrs`): those of their Service.
    fn own_addresses(&self) -> Vec<Hit<'z>> {
        let zone = self.zone;
        let Some(key) = &zone.own else { return Vec::new() };
        let Some(entry) = zone.services.get(key) else { return Vec::new() };
        let own = format!("{}.{}.svc", key.name, key.namespace);
        match &entry.form {
            Form::ClusterIp(addresses) => addresses.iter().map(|address| hit(address, 0, own.clone())).collect(),
            Form::Headless => {
                let addresses = entry.slices.iter().flat_map(|slice| &slice.addresses);
                addresses.map(|address| hit(address, 0, format!("{}.{own}", address.hostname))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// `Services`: what stands behind a name, whatever the type asked for.
    fn found(&mut self, name: &str) -> Found<'z> {
        let lower = name.to_ascii_lowercase();
        if self.is_of_name_servers(&lower) {
            self.because = "the addresses of the cluster's name servers".to_owned();
            return Ok(self.own_addresses());
        }
        self.kubernetes(&lower)
    }

    /// `isDefaultNS`: the name in small letters below the origin as it was sent.
    fn is_of_name_servers(&self, lower: &str) -> bool {
        self.below_origin(lower) == ["ns", "dns"] && lower.ends_with(self.origin)
    }

    /// The labels before the origin.
    fn below_origin<'n>(&self, lower: &'n str) -> Vec<&'n str> {
        let mut all = labels(lower);
        all.truncate(all.len().saturating_sub(labels(self.origin).len()));
        all
    }

    /// `Records` over `parseRequest`.
    fn kubernetes(&mut self, lower: &str) -> Found<'z> {
        let parts = self.below_origin(lower);
        let Some(request) = Request::parse(&parts) else {
            self.because = "names of the cluster end in svc or pod, with no more than four labels before".to_owned();
            return Err(NoSuchName);
        };
        if request.branch.is_empty() {
            self.because = "the zone itself has no addresses".to_owned();
            return Ok(Vec::new());
        }
        if [IN_ADDR, IP6].iter().any(|origin| is_below(origin, lower)) {
            self.because = "there are no such names in the reverse zones".to_owned();
            return Err(NoSuchName);
        }
        if !self.zone.namespaces.contains(request.namespace) {
            self.because = if request.namespace.is_empty() {
                "the name lacks its namespace".to_owned()
            } else {
                format!("there is no namespace {}", request.namespace)
            };
            return Err(NoSuchName);
        }
        if request.service.is_empty() {
            self.because = format!("namespace {} is there, but has no addresses", request.namespace);
            return Ok(Vec::new());
        }
        if request.branch == "pod" { self.pod(&request) } else { self.service(&request) }
    }

    /// `findPods`, verified.
    fn pod(&mut self, request: &Request<'_>) -> Found<'z> {
        let dashed = request.service;
        let is_v4 = dashed.matches('-').count() == 3 && !dashed.contains("--");
        let ip = dashed.replace('-', if is_v4 { "." } else { ":" });
        let mut namespaces = self.zone.pods.get(&ip).into_iter().flatten();
        let Some(&(_, count)) = namespaces.find(|(known, _)| **known == *request.namespace) else {
            self.because = format!("no running pod of namespace {} has the address {ip}", request.namespace);
            return Err(NoSuchName);
        };
        self.because = format!("a pod of namespace {} has that address", request.namespace);
        let own = format!("{dashed}.{}.pod", request.namespace);
        let parsed = ip.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        // Each of the pods on one address counts: for the weight, the only thing that tells one hit from several.
        let hit = || Hit { address: Cow::Owned(ip.clone()), ip: parsed, port: 0, own: own.clone() };
        Ok(std::iter::repeat_with(hit).take(count).collect())
    }

    /// `findServices`.
    fn service(&mut self, request: &Request<'_>) -> Found<'z> {
        let key = ObjectKey::new(request.namespace, request.service);
        let entry = self.zone.services.get(&key).filter(|entry| entry.form != Form::Missing);
        let Some(entry) = entry else {
            self.because = format!("there is no Service {key}");
            return Err(NoSuchName);
        };
        let own = format!("{}.{}.svc", request.service, request.namespace);
        let asks_for_part = !(request.endpoint.is_empty() && request.port.is_empty() && request.protocol.is_empty());
        let hits = match &entry.form {
            Form::External(target) => {
                let is_name = target.parse::<IpAddr>().is_err();
                self.because = match (asks_for_part, is_name) {
                    (false, true) => format!("Service {key} stands for {target}"),
                    (false, false) => format!("Service {key} stands for an address, which CoreDNS passes over"),
                    (true, _) => format!("Service {key} is of type ExternalName and has nothing below its name"),
                };
                if asks_for_part || !is_name {
                    return Err(NoSuchName);
                }
                vec![Hit { address: Cow::Borrowed(target), ip: None, port: 0, own }]
            }
            Form::ClusterIp(addresses) if request.endpoint.is_empty() => {
                let ports: Vec<&Port> = entry.ports.iter().filter(|port| request.takes(port)).collect();
                self.because = match (ports.is_empty(), addresses.is_empty()) {
                    (true, _) => format!("Service {key} has no such port"),
                    (false, true) => format!("Service {key} has no cluster IP yet"),
                    (false, false) => format!("Service {key} has cluster IPs"),
                };
                if ports.is_empty() {
                    return Err(NoSuchName);
                }
                let of_port = |port: &Port| {
                    let number = port.number;
                    addresses.iter().map(|address| hit(address, number, own.clone())).collect::<Vec<_>>()
                };
                ports.into_iter().flat_map(of_port).collect()
            }
            _ => self.endpoints(&key, entry, request, &own)?,
        };
        Ok(hits)
    }

    /// The ready endpoints of a headless Service, or one endpoint of any.
    fn endpoints(&mut self, key: &ObjectKey, entry: &'z Entry, request: &Request<'_>, own: &str) -> Found<'z> {
        let mut hits = Vec::new();
        for slice in &entry.slices {
            for address in &slice.addresses {
                if !request.endpoint.is_empty() && !request.endpoint.eq_ignore_ascii_case(&address.hostname) {
                    continue;
                }
                for port in slice.ports.iter().filter(|port| request.takes(port)) {
                    let own = match address.hostname.as_str() {
                        "" => own.to_owned(),
                        hostname => format!("{hostname}.{own}"),
                    };
                    hits.push(hit(address, port.number, own));
                }
            }
        }
        let is_empty = entry.slices.iter().all(|slice| slice.addresses.is_empty());
        self.because = match (hits.is_empty(), is_empty) {
            (false, _) if request.endpoint.is_empty() => format!("Service {key} is headless: its ready endpoints"),
            (false, _) => format!("an endpoint of Service {key}"),
            (true, true) => format!("Service {key} has no ready endpoint"),
            (true, false) => format!("Service {key} has no such endpoint or port"),
        };
        if hits.is_empty() { Err(NoSuchName) } else { Ok(hits) }
    }
}

impl<'n> Request<'n> {
    /// Takes the labels before the origin apart; `None` where they cannot be a name of the cluster.
    fn parse(labels: &[&'n str]) -> Option<Self> {
        let mut request = Request::default();
        let (branch, rest) = match labels {
            [] | ["svc" | "pod"] => return Some(request),
            [rest @ .., branch @ ("svc" | "pod")] => (branch, rest),
            _ => return None,
        };
        request.branch = branch;
        let Some((namespace, rest)) = rest.split_last() else { return Some(request) };
        request.namespace = namespace;
        let Some((service, rest)) = rest.split_last() else { return Some(request) };
        request.service = service;
        match rest {
            [] => {}
            [endpoint] => request.endpoint = endpoint,
            [port, protocol] => {
                request.port = port.strip_prefix('_').unwrap_or(port);
                request.protocol = protocol.strip_prefix('_').unwrap_or(protocol);
            }
            _ => return None,
        }
        Some(request)
    }

    /// `matchPortAndProtocol`: what is not asked for counts as right.
    fn takes(&self, port: &Port) -> bool {
        (self.port.is_empty() || self.port.eq_ignore_ascii_case(&port.name))
            && (self.protocol.is_empty() || self.protocol.eq_ignore_ascii_case(&port.protocol))
    }
}

fn hit(address: &Address, port: i32, own: String) -> Hit<'_> {
    Hit { address: Cow::Borrowed(&address.text), ip: address.ip, port, own }
}

fn complete(name: &str) -> String {
    if name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

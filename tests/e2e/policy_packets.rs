//! Real packets: pods are network namespaces behind a router that loads the rules which `nftables` answers, and the connections that
//! succeed are the ones that the verdicts allow. Needs `PORTOLAN_SLOW=1`, root, `ip` and `nft`.

use portolan_tests::generate::{Odd, odd};
use portolan_tests::{answer, engine, is_slow};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::IpAddr;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The network namespaces of one test, taken down again whatever happens.
struct Network {
    prefix: String,
    names: Vec<String>,
    servers: Vec<Child>,
}

impl Drop for Network {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "del", name]).output();
        }
    }
}

fn run(command: &str) -> Output {
    let words: Vec<&str> = command.split_whitespace().collect();
    Command::new(words[0]).args(&words[1..]).output().unwrap_or_else(|error| panic!("{command}: {error}"))
}

#[track_caller]
fn must(command: &str) {
    let output = run(command);
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Network {
    /// A router and a namespace for each address, each on a link of its own.
    fn new(addresses: &[IpAddr]) -> Self {
        let prefix = format!("pol{}", std::process::id());
        let mut network = Network { prefix, names: Vec::new(), servers: Vec::new() };
        let router = network.add("r");
        must(&format!("ip netns exec {router} sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0"));
        for (number, address) in addresses.iter().enumerate() {
            let name = network.add(&number.to_string());
            must(&format!("ip -n {router} link add v{number} type veth peer name eth0 netns {name}"));
            for command in [
                format!("ip -n {router} addr add 169.254.7.1/32 dev v{number}"),
                format!("ip -n {router} link set v{number} up"),
                format!("ip -n {router} route add {address}/32 dev v{number}"),
                format!("ip -n {name} addr add {address}/32 dev eth0"),
                format!("ip -n {name} link set eth0 up"),
                format!("ip -n {name} link set lo up"),
                format!("ip -n {name} route add 169.254.7.1/32 dev eth0"),
                format!("ip -n {name} route add default via 169.254.7.1 dev eth0"),
            ] {
                must(&command);
            }
        }
        network
    }

    fn add(&mut self, suffix: &str) -> String {
        let name = format!("{}{suffix}", self.prefix);
        must(&format!("ip netns add {name}"));
        self.names.push(name.clone());
        name
    }

    fn name(&self, suffix: impl std::fmt::Display) -> String {
        format!("{}{suffix}", self.prefix)
    }

    fn load(&self, rules: &str) {
        let mut nft = Command::new("ip")
            .args(["netns", "exec", &self.name("r"), "nft", "-f", "-"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        nft.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
        let output = nft.wait_with_output().unwrap();
        assert!(output.status.success(), "{}\n{rules}", String::from_utf8_lossy(&output.stderr));
    }

    /// Listens on the ports, TCP, until the test ends.
    fn serve(&mut self, number: usize, ports: &[u16]) {
        let script = format!(
            "import socket,select\nss=[]\nfor p in {ports:?}:\n s=socket.socket(); s.setsockopt(1,2,1); s.bind(('',p)); s.listen(64); ss.append(s)\n\
            print('up',flush=True)\nwhile True:\n for s in select.select(ss,[],[])[0]: s.accept()[0].close()"
        );
        let mut server = Command::new("ip")
            .args(["netns", "exec", &self.name(number), "python3", "-c", &script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut up = [0_u8; 3];
        std::io::Read::read_exact(server.stdout.as_mut().unwrap(), &mut up).unwrap();
        self.servers.push(server);
    }

    /// Tries every connection from one namespace at once; tells which were made.
    fn connect(&self, from: usize, to: &[(IpAddr, u16)]) -> Vec<bool> {
        let targets: Vec<String> = to.iter().map(|(address, port)| format!("('{address}',{port})")).collect();
        let script = format!(
            "import socket,threading\nts=[{}]\nr=[0]*len(ts)\ndef go(i):\n s=socket.socket(); s.settimeout(0.7)\n \
            r[i]=int(s.connect_ex(ts[i])==0); s.close()\nhs=[threading.Thread(target=go,args=(i,)) for i in range(len(ts))]\n\
            [h.start() for h in hs]; [h.join() for h in hs]\nprint(''.join(map(str,r)))",
            targets.join(",")
        );
        let output =
            Command::new("ip").args(["netns", "exec", &self.name(from), "python3", "-c", &script]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.trim().len(), to.len(), "{}", String::from_utf8_lossy(&output.stderr));
        text.trim().bytes().map(|made| made == b'1').collect()
    }
}

#[test]
fn real_packets_go_where_the_verdicts_say() {
    let root = run("id -u").stdout == b"0\n";
    if !is_slow() || !root {
        println!("real packets were not sent: it takes PORTOLAN_SLOW=1 and root");
        return;
    }
    let (mut made, mut stopped) = (0, 0);
    for seed in [2, 5, 11, 23, 42, 77] {
        let Odd { objects, .. } = odd(seed);
        let pods: Vec<&Value> = objects
            .iter()
            .filter(|object| object["kind"] == "Pod" && object["spec"]["hostNetwork"] != true)
            .filter(|pod| pod["status"]["podIPs"].as_array().is_some_and(|ips| ips.len() == 1))
            .filter(|pod| pod["status"]["podIP"].as_str().is_some_and(|ip| ip.contains('.')))
            .take(6)
            .collect();
        let mut addresses: Vec<IpAddr> =
            pods.iter().map(|pod| pod["status"]["podIP"].as_str().unwrap().parse().unwrap()).collect();
        // Two hosts outside the cluster.
        addresses.extend(["192.0.2.1".parse::<IpAddr>().unwrap(), "8.8.8.8".parse::<IpAddr>().unwrap()]);
        let engine = engine(&objects);
        let mut network = Network::new(&addresses);
        let ports = [53_u16, 79, 80, 443, 8080];
        for number in 0..addresses.len() {
            network.serve(number, &ports);
        }
        let before = network.connect(0, &[(addresses[1], 80)]);
        assert_eq!(before, [true], "the network works before the rules are loaded");
        network.load(answer(&engine, &json!({"ask": "nftables"}))["text"].as_str().unwrap());
        std::thread::sleep(Duration::from_millis(50));
        for (from, source) in addresses.iter().enumerate() {
            let others = addresses.iter().filter(|address| *address != source);
            let targets: Vec<(IpAddr, u16)> =
                others.flat_map(|address| ports.iter().map(|port| (*address, *port))).collect();
            for ((address, port), was_made) in targets.iter().zip(network.connect(from, &targets)) {
                let question = json!({"ask": "verdict", "from": {"ip": source}, "to": {"ip": address}, "port": port});
                let given = answer(&engine, &question);
                assert_eq!(given["allowed"], was_made, "seed {seed}: {source} to {address} {port}: {given}");
                if was_made { made += 1 } else { stopped += 1 }
            }
        }
    }
    println!("{made} connections were made and {stopped} were stopped, as the verdicts say");
    assert!(made > 100 && stopped > 100);
}

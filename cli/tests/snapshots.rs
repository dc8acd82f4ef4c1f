//! The whole text of every command on the examples. `cargo insta review`, or `INSTA_UPDATE=always cargo test`, takes a change
//! over into `cli/tests/snapshots`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::call;
use std::path::Path;

/// Name of the snapshot, and the words after `portolan`.
const COMMANDS: &[(&str, &str)] = &[
    ("help", "--help"),
    ("help_check", "check --help"),
    ("help_trace", "trace --help"),
    ("help_route", "route --help"),
    ("help_diff", "diff --help"),
    ("help_render", "render --help"),
    ("help_ask", "ask --help"),
    ("check_shop", "check examples/shop"),
    ("check_ingress_v1beta1", "check examples/ingress-v1beta1"),
    ("check_hello_world", "check examples/hello-world"),
    ("trace_shop", "trace examples/shop https://shop.example.com/cart"),
    ("trace_denied", "trace examples/shop --from shop/frontend tcp://redis:6379"),
    ("route_shop", "route examples/shop https://shop.example.com/cart"),
    ("route_404", "route examples/shop https://other.example.com/"),
    ("routes_shop", "routes examples/shop"),
    ("routes_fanout_nginx", "routes examples/ingress-fanout --controller nginx"),
    ("diff_examples", "diff examples/ingress-fanout examples/ingress-virtual-hosts"),
    ("diff_same", "diff examples/shop examples/shop"),
    ("map_shop", "map examples/shop"),
    ("map_shop_csv", "map examples/shop -o csv"),
    ("verdict_allowed", "verdict examples/shop --from shop/cart --to shop/redis --port 6379"),
    ("verdict_denied", "verdict examples/shop --from shop/frontend --to shop/redis --port 6379 --protocol tcp"),
    ("resolve_shop", "resolve examples/shop cart.shop.svc.cluster.local"),
    ("resolve_from_pod", "resolve examples/shop redis --from shop/cart"),
    ("resolve_nxdomain", "resolve examples/shop no.shop.svc.cluster.local"),
    ("endpoints_shop", "endpoints examples/shop shop/cart"),
    ("backends_shop", "backends examples/shop --node node-a 10.0.221.218:80"),
    ("env_shop", "env examples/shop shop/cart"),
    ("hosts_shop", "hosts examples/shop shop/cart"),
    ("policy_suggest_shop", "policy suggest examples/shop"),
    ("render_nginx_fanout", "render nginx examples/ingress-fanout"),
    ("render_haproxy_fanout", "render haproxy examples/ingress-fanout"),
    ("render_nftables_shop", "render nftables examples/shop"),
    ("not_found", "endpoints examples/shop shop/cat"),
    ("unknown_controller", "routes examples/shop --controller traefik"),
    ("unknown_protocol", "verdict examples/shop --from shop/cart --to shop/redis --port 80 --protocol x"),
    ("no_last_word", "route examples/shop"),
    ("invalid_destination", "backends examples/shop --node n cart"),
];

#[test]
fn every_command_prints_what_it_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, command) in COMMANDS {
            // The help of the whole program differs with its features.
            if *name == "help" && !(cfg!(feature = "lsp") && cfg!(feature = "webhook")) {
                continue;
            }
            let words: Vec<&str> = command.split(' ').collect();
            let output = call(&root, &words, "");
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let status = output.status.code().unwrap_or(-1);
            insta::assert_snapshot!(
                *name,
                format!("$ portolan {command}\nstatus {status}\n{out}--- standard error\n{err}")
            );
        }
    });
}

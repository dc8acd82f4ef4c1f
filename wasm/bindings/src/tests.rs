//! Every recording through the bindings, inside the module, in Node and in a browser (`tests/run --real`). The answers must equal
//! those of the command line, byte for byte. `node-binding/tests/native.js` writes them into the folder that
//! `PORTOLAN_RECORDINGS` names when this is compiled, and describes the format.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use crate::Handle;
use flate2::read::GzDecoder;
use portolan_base::json;
use portolan_base::tree::Node;
use std::io::Read as _;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

macro_rules! recording {
    ($test:ident, $file:literal, at least $least:literal) => {
        #[wasm_bindgen_test]
        fn $test() {
            let asked = answers_are_native(include_bytes!(concat!(env!("PORTOLAN_RECORDINGS"), "/", $file, ".gz")));
            assert!(asked >= $least, "{asked} questions");
        }
    };
}

recording!(yaml, "yaml", at least 4000);
recording!(kubelet_env, "kubelet-env", at least 200);
recording!(kube_apiserver, "kube-apiserver", at least 8000);
recording!(kube_apiserver_services, "kube-apiserver-services", at least 3000);
recording!(kube_apiserver_corners, "kube-apiserver-corners", at least 4900);
recording!(service_plane, "cluster", at least 3000);
recording!(service_plane_code, "service-plane-code", at least 3000);
recording!(ingress, "ingress", at least 7000);
recording!(ingress_corners, "ingress-corners", at least 15000);
recording!(networkpolicy, "networkpolicy", at least 4000);
recording!(examples, "examples", at least 50);

/// Asks the questions of the file and returns their number.
fn answers_are_native(packed: &[u8]) -> usize {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).expect("a recording is text in gzip");
    let mut lines = text.lines();
    let mut asked = 0;
    while let Some(header) = lines.next() {
        let header = json::read(header).expect("a cluster is JSON");
        let handle = loaded(&header);
        for _ in 0..count(&header) {
            let (question, native) = (lines.next().expect("a question"), lines.next().expect("its answer"));
            let ours = handle.ask(question);
            // Texts of this length are not for a terminal: show where they part.
            if ours != native {
                let same = ours.bytes().zip(native.bytes()).take_while(|(ours, native)| ours == native).count();
                let near = |text: &str| text.chars().skip(same.saturating_sub(80)).take(240).collect::<String>();
                let asked: String = question.chars().take(500).collect();
                panic!("{asked}\nours   … {}\nnative … {}", near(&ours), near(native));
            }
            asked += 1;
        }
    }
    asked
}

fn loaded(header: &Node) -> Handle {
    let options = header.get("options").expect("a cluster has options").to_json().to_string();
    let mut handle = Handle::new(&options).unwrap_or_else(|refusal: JsValue| panic!("{refusal:?}"));
    for file in header.get("files").map(Node::items).unwrap_or_default() {
        let text = |name: &str| file.get(name).and_then(Node::as_str).expect("a file has a name and a text");
        handle.add(text("name"), text("text"));
    }
    handle.load();
    handle
}

fn count(header: &Node) -> usize {
    let count = header.get("count").expect("a cluster has a count of questions");
    count.to_json().to_string().parse().expect("a count is a number")
}

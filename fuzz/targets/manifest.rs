//! Every file is read or refused, every object in it is decoded, and every position of a problem is within the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan::api::resource::{Kind, read};
use portolan::manifest::objects;
use portolan_base::tree::Node;

fuzz_target!(|text: &str| {
    for node in objects(text).iter().flatten() {
        let word = |name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default();
        let Some(kind) = Kind::of(word("apiVersion"), word("kind")) else { continue };
        let (resource, problems) = read(kind, node);
        for problem in &problems {
            let place = node.place_of(&problem.field);
            assert!(place.start <= place.end && place.end as usize <= text.len() + 1, "{problem:?} at {place:?}");
        }
        // What was read is written, and what was written is read without a problem, as the same object.
        let written = resource.to_json().to_string();
        let again = portolan_base::json::read(&written).expect("what is written is JSON");
        if problems.is_empty() {
            let (again, problems) = read(kind, &again);
            assert!(problems.is_empty(), "{problems:?} in {written}");
            assert_eq!(again.to_json().to_string(), written);
        }
    }
});

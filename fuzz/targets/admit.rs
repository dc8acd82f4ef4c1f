//! Every request gets the API server's answer, and a stored object is accepted again, unchanged, as an update.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan::admission::{Operation, Request, admit};
use portolan::api::resource::ObjectKey;
use portolan::engine::Engine;
use portolan_base::json;
use std::cell::OnceCell;

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

fuzz_target!(|text: &str| {
    let Ok(question) = json::read(text) else { return };
    let Some(object) = question.get("object") else { return };
    ENGINE.with(|engine| {
        let cluster = engine.get_or_init(portolan_fuzz::engine).cluster();
        let old_object = question.get("oldObject");
        let operation = if old_object.is_some() { Operation::Update } else { Operation::Create };
        let Ok(answer) = admit(cluster, &Request { operation, object, old_object }) else { return };
        let Ok(stored) = answer.outcome else { return };
        let key: ObjectKey = stored.key();
        let stored = json::read(&stored.to_json().to_string()).expect("what is stored is JSON");
        let again = Request { operation: Operation::Update, object: &stored, old_object: Some(&stored) };
        let again = admit(cluster, &again).expect("what was known is known").outcome;
        let again = again.unwrap_or_else(|status| panic!("{key}: {}", status.message));
        assert_eq!(again.to_json().to_string(), stored.to_json().to_string());
    });
});

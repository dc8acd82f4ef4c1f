//! Every question gets an answer: one JSON object on one line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan::ask::answer_text;
use portolan::engine::Engine;
use portolan_base::json;
use std::cell::OnceCell;

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

fuzz_target!(|text: &str| {
    ENGINE.with(|engine| {
        let answer = answer_text(engine.get_or_init(portolan_fuzz::engine), text);
        assert!(!answer.contains('\n'));
        let answer = json::read(&answer).expect("an answer is JSON");
        assert!(answer.get("ask").is_some() || answer.get("error").is_some());
    });
});

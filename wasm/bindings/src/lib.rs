//! Portolan for JavaScript: clusters that stay in the module, strings across the boundary.
//!
//! Measured, a string in and a string out with the cluster kept here is quicker than building JavaScript objects member
//! by member, and smaller. The package `node-binding` gives it the shape that people use.

#![expect(missing_debug_implementations, reason = "what wasm-bindgen makes of the handle is not for printing")]

mod options;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use portolan::api::resource::Kind;
use portolan::ask;
use portolan::finding::Finding;
use portolan::load::File;
use portolan::session::Session;
use portolan_base::json::{Json, ToView as _, write_view};
use wasm_bindgen::prelude::*;

/// The version of the engine and the Kubernetes version it answers for.
#[wasm_bindgen]
pub fn version() -> String {
    format!("{} (Kubernetes {})", env!("CARGO_PKG_VERSION"), portolan::KUBERNETES_VERSION)
}

/// A cluster.
#[wasm_bindgen]
pub struct Handle {
    session: Session,
    waiting: Vec<File>,
}

#[wasm_bindgen]
impl Handle {
    /// A cluster without objects.
    ///
    /// # Errors
    /// An option that cannot be: the refusal as JSON text.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<Handle, JsValue> {
        let (options, taking) = options::read(options)?;
        Ok(Handle { session: Session::new(options, taking), waiting: Vec::new() })
    }

    /// Adds a file to be loaded.
    pub fn add(&mut self, file: &str, text: &str) {
        self.waiting.push(File { name: file.into(), text: text.into() });
    }

    /// Loads the files that were added. Gives what was found in them, as JSON.
    pub fn load(&mut self) -> String {
        let files = std::mem::take(&mut self.waiting);
        self.session.load(files);
        findings(self.session.findings().cloned().collect())
    }

    /// Takes in a file's text in place of what it said before. Gives what was found in it, as JSON.
    pub fn apply(&mut self, file: &str, text: &str) -> String {
        findings(self.session.write(File { name: file.into(), text: text.into() }).cloned().collect())
    }

    /// Takes out the object that `{"kind", "namespace", "name"}` names. Tells whether it was there.
    ///
    /// # Errors
    /// The reference names no kind that is known, or no name: the refusal as JSON text.
    pub fn remove(&mut self, reference: &str) -> Result<bool, JsValue> {
        let node = portolan_base::json::read(reference).map_err(|error| refusal("", &error.message))?;
        let text = |name: &str| node.get(name).and_then(portolan_base::tree::Node::as_str).unwrap_or_default();
        let kind = Kind::ALL.iter().find(|kind| kind.name() == text("kind"));
        let kind = *kind.ok_or_else(|| refusal("kind", &format!("`{}` is no kind that is known", text("kind"))))?;
        if text("name").is_empty() {
            return Err(refusal("name", "the reference has no name"));
        }
        Ok(self.session.remove(kind, &kind.key(text("namespace"), text("name"))))
    }

    /// Findings of the cluster as it stands, as JSON.
    pub fn check(&self) -> String {
        findings(self.session.check())
    }

    /// Answers a question given as JSON text, with JSON text.
    pub fn ask(&self, question: &str) -> String {
        ask::answer_text(self.session.engine(), question)
    }
}

fn findings(found: Vec<Finding>) -> String {
    let mut text = String::new();
    write_view(found.view(), &mut text);
    text
}

/// A refusal as the package reads it: `{"reason", "message", "field"}`.
fn refusal(field: &str, message: &str) -> JsValue {
    let json = Json::object().with("reason", "Invalid").with("message", message.to_owned());
    let json = if field.is_empty() { json } else { json.with("field", field.to_owned()) };
    JsValue::from_str(&json.to_string())
}

//! The glue to Envoy: proxy-wasm's contexts around a [`Filter`].

use crate::configuration;
use crate::filter::{Filter, Host, Next};
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use std::rc::Rc;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { filter: None }));
}}

struct Root {
    filter: Option<Rc<Filter>>,
}

fn log(level: LogLevel, line: &str) {
    // A line that cannot be logged is no reason to fail.
    let _ = hostcalls::log(level, line);
}

impl Context for Root {}

impl RootContext for Root {
    /// Refuses a bad configuration: Envoy then keeps the one it has, or does not start.
    fn on_configure(&mut self, _: usize) -> bool {
        let bytes = self.get_plugin_configuration().unwrap_or_default();
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                log(LogLevel::Critical, "portolan: the configuration is not UTF-8");
                return false;
            }
        };
        match configuration::read(&text) {
            Ok((filter, warnings)) => {
                for warning in warnings {
                    log(LogLevel::Warn, &format!("portolan: {warning}"));
                }
                self.filter = Some(Rc::new(filter));
                true
            }
            Err(wrong) => {
                for line in wrong {
                    log(LogLevel::Critical, &format!("portolan: {line}"));
                }
                false
            }
        }
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Exchange { filter: self.filter.clone()?, response_headers: Vec::new() }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One request and its response.
struct Exchange {
    filter: Rc<Filter>,
    response_headers: Vec<(&'static str, String)>,
}

impl Context for Exchange {}

impl HttpContext for Exchange {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let filter = Rc::clone(&self.filter);
        match filter.on_request_headers(&mut Envoy(self)) {
            Next::Continue(headers) => {
                self.response_headers = headers;
                Action::Continue
            }
            Next::Answered => Action::Pause,
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        for (name, value) in std::mem::take(&mut self.response_headers) {
            self.set_http_response_header(name, Some(&value));
        }
        Action::Continue
    }
}

struct Envoy<'e>(&'e Exchange);

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl Host for Envoy<'_> {
    fn request_headers(&self) -> Vec<(String, String)> {
        self.0.get_http_request_headers_bytes().into_iter().map(|(name, value)| (name, text(value))).collect()
    }

    fn set_request_header(&mut self, name: &str, value: Option<&str>) {
        self.0.set_http_request_header(name, value);
    }

    fn source_address(&self) -> Option<String> {
        self.0.get_property(vec!["source", "address"]).map(text)
    }

    fn respond(&mut self, code: u16, headers: &[(&str, &str)], body: &str) {
        self.0.send_http_response(u32::from(code), headers.to_vec(), Some(body.as_bytes()));
    }
}

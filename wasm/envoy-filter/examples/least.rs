//! The least that a routing filter must do: it reads the headers and names an endpoint, always the one in its configuration.
//! `tests/e2e/throughput` compares the real filter with it.

#[cfg(target_arch = "wasm32")]
mod least {
    use proxy_wasm::traits::{Context, HttpContext, RootContext};
    use proxy_wasm::types::{Action, ContextType};
    use std::rc::Rc;

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(Least("".into())));
    }}

    struct Least(Rc<str>);

    impl Context for Least {}

    impl HttpContext for Least {
        fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
            if !self.get_http_request_headers_bytes().is_empty() {
                self.set_http_request_header("x-envoy-original-dst-host", Some(&self.0));
            }
            Action::Continue
        }
    }

    impl RootContext for Least {
        fn on_configure(&mut self, _: usize) -> bool {
            let endpoint = self.get_plugin_configuration().and_then(|bytes| String::from_utf8(bytes).ok());
            self.0 = endpoint.unwrap_or_default().into();
            true
        }

        fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
            Some(Box::new(Least(Rc::clone(&self.0))))
        }

        fn get_type(&self) -> Option<ContextType> {
            Some(ContextType::HttpContext)
        }
    }
}

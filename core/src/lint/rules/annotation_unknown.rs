//! ING011 `annotation-unknown`: finds annotations with the prefix of ingress-nginx that the controller does not know.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::lint::nginx_annotations::{PREFIX, annotations, field, is_in};
use crate::lint::report::Reporter;
use crate::spelling::nearest;

/// Every annotation that ingress-nginx reads (`internal/ingress/annotations`, controller v1.14).
const KNOWN: &str = "affinity affinity-canary-behavior affinity-mode allowlist-source-range app-root auth-always-set-cookie auth- \
     cache-duration auth-cache-key auth-keepalive auth-keepalive-requests auth-keepalive-share-vars auth-keepalive- \
     timeout auth-method auth-proxy-set-headers auth-realm auth-request-redirect auth-response-headers auth-secret \
     auth-secret-type auth-signin auth-signin-redirect-param auth-snippet auth-tls-error-page auth-tls-match-cn \
     auth-tls-pass-certificate-to-upstream auth-tls-secret auth-tls-verify-client auth-tls-verify-depth auth-type \
     auth-url backend-protocol canary canary-by-cookie canary-by-header canary-by-header-pattern canary-by-header- \
     value canary-weight canary-weight-total client-body-buffer-size configuration-snippet connection-proxy-header \
     cors-allow-credentials cors-allow-headers cors-allow-methods cors-allow-origin cors-expose-headers cors-max- \
     age custom-headers custom-http-errors default-backend denylist-source-range disable-proxy-intercept-errors \
     enable-access-log enable-cors enable-global-auth enable-modsecurity enable-opentelemetry enable-owasp-core- \
     rules enable-rewrite-log fastcgi-index fastcgi-params-configmap force-ssl-redirect from-to-www-redirect \
     http2-push-preload limit-allowlist limit-burst-multiplier limit-connections limit-rate limit-rate-after limit- \
     rpm limit-rps limit-whitelist load-balance mirror-host mirror-request-body mirror-target modsecurity-snippet \
     modsecurity-transaction-id opentelemetry-operation-name opentelemetry-trust-incoming-span permanent-redirect \
     permanent-redirect-code preserve-trailing-slash proxy-body-size proxy-buffer-size proxy-buffering proxy- \
     buffers-number proxy-busy-buffers-size proxy-connect-timeout proxy-cookie-domain proxy-cookie-path proxy-http- \
     version proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout proxy-next-upstream-tries \
     proxy-read-timeout proxy-redirect-from proxy-redirect-to proxy-request-buffering proxy-send-timeout proxy-ssl- \
     ciphers proxy-ssl-name proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify proxy-ssl- \
     verify-depth relative-redirects rewrite-target satisfy server-alias server-snippet service-upstream session- \
     cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-domain session-cookie-expires \
     session-cookie-max-age session-cookie-name session-cookie-path session-cookie-samesite session-cookie-secure \
     ssl-ciphers ssl-passthrough ssl-prefer-server-ciphers ssl-redirect stream-snippet temporal-redirect temporal- \
     redirect-code upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size upstream-vhost use-port- \
     in-redirects use-regex whitelist-source-range x-forwarded-prefix";

/// Annotations that older versions read.
const GONE: &str = "add-base-url base-url-scheme enable-influxdb enable-opentracing global-rate-limit grpc-backend \
     influxdb-host influxdb-measurement influxdb-port influxdb-server-name global-rate-limit-ignored-cidrs \
     global-rate-limit-key global-rate-limit-window lua-resty-waf opentracing-operation-name \
     opentracing-trust-incoming-span secure-backends secure-verify-ca-secret session-cookie-hash upstream-fail-timeout \
     upstream-max-fails";

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        for (name, _) in annotations(ingress).filter(|(name, _)| !is_in(KNOWN, name)) {
            let meant = nearest(name, &mut KNOWN.split(' '));
            let (severity, help) = match meant {
                Some(meant) => (Severity::Warning, format!("write `{PREFIX}{meant}`")),
                None => (Severity::Info, "remove it, or check whether your version reads it".to_owned()),
            };
            let message = match (meant, is_in(GONE, name)) {
                (_, true) => format!("ingress-nginx no longer reads `{name}`"),
                _ => format!("unknown annotation `{name}` of ingress-nginx"),
            };
            report.at(Kind::Ingress, key, &field(name), message, help).weighing(severity).fix(
                Kind::Ingress,
                key,
                &|edit| {
                    let new = format!("{PREFIX}{}", meant?);
                    let is_there = ingress.metadata.annotations.contains_key(&new);
                    Some(vec![edit.rename(&field(name), &new).filter(|_| !is_there)?])
                },
            );
        }
    }
}

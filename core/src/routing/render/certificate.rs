//! The files with certificates that a configuration names.

use crate::api::resource::ObjectKey;
use crate::api::secret::Secret;
use portolan_base::base64;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;

/// The name of the file with the certificate of a Secret.
pub fn file_name(secret: &ObjectKey) -> String {
    // Neither a namespace nor, as a rule, a name has a slash; a file's name never has one.
    format!("{}-{}.pem", secret.namespace, secret.name).replace('/', "-")
}

/// What belongs into the file: `tls.crt`, then `tls.key`, which all proxies read from one file. None where the Secret does
/// not hold both.
pub fn pem(secret: &Secret) -> Option<String> {
    let part = |name: &str| {
        let text = |values: &BTreeMap<String, Json>| match values.get(name) {
            Some(Json::String(text)) => Some(text.to_string()),
            _ => None,
        };
        let decoded = || String::from_utf8(base64::decode(&text(&secret.data)?)?).ok();
        let mut part = text(&secret.string_data).or_else(decoded).filter(|part| !part.trim().is_empty())?;
        if !part.ends_with('\n') {
            part.push('\n');
        }
        Some(part)
    };
    Some(part("tls.crt")? + &part("tls.key")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_and_key_make_one_file() {
        let mut secret = Secret::default();
        assert_eq!(pem(&secret), None);
        secret.data.insert("tls.crt".to_owned(), Json::from("YQ=="));
        assert_eq!(pem(&secret), None);
        secret.string_data.insert("tls.key".to_owned(), Json::from("b\n"));
        assert_eq!(pem(&secret).as_deref(), Some("a\nb\n"));
        assert_eq!(file_name(&ObjectKey::new("shop", "web")), "shop-web.pem");
    }
}

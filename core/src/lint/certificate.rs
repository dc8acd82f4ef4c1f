//! The names that a certificate is for, read from the PEM of a Secret (RFC 7468, RFC 5280 §4.2.1.6).

use crate::api::secret::Secret;
use portolan_base::base64;
use portolan_base::json::Json;

/// The `dNSName`s of the first certificate in a Secret's `tls.crt`. None where there is no certificate that can be read: a
/// placeholder, or a Secret whose values are not known.
pub(super) fn names(secret: &Secret) -> Option<Vec<String>> {
    let text = |value: Option<&Json>| value.and_then(Json::as_str).map(str::to_owned);
    let decoded = || String::from_utf8(base64::decode(&text(secret.data.get("tls.crt"))?)?).ok();
    let pem = text(secret.string_data.get("tls.crt")).or_else(decoded)?;
    let body = pem.split_once("-----BEGIN CERTIFICATE-----")?.1.split_once("-----END CERTIFICATE-----")?.0;
    let body: String = body.chars().filter(|character| !character.is_whitespace()).collect();
    of_certificate(&base64::decode(&body)?)
}

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
/// `[3] EXPLICIT Extensions` of a `TBSCertificate`.
const EXTENSIONS: u8 = 0xa3;
/// `[2] dNSName` of a `GeneralName`.
const DNS_NAME: u8 = 0x82;
/// `id-ce-subjectAltName`, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// One element in DER: its tag, its content, and the bytes after it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, mut rest) = rest.split_first()?;
    let mut length = usize::from(*first);
    if let Some(count) = length.checked_sub(0x80) {
        let (octets, behind) = rest.split_at_checked(count).filter(|_| (1..=4).contains(&count))?;
        length = octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet));
        rest = behind;
    }
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The elements of a content, as far as they can be read.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(bytes)?;
        bytes = rest;
        Some((tag, content))
    })
}

/// The content of the first element of that tag.
fn first(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    elements(bytes).find(|(tag, _)| *tag == wanted).map(|(_, content)| content)
}

fn of_certificate(der: &[u8]) -> Option<Vec<String>> {
    let to_be_signed = first(first(der, SEQUENCE)?, SEQUENCE)?;
    let extensions = first(to_be_signed, EXTENSIONS).and_then(|all| first(all, SEQUENCE)).unwrap_or_default();
    let is_names = |extension: &(u8, &[u8])| first(extension.1, OBJECT_IDENTIFIER) == Some(SUBJECT_ALT_NAME);
    let Some((_, extension)) = elements(extensions).find(is_names) else { return Some(Vec::new()) };
    let names = first(first(extension, OCTET_STRING)?, SEQUENCE)?;
    let name = |(tag, content): (u8, &[u8])| (tag == DNS_NAME).then(|| String::from_utf8_lossy(content).into_owned());
    Some(elements(names).filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;
    use crate::load::{File, LoadMode, load};

    /// A certificate that `openssl req -x509` made for this test, in base64 as in a Secret. Its key was not kept.
    const CERTIFICATE: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJ3RENDQVdhZ0F3SUJBZ0lVZjRCby9yWTdadk1SSkJ2ME9IQVdvSGc1WWNBd0NnWUlLb1pJemowRUF3SXcKR3pFWk1CY0dBMVVFQXd3UWMyaHZjQzVsZUdGdGNHeGxMbU52YlRBZ0Z3MHlOakV4TWpFeE56QTFNRGxhR0E4eQpNVEkyTVRBeU9ERTNNRFV3T1Zvd0d6RVpNQmNHQTFVRUF3d1FjMmh2Y0M1bGVHRnRjR3hsTG1OdmJUQlpNQk1HCkJ5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFCQWJpMSs0TTFQQ08zMm4rTE5TaXNrY2tpaDlWZUlCME1MQmsKNGszSTZhd2JxZFNRalFtK3Q2VFkvbU1xeEhrdkJaTzBtcWdIN0REQnVEMUpaTXdVeTF5amdZVXdnWUl3SFFZRApWUjBPQkJZRUZQSktQUVIyZ3RNVTVKZ2JEUGtJRVgyR1dMZUpNQjhHQTFVZEl3UVlNQmFBRlBKS1BRUjJndE1VCjVKZ2JEUGtJRVgyR1dMZUpNQThHQTFVZEV3RUIvd1FGTUFNQkFmOHdMd1lEVlIwUkJDZ3dKb0lRYzJodmNDNWwKZUdGdGNHeGxMbU52YllJU0tpNXphRzl3TG1WNFlXMXdiR1V1WTI5dE1Bb0dDQ3FHU000OUJBTUNBMGdBTUVVQwpJUUNzK0JYb0Q0UENmUk94UjlpcDRKL1BhdHVBUkZjWUxsTURGd1dxb1RHTVpBSWdjTGpYbVRhYWxST0RERTM4CkwvUUk1dk1kc1FsMWxGZmJ5Z0ZiczFqeW05WT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";

    fn secret(value: &'static str) -> Secret {
        let mut secret = Secret::default();
        secret.data.insert("tls.crt".to_owned(), Json::from(value));
        secret
    }

    #[test]
    fn the_names_of_a_certificate_are_read() {
        assert_eq!(names(&secret(CERTIFICATE)).unwrap(), ["shop.example.com", "*.shop.example.com"]);
        let pem = String::from_utf8(base64::decode(CERTIFICATE).unwrap()).unwrap();
        let mut plain = Secret::default();
        plain.string_data.insert("tls.crt".to_owned(), Json::from(pem));
        assert_eq!(names(&plain), names(&secret(CERTIFICATE)));
    }

    #[test]
    fn what_is_no_certificate_has_no_names() {
        assert_eq!((names(&Secret::default()), names(&secret("YQ==")), names(&secret("?"))), (None, None, None));
        let pem = base64::decode(CERTIFICATE).unwrap();
        let body: Vec<u8> =
            pem.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-")).flatten().copied().collect();
        let der = base64::decode(&String::from_utf8(body).unwrap()).unwrap();
        // However it is cut or spoilt, nothing breaks.
        for at in 0..der.len() {
            drop(of_certificate(der.get(..at).unwrap()));
            let mut spoilt = der.clone();
            *spoilt.get_mut(at).unwrap() ^= 0xff;
            drop(of_certificate(&spoilt));
        }
    }

    /// The findings about an Ingress with a TLS entry and annotations, in a namespace with the Secret of the certificate.
    fn found(entry: &str, annotations: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{{annotations}}}}}\n\
             spec: {{tls: [{{{entry}}}], defaultBackend: {{service: {{name: a, port: {{number: 80}}}}}}}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{type: ExternalName, externalName: a.example.com, ports: [{{port: 80}}]}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: shop-tls}}\ntype: kubernetes.io/tls\ndata: {{tls.crt: {CERTIFICATE}, tls.key: YQ==}}\n"
        );
        let file = File { name: "a.yaml".into(), text: text.into() };
        let findings = load(&[file], Options::default(), LoadMode::Admitted).check();
        findings.into_iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect()
    }

    #[test]
    fn a_host_without_certificate_is_found() {
        let names = "shop.example.com, *.shop.example.com";
        let other = found("hosts: [pay.shop.example.com, pay.example.com], secretName: shop-tls", "");
        let message =
            format!("ING015 the certificate in Secret shop-tls does not cover pay.example.com; it covers: {names}");
        assert_eq!(other, [message]);
        let misspelt = found("hosts: [shop.example.com], secretName: shop-tsl", "");
        assert_eq!(misspelt, ["ING015 no Secret `default/shop-tsl`"]);
        let issued = found("hosts: [shop.example.com]", "cert-manager.io/cluster-issuer: main");
        let message =
            "ING015 no Secret is named for shop.example.com: cert-manager has no Secret to store the certificate in";
        assert_eq!(issued, [message]);
    }

    #[test]
    fn what_may_get_its_certificate_elsewhere_is_none() {
        for (entry, annotations) in [
            ("hosts: [shop.example.com], secretName: shop-tls", ""),
            ("hosts: [shop.example.com], secretName: other", ""),
            ("hosts: [shop.example.com], secretName: shop-tsl", "cert-manager.io/issuer: main"),
            ("hosts: [shop.example.com]", ""),
        ] {
            assert_eq!(found(entry, annotations), [""; 0], "{entry} {annotations}");
        }
    }
}

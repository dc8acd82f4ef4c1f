//! The server's certificate: read from files, and read again when they change.

use crate::metrics::Metrics;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The certificate that is shown to clients.
#[derive(Debug)]
pub(crate) struct Certificates {
    certificate_file: PathBuf,
    key_file: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

/// The contents of the two files.
type Contents = (Vec<u8>, Vec<u8>);

impl Certificates {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// A file cannot be read, is no PEM, or the key is not that of the certificate.
    pub(crate) fn load(certificate_file: &Path, key_file: &Path) -> anyhow::Result<Arc<Self>> {
        let (certificate_file, key_file) = (certificate_file.to_owned(), key_file.to_owned());
        let current = pair(&read(&certificate_file, &key_file)?)
            .with_context(|| format!("{} and {}", certificate_file.display(), key_file.display()))?;
        Ok(Arc::new(Certificates { certificate_file, key_file, current: RwLock::new(Arc::new(current)) }))
    }

    /// Looks at the files every so often. What fits together takes the place of what there was; a pair that does not (one
    /// file is written, the other not yet) is left alone and looked at again.
    pub(crate) async fn follow(self: Arc<Self>, every: Duration, metrics: Arc<Metrics>) {
        let mut seen: Option<Contents> = read(&self.certificate_file, &self.key_file).ok();
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let contents = match read(&self.certificate_file, &self.key_file) {
                Ok(contents) if seen.as_ref() == Some(&contents) => continue,
                Ok(contents) => contents,
                Err(error) => {
                    // Told once, until the files can be read again.
                    if seen.take().is_some() {
                        metrics.reloaded(false);
                        tracing::warn!("cannot read the certificate; the last one stays in use: {error:#}");
                    }
                    continue;
                }
            };
            match pair(&contents) {
                Ok(certificate) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
                    metrics.reloaded(true);
                    tracing::info!("certificate reloaded");
                }
                Err(error) => {
                    metrics.reloaded(false);
                    tracing::warn!("the new certificate is not valid; the last one stays in use: {error:#}");
                }
            }
            seen = Some(contents);
        }
    }

    /// How connections are encrypted: TLS 1.2 and 1.3, HTTP/1.1. The API server asks webhooks over HTTP/1.1 only. If there is
    /// a file of authorities, clients must show a certificate that one of them signed.
    ///
    /// # Errors
    /// The library was built without these versions; the file of authorities cannot be read or has no certificate.
    pub(crate) fn server_config(self: Arc<Self>, client_ca_file: Option<&Path>) -> anyhow::Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let builder = match client_ca_file {
            None => builder.with_no_client_auth(),
            Some(file) => builder.with_client_cert_verifier(
                client_verifier(file).with_context(|| format!("--client-ca-file {}", file.display()))?,
            ),
        };
        let mut config = builder.with_cert_resolver(self);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Accepts the certificates that the authorities in a file signed.
fn client_verifier(file: &Path) -> anyhow::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&std::fs::read(file)?) {
        roots.add(certificate.context("a certificate is not PEM")?)?;
    }
    anyhow::ensure!(!roots.is_empty(), "the file has no certificate");
    Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build()?)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn read(certificate_file: &Path, key_file: &Path) -> anyhow::Result<Contents> {
    let one = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
    Ok((one(certificate_file)?, one(key_file)?))
}

/// A certificate with its key.
fn pair((certificate, key): &Contents) -> anyhow::Result<CertifiedKey> {
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.context("the certificate is not PEM")?;
    anyhow::ensure!(!chain.is_empty(), "there is no certificate in the file");
    let key = PrivateKeyDer::from_pem_slice(key).context("there is no key in the file")?;
    CertifiedKey::from_der(chain, key, &provider()).context("the key does not belong to the certificate")
}

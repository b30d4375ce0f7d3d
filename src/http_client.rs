//! How services are asked over HTTP: each request is for the one who was named, and is not sent on to another.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::TlsConfig;
use ureq::typestate::AgentScope;

/// A client that waits no longer than `limit`, follows nobody elsewhere, and takes every status for an answer.
pub(crate) fn config(limit: Duration) -> ConfigBuilder<AgentScope> {
    let cryptography = rustls::crypto::aws_lc_rs::default_provider();
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(cryptography));
    Agent::config_builder()
        .tls_config(tls.build())
        .timeout_global(Some(limit))
        .max_redirects(0)
        .http_status_as_error(false)
}

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

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn it_speaks_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("https://{}/", listener.local_addr().expect("bound"));
        let hello = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut record = [0; 3];
            stream.read_exact(&mut record).expect("the begin of a record");
            record
        });
        let agent: Agent = config(Duration::from_secs(30)).build().into();
        agent.get(url).call().expect_err("it hangs up");
        let handshake = [22, 3, 1];
        assert_eq!(
            hello.join().expect("no panic"),
            handshake,
            "a ClientHello (RFC 8446 §5.1)"
        );
    }
}

//! TLS towards the clients.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use gatehand::relay::{Relay, TLS_SETTINGS};
use gatehand::tls::TlsFiles;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::common::certificates::Authority;
use crate::harness::{Running, SHORT, echo, expect, expect_end, payload, read_all, soon, start};

/// The relay's files, just issued.
fn issued(ours: &Authority, client_ca: Option<&Authority>) -> TlsFiles {
    ours.issue("relay");
    TlsFiles {
        certificate: ours.path("relay.pem"),
        key: ours.path("relay.key"),
        client_ca: client_ca.map(|ca| ca.path("ca.pem")),
        settings: TLS_SETTINGS,
    }
}

/// A client that believes in this authority, and shows a certificate of `by`.
fn connector(ours: &Authority, by: Option<&Authority>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ours.path("ca.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match by {
        None => builder.with_no_client_auth(),
        Some(by) => {
            by.issue("client");
            let chain = vec![CertificateDer::from_pem_file(by.path("client.pem")).unwrap()];
            let key = PrivateKeyDer::from_pem_file(by.path("client.key")).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

async fn relay(files: TlsFiles) -> (Running, SocketAddr) {
    let mut relay = start(|relay: &mut Relay| relay.tls = Some(files)).await;
    let address = relay.open().await;
    (relay, address)
}

async fn connect(address: SocketAddr, client: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
    let stream = soon(TcpStream::connect(address)).await?;
    let name = ServerName::try_from("localhost").unwrap();
    soon(client.connect(name, stream)).await
}

/// Bytes get through, both ways.
async fn is_served(relay: &mut Running, address: SocketAddr, client: &TlsConnector) {
    let mut client = connect(address, client).await.unwrap();
    let mut server = relay.accept().await;
    client.write_all(b"in secret").await.unwrap();
    expect(&mut server, b"in secret").await;
    server.write_all(b"as well").await.unwrap();
    expect(&mut client, b"as well").await;
}

/// The connection ends before anything got to the gateway.
async fn is_refused(relay: &mut Running, address: SocketAddr, client: &TlsConnector) -> io::Error {
    let before = *relay.status.borrow();
    // With TLS 1.3 a client is done before the server has seen its certificate: the refusal is what it reads first.
    let refused = match connect(address, client).await {
        Err(refused) => refused,
        Ok(mut client) => {
            let _ = client.write_all(b"x").await;
            soon(client.read_u8()).await.unwrap_err()
        }
    };
    let status = relay.all_gone(before.accepted + 1).await;
    assert_eq!(status.bytes_up, before.bytes_up);
    refused
}

#[tokio::test]
async fn without_client_certificates() {
    let ours = Authority::new("ours");
    let (mut relay, address) = relay(issued(&ours, None)).await;
    is_served(&mut relay, address, &connector(&ours, None)).await;
    let stranger = connector(&Authority::new("strangers"), None);
    let refused = connect(address, &stranger).await.unwrap_err();
    assert!(
        refused.to_string().contains("UnknownIssuer"),
        "the client's own doubt: {refused}"
    );
    is_served(&mut relay, address, &connector(&ours, None)).await;
}

#[tokio::test]
async fn with_client_certificates() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (mut relay, address) = relay(issued(&ours, Some(&theirs))).await;
    is_served(&mut relay, address, &connector(&ours, Some(&theirs))).await;
    relay.all_gone(1).await;
    let refused = is_refused(&mut relay, address, &connector(&ours, None)).await;
    assert!(refused.to_string().contains("CertificateRequired"), "{refused}");
    // That of the relay's own authority is not good enough.
    let refused = is_refused(&mut relay, address, &connector(&ours, Some(&ours))).await;
    assert!(refused.to_string().contains("UnknownCA"), "{refused}");
}

#[tokio::test]
async fn a_client_without_tls_and_one_that_says_nothing_are_cut() {
    let ours = Authority::new("ours");
    let (mut relay, address) = relay(issued(&ours, None)).await;
    let mut client = soon(TcpStream::connect(address)).await.unwrap();
    client.write_all(b"API\0\0\0\0\x09v100..187").await.unwrap();
    // An alert of TLS: its type, version 3.x, two bytes.
    let alert = read_all(&mut client).await;
    assert_eq!((alert.first(), alert.len()), (Some(&21), 7), "{alert:?}");
    relay.all_gone(1).await;

    let files = issued(&ours, None);
    let mut relay = start(|relay| {
        relay.tls = Some(files);
        relay.limits.handshake = SHORT;
    })
    .await;
    let address = relay.open().await;
    let mut client = soon(TcpStream::connect(address)).await.unwrap();
    expect_end(&mut client).await;
    relay.all_gone(1).await;
}

#[tokio::test]
async fn each_way_ends_by_itself_however_much_comes_after() {
    const BIG: u32 = 8 << 20;
    let ours = Authority::new("ours");
    let (mut relay, address) = relay(issued(&ours, None)).await;
    let sent = payload(BIG, 5);

    let mut client = connect(address, &connector(&ours, None)).await.unwrap();
    let mut server = relay.accept().await;
    client.write_all(b"request").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(read_all(&mut server).await, b"request");
    let sending = sent.clone();
    let sender = tokio::spawn(async move {
        server.write_all(&sending).await.unwrap();
    });
    assert!(read_all(&mut client).await == sent);
    soon(sender).await.unwrap();

    let mut client = connect(address, &connector(&ours, None)).await.unwrap();
    let mut server = relay.accept().await;
    server.shutdown().await.unwrap();
    assert!(read_all(&mut client).await.is_empty());
    let sending = sent.clone();
    let sender = tokio::spawn(async move {
        client.write_all(&sending).await.unwrap();
        client.shutdown().await.unwrap();
    });
    assert!(read_all(&mut server).await == sent);
    soon(sender).await.unwrap();

    // Without a farewell of TLS, as many clients end: that is an end of one way, too.
    let mut client = connect(address, &connector(&ours, None)).await.unwrap();
    let mut server = relay.accept().await;
    client.write_all(b"order").await.unwrap();
    client.get_mut().0.shutdown().await.unwrap();
    assert_eq!(read_all(&mut server).await, b"order");
    server.write_all(b"filled").await.unwrap();
    expect(&mut client, b"filled").await;
    drop((client, server));
    relay.all_gone(3).await;
}

#[tokio::test]
async fn much_at_once_both_ways() {
    let ours = Authority::new("ours");
    let (mut relay, address) = relay(issued(&ours, None)).await;
    let client = connect(address, &connector(&ours, None)).await.unwrap();
    let echoing = tokio::spawn(echo(relay.accept().await));
    let sent = payload(16 << 20, 9);
    let sending = sent.clone();
    let (mut read, mut write) = tokio::io::split(client);
    let sender = tokio::spawn(async move {
        write.write_all(&sending).await.unwrap();
        write.shutdown().await.unwrap();
    });
    assert!(read_all(&mut read).await == sent);
    soon(sender).await.unwrap();
    soon(echoing).await.unwrap();
}

#[tokio::test]
async fn a_renewed_certificate_counts_for_the_next_client() {
    let (ours, others) = (Authority::new("ours"), Authority::new("theirs"));
    let files = issued(&ours, None);
    let (mut relay, address) = relay(files.clone()).await;
    is_served(&mut relay, address, &connector(&ours, None)).await;
    let renewed = issued(&others, None);
    fs::copy(&renewed.certificate, &files.certificate).unwrap();
    // Half renewed is not renewed.
    is_served(&mut relay, address, &connector(&ours, None)).await;
    fs::copy(&renewed.key, &files.key).unwrap();
    is_served(&mut relay, address, &connector(&others, None)).await;
    let refused = connect(address, &connector(&ours, None)).await.unwrap_err();
    assert!(refused.to_string().contains("UnknownIssuer"), "{refused}");
}

#[test]
fn files_of_no_use_are_named() {
    let ours = Authority::new("ours");
    let files = issued(&ours, Some(&ours));
    ours.issue("other");
    fs::write(ours.path("damaged.pem"), "-----BEGIN CERTIFICATE-----\nneedle!\n").unwrap();
    let check = |change: &dyn Fn(&mut TlsFiles)| {
        let mut files = files.clone();
        change(&mut files);
        files.load().unwrap_err().to_string()
    };
    let path = |name: &str| ours.path(name).display().to_string();
    assert!(files.load().is_ok());
    assert_eq!(
        check(&|files| files.certificate = ours.path("nowhere.pem")),
        format!(
            "GATEHAND_RELAY_TLS_CERTIFICATE: cannot read {}: No such file or directory (os error 2); check the path and its \
             permissions",
            path("nowhere.pem")
        )
    );
    assert_eq!(
        check(&|files| files.certificate = ours.path("relay.key")),
        format!(
            "GATEHAND_RELAY_TLS_CERTIFICATE: {} holds no certificate in PEM; is it the right file?",
            path("relay.key")
        )
    );
    assert_eq!(
        check(&|files| files.key = ours.path("relay.pem")),
        format!(
            "GATEHAND_RELAY_TLS_KEY: {} holds no private key, at least none that is not encrypted, in PEM; is it the right file?",
            path("relay.pem")
        )
    );
    assert_eq!(
        check(&|files| files.key = ours.path("other.key")),
        format!(
            "GATEHAND_RELAY_TLS_KEY: {} is not the key of the certificate in {}; name the key that it was made with",
            path("other.key"),
            path("relay.pem")
        )
    );
    assert_eq!(
        check(&|files| files.client_ca = Some(ours.path("damaged.pem"))),
        format!(
            "GATEHAND_RELAY_TLS_CLIENT_CA: {} holds no certificate in PEM; is it the right file?",
            path("damaged.pem")
        )
    );
    let relay = |tls| Relay {
        listen: crate::harness::ANY,
        target: crate::harness::ANY,
        hold: None,
        allow: Vec::new(),
        tls: Some(tls),
        limits: gatehand::relay::Limits::default(),
    };
    let missing = TlsFiles {
        key: ours.path("nowhere.key"),
        ..files
    };
    assert_eq!(relay(missing).check().unwrap_err().exit_code().number(), 78);
}

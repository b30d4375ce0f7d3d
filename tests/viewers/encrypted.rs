//! The raw client through TLS and through RSA-AES.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::ra2::{KEY, Kind, Messages, ViewerKey, encrypt};
use crate::raw_client::{RawClient, connect};

static KEY_OF_VIEWER: LazyLock<ViewerKey> = LazyLock::new(ViewerKey::new);

/// How a viewer proves who it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum By {
    VncAuth,
    Ra2(Kind),
    X509Vnc,
    X509Plain,
}

pub(crate) const ALL: [By; 5] = [
    By::VncAuth,
    By::Ra2(Kind::Ra2),
    By::Ra2(Kind::Ra2With256Bits),
    By::X509Vnc,
    By::X509Plain,
];

/// Connects and shows the password; TLS goes by the certificate in `ca`.
pub(crate) fn log_in(address: SocketAddr, by: By, password: &str, ca: &Path) -> Result<RawClient, String> {
    let stream = connect(address);
    let mut client = RawClient(Box::new(stream.try_clone().unwrap()));
    let types = client.offered()?;
    let number = match by {
        By::VncAuth => 2,
        By::Ra2(kind) => kind.number(),
        By::X509Vnc | By::X509Plain => 19,
    };
    assert!(types.contains(&number), "{number} of {types:?}");
    client.send(&[number]);
    match by {
        By::VncAuth => client.answer_challenge(password)?,
        By::Ra2(kind) => {
            client = RawClient(Box::new(Ra2Stream::agree(stream, kind)));
            assert_eq!(client.read(), [2], "a password alone");
            let credentials = [&[0, password.len() as u8][..], password.as_bytes()].concat();
            client.send(&credentials);
            client.verdict()?;
        }
        By::X509Vnc => {
            client = choose_tls(client, stream, 261, ca);
            client.answer_challenge(password)?;
        }
        By::X509Plain => {
            client = choose_tls(client, stream, 262, ca);
            let lengths = [7, password.len() as u32].map(u32::to_be_bytes);
            client.send(&[&lengths.concat(), &b"whoever"[..], password.as_bytes()].concat());
            client.verdict()?;
        }
    }
    Ok(client)
}

/// VeNCrypt up to TLS, which begins when the server has said so.
fn choose_tls(mut client: RawClient, stream: TcpStream, subtype: u32, ca: &Path) -> RawClient {
    assert_eq!(client.read(), [0, 2]);
    client.send(&[0, 2]);
    let [0, count] = client.read() else {
        panic!("the server does not speak VeNCrypt 0.2");
    };
    let subtypes: Vec<u32> = (0..count).map(|_| u32::from_be_bytes(client.read())).collect();
    assert!(subtypes.contains(&subtype), "{subtypes:?}");
    client.send(&subtype.to_be_bytes());
    assert_eq!(client.read(), [1]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    RawClient(Box::new(StreamOwned::new(tls, stream)))
}

/// A connection of encrypted messages.
struct Ra2Stream {
    inner: TcpStream,
    messages: Messages,
    /// Decrypted and not read yet.
    plain: Vec<u8>,
}

impl Ra2Stream {
    /// Exchanges keys; the server's hash is the whole of its first message.
    fn agree(mut inner: TcpStream, kind: Kind) -> Self {
        let mut server_key = vec![0; 4 + 2 * KEY];
        inner.read_exact(&mut server_key).unwrap();
        inner.write_all(&KEY_OF_VIEWER.sent).unwrap();
        let mut server_random = vec![0; 2 + KEY];
        inner.read_exact(&mut server_random).unwrap();
        let server_random = KEY_OF_VIEWER.decrypt(&server_random);
        let viewer_random = vec![7; kind.random()];
        let mut messages = Messages::new(kind, &server_random, &viewer_random);
        let hash = kind.digest(&KEY_OF_VIEWER.sent, &server_key);
        // In one segment: the server has the hash before it has sent its own.
        let message = [encrypt(&server_key, &viewer_random), messages.seal(&hash)].concat();
        inner.write_all(&message).unwrap();
        let plain = Vec::new();
        let mut stream = Self {
            inner,
            messages,
            plain,
        };
        let hash = stream.message().unwrap();
        assert_eq!(hash, kind.digest(&server_key, &KEY_OF_VIEWER.sent));
        stream
    }

    fn message(&mut self) -> io::Result<Vec<u8>> {
        let mut message = vec![0; 2];
        self.inner.read_exact(&mut message)?;
        let length = usize::from(u16::from_be_bytes([message[0], message[1]]));
        message.resize(2 + length + 16, 0);
        self.inner.read_exact(&mut message[2..])?;
        Ok(self.messages.open(&message))
    }
}

impl Read for Ra2Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.plain.is_empty() {
            self.plain = match self.message() {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                message => message?,
            };
        }
        let count = into.len().min(self.plain.len());
        into[..count].copy_from_slice(&self.plain[..count]);
        self.plain.drain(..count);
        Ok(count)
    }
}

impl Write for Ra2Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sealed = self.messages.seal(bytes);
        self.inner.write_all(&sealed)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

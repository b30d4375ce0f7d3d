//! A viewer that is nothing but a socket: for what well-behaved viewers do not do.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use protocol::security::vnc_auth::Challenge;

use crate::common::PATIENCE;
use crate::server::password;

pub(crate) struct RawClient(pub(crate) TcpStream);

impl RawClient {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    pub(crate) fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn read_text(&mut self) -> String {
        let length = u32::from_be_bytes(self.read());
        let mut bytes = vec![0; length as usize];
        self.0.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// Goes through the 3.8 handshake up to the server's verdict: a reason when it said no.
    pub(crate) fn authenticate(&mut self, text: &str) -> Result<(), String> {
        assert_eq!(&self.read(), b"RFB 003.008\n");
        self.send(b"RFB 003.008\n");
        let [types] = self.read();
        if types == 0 {
            return Err(self.read_text());
        }
        assert_eq!((types, self.read()), (1, [2]));
        self.send(&[2]);
        let challenge: Challenge = self.read();
        self.send(&password(text).answer(&challenge));
        match self.read() {
            [0, 0, 0, 0] => Ok(()),
            _ => Err(self.read_text()),
        }
    }

    /// The rest of the handshake; returns width and height.
    pub(crate) fn initialise(&mut self) -> (u16, u16) {
        self.send(&[1]);
        let [w1, w2, h1, h2, ..] = self.read::<20>();
        self.read_text();
        (u16::from_be_bytes([w1, w2]), u16::from_be_bytes([h1, h2]))
    }

    /// A request for the whole screen.
    pub(crate) fn request(&mut self, incremental: bool) {
        self.send(&[3, u8::from(incremental), 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    }

    /// One update in Raw, thrown away.
    pub(crate) fn skip_raw_update(&mut self) {
        let [kind, _, count @ ..] = self.read::<4>();
        assert_eq!(kind, 0);
        for _ in 0..u16::from_be_bytes(count) {
            let [_, _, _, _, w1, w2, h1, h2, ..] = self.read::<12>();
            let [width, height] = [[w1, w2], [h1, h2]].map(u16::from_be_bytes);
            let mut pixels = vec![0; usize::from(width) * usize::from(height) * 4];
            self.0.read_exact(&mut pixels).unwrap();
        }
    }

    /// Whether the server has closed the connection, once it has.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

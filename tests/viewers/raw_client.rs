//! A viewer that is nothing but a socket, with or without encryption: for what well-behaved viewers do not do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use gatehand::screen::{Rect, Size};
use protocol::security::vnc_auth::Challenge;

use crate::common::PATIENCE;
use crate::server::password;

/// Whatever carries bytes both ways.
pub(crate) trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

pub(crate) struct RawClient(pub(crate) Box<dyn Stream>);

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

impl RawClient {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        Self(Box::new(connect(address)))
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    pub(crate) fn read<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    pub(crate) fn read_text(&mut self) -> String {
        let length = u32::from_be_bytes(self.read());
        let mut bytes = vec![0; length as usize];
        self.0.read_exact(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// The security types that the server offers to a viewer of 3.8; a reason when there is none.
    pub(crate) fn offered(&mut self) -> Result<Vec<u8>, String> {
        assert_eq!(&self.read(), b"RFB 003.008\n");
        self.send(b"RFB 003.008\n");
        let [count] = self.read();
        if count == 0 {
            return Err(self.read_text());
        }
        let mut types = vec![0; usize::from(count)];
        self.0.read_exact(&mut types).unwrap();
        Ok(types)
    }

    /// Goes through the 3.8 handshake up to the server's verdict: a reason when it said no.
    pub(crate) fn authenticate(&mut self, text: &str) -> Result<(), String> {
        let types = self.offered()?;
        assert!(types.contains(&2), "{types:?}");
        self.send(&[2]);
        self.answer_challenge(text)
    }

    /// VNC authentication, from the challenge to the verdict.
    pub(crate) fn answer_challenge(&mut self, text: &str) -> Result<(), String> {
        let challenge: Challenge = self.read();
        self.send(&password(text).answer(&challenge));
        self.verdict()
    }

    pub(crate) fn verdict(&mut self) -> Result<(), String> {
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
        self.raw_update();
    }

    /// One update in Raw and the native format.
    pub(crate) fn raw_update(&mut self) -> Vec<(Rect, Vec<u32>)> {
        assert_eq!(self.read(), [0]);
        self.rest_of_raw_update()
    }

    /// The same after its first byte.
    pub(crate) fn rest_of_raw_update(&mut self) -> Vec<(Rect, Vec<u32>)> {
        let [_, count @ ..] = self.read::<3>();
        let rectangle = |_| {
            let [x1, x2, y1, y2, w1, w2, h1, h2, ..] = self.read::<12>();
            let [x, y, width, height] = [[x1, x2], [y1, y2], [w1, w2], [h1, h2]].map(u16::from_be_bytes);
            let rect = Rect::new(x.into(), y.into(), width.into(), height.into());
            let mut bytes = vec![0; rect.area() * 4];
            self.0.read_exact(&mut bytes).unwrap();
            let (pixels, _) = bytes.as_chunks();
            (
                rect,
                pixels.iter().map(|pixel| u32::from_le_bytes(*pixel)).collect(),
            )
        };
        (0..u16::from_be_bytes(count)).map(rectangle).collect()
    }

    /// One update in Raw and ExtendedDesktopSize: reason, status and size of an answer to a wish, if there is one.
    pub(crate) fn desktop_size(&mut self) -> Option<(u16, u16, Size)> {
        let [kind, _, count @ ..] = self.read::<4>();
        assert_eq!(kind, 0);
        let mut answer = None;
        for _ in 0..u16::from_be_bytes(count) {
            let [x1, x2, y1, y2, w1, w2, h1, h2, encoding @ ..] = self.read::<12>();
            let [x, y, width, height] = [[x1, x2], [y1, y2], [w1, w2], [h1, h2]].map(u16::from_be_bytes);
            let length = if encoding == [0; 4] {
                usize::from(width) * usize::from(height) * 4
            } else {
                let [screens, _, _, _] = self.read();
                if x == 1 {
                    answer = Some((x, y, Size::new(width.into(), height.into())));
                }
                usize::from(screens) * 16
            };
            self.0.read_exact(&mut vec![0; length]).unwrap();
        }
        answer
    }

    /// Whether the server has closed the connection, once it has.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0; 64]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

//! A viewer like any other: it decodes what it asked for, and counts.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use protocol::geometry::Size;
use protocol::security::vnc_auth::Password;

use crate::decode::{COPY_RECT, CURSOR, Decoder, LAST_RECT, Picture};

/// How long a server may take for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Counts what is read.
struct Counted {
    stream: TcpStream,
    bytes: usize,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(into)?;
        self.bytes += count;
        Ok(count)
    }
}

pub struct Client {
    input: BufReader<Counted>,
    decoder: Decoder,
    pub picture: Picture,
}

impl Client {
    /// Connects as soon as somebody listens, and goes through the handshake.
    pub fn connect(port: u16, password: &str, encodings: &[i32]) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match Self::try_connect(port, password, encodings) {
                Ok(client) => return client,
                Err(error) => assert!(Instant::now() < deadline, "no viewer gets in: {error}"),
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn try_connect(port: u16, password: &str, encodings: &[i32]) -> io::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        read::<12>(&mut stream)?;
        stream.write_all(b"RFB 003.008\n")?;
        let [count] = read(&mut stream)?;
        let mut types = vec![0; count.into()];
        stream.read_exact(&mut types)?;
        if !types.contains(&2) {
            return Err(io::Error::other("VNC authentication is not offered"));
        }
        stream.write_all(&[2])?;
        let challenge = read(&mut stream)?;
        let password = Password::new(password.as_bytes()).map_err(io::Error::other)?;
        stream.write_all(&password.answer(&challenge))?;
        if read(&mut stream)? != [0; 4] {
            return Err(io::Error::other("the password is wrong"));
        }
        stream.write_all(&[1])?;
        let [w1, w2, h1, h2, ..] = read::<20>(&mut stream)?;
        let length = u32::from_be_bytes(read(&mut stream)?);
        let mut name = vec![0; length as usize];
        stream.read_exact(&mut name)?;
        let size = [[w1, w2], [h1, h2]].map(u16::from_be_bytes);
        // 32 bits, little-endian, 0x00RRGGBB.
        stream.write_all(&[
            0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0,
        ])?;
        let mut message = vec![2, 0];
        let all = encodings.iter().chain(&[COPY_RECT, CURSOR, LAST_RECT]);
        let numbers: Vec<u8> = all.flat_map(|number| number.to_be_bytes()).collect();
        message.extend(((numbers.len() / 4) as u16).to_be_bytes());
        message.extend(numbers);
        stream.write_all(&message)?;
        Ok(Self {
            input: BufReader::with_capacity(1 << 16, Counted { stream, bytes: 0 }),
            decoder: Decoder::new(),
            picture: Picture::new(Size::new(size[0].into(), size[1].into())),
        })
    }

    /// Bytes that came from the server since this client connected, but for the pointer's picture: not every server sends
    /// one.
    pub fn bytes(&self) -> usize {
        self.input.get_ref().bytes - self.decoder.pointer
    }

    fn send(&mut self, bytes: &[u8]) {
        self.input.get_mut().stream.write_all(bytes).unwrap();
    }

    /// Asks for the whole screen.
    pub fn request(&mut self, incremental: bool) {
        let Size { width, height } = self.picture.size();
        let mut message = vec![3, u8::from(incremental), 0, 0, 0, 0];
        message.extend((width as u16).to_be_bytes());
        message.extend((height as u16).to_be_bytes());
        self.send(&message);
    }

    /// Presses or releases a key.
    pub fn key(&mut self, keysym: u32, down: bool) {
        let mut message = vec![4, u8::from(down), 0, 0];
        message.extend(keysym.to_be_bytes());
        self.send(&message);
    }

    /// Reads one update, and asks for the next.
    pub fn update(&mut self) {
        assert!(self.update_within(PATIENCE), "the server has stopped");
    }

    /// The same, if one begins before `patience` is over.
    pub fn update_within(&mut self, patience: Duration) -> bool {
        loop {
            self.input
                .get_ref()
                .stream
                .set_read_timeout(Some(patience))
                .unwrap();
            match self.input.fill_buf() {
                Ok(bytes) => assert!(!bytes.is_empty(), "the server has closed the connection"),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return false;
                }
                Err(error) => panic!("{error}"),
            }
            self.input
                .get_ref()
                .stream
                .set_read_timeout(Some(PATIENCE))
                .unwrap();
            match read(&mut self.input).unwrap() {
                [0] => {
                    self.decoder.update(&mut self.input, &mut self.picture).unwrap();
                    self.request(true);
                    return true;
                }
                [2] => {}
                [3] => {
                    let [_, _, _, length @ ..] = read::<7>(&mut self.input).unwrap();
                    let mut text = vec![0; u32::from_be_bytes(length) as usize];
                    self.input.read_exact(&mut text).unwrap();
                }
                [other] => panic!("message {other} was not asked for"),
            }
        }
    }

    /// Reads updates until nothing has come for `quiet`.
    pub fn settle(&mut self, quiet: Duration) {
        while self.update_within(quiet) {}
    }

    /// The first whole picture: how long it took.
    pub fn first_frame(&mut self) -> Duration {
        self.picture.forget();
        let began = Instant::now();
        self.request(false);
        while !self.picture.is_complete() {
            self.update();
        }
        began.elapsed()
    }

    /// Reads updates until `there` is true of the picture.
    pub fn wait(&mut self, there: impl Fn(&Picture) -> bool) {
        while !there(&self.picture) {
            self.update();
        }
    }
}

pub fn read<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

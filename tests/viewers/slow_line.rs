//! A viewer behind a line of 1 Mbit/s beside one that is near.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use gatehand::screen::{Rect, Size, WindowId};
use rustix::net::sockopt;

use crate::common::TestDisplay;
use crate::painter::Painter;
use crate::raw_client::RawClient;
use crate::server::{PASSWORD, VncServer};

const SIZE: Size = Size::new(320, 240);
const BYTES_PER_SECOND: u32 = 125_000;
const CHUNK: usize = 1000;
const CHANGES: usize = 6;

/// A line to `server`: what it sends comes slowly.
fn slow_line(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (viewer, _) = listener.accept().unwrap();
        let server = TcpStream::connect(server).unwrap();
        // The line itself holds next to nothing.
        sockopt::set_socket_recv_buffer_size(&server, 4 * CHUNK).unwrap();
        let (mut from, mut to) = (viewer.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        carry_slowly(server, viewer);
    });
    address
}

/// Until one of both ends closes.
fn carry_slowly(mut from: TcpStream, mut to: TcpStream) {
    let mut chunk = [0; CHUNK];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if to.write_all(&chunk[..count]).is_err() {
            break;
        }
        // This is the line.
        sleep(Duration::from_secs(count as u64) / BYTES_PER_SECOND);
    }
    let _ = from.shutdown(Shutdown::Both);
}

/// A viewer that keeps the pixels.
struct Viewer {
    client: RawClient,
    pixels: Vec<u32>,
}

impl Viewer {
    fn connect(address: SocketAddr) -> Self {
        let mut client = RawClient::connect(address);
        client.authenticate(PASSWORD).unwrap();
        client.initialise();
        client.request(false);
        Self {
            client,
            pixels: vec![0; SIZE.area()],
        }
    }

    /// Reads one update in Raw, and asks for the next.
    fn update(&mut self) {
        let [kind, _, count @ ..] = self.client.read::<4>();
        assert_eq!(kind, 0);
        for _ in 0..u16::from_be_bytes(count) {
            let head = self.client.read::<12>();
            let [x, y, width, height] = [0, 2, 4, 6].map(|at| u16::from_be_bytes([head[at], head[at + 1]]));
            for row in y..y + height {
                for column in x..x + width {
                    let pixel = u32::from_le_bytes(self.client.read()) & 0x00ff_ffff;
                    self.pixels[usize::from(row) * SIZE.width as usize + usize::from(column)] = pixel;
                }
            }
        }
        self.client.request(true);
    }
}

/// Every pixel is another one, the last among them that of the number.
fn change(painter: &Painter, window: WindowId, number: usize) {
    let mixed = |index: u32| index.wrapping_mul(0x9e37_79b1).wrapping_add(number as u32 * 7919) >> 8;
    let mut pixels: Vec<u32> = (0..SIZE.area() as u32).map(mixed).collect();
    *pixels.last_mut().unwrap() = number as u32;
    painter.put(window, Rect::of_size(SIZE), &pixels);
}

#[test]
fn the_far_one_ends_on_the_picture_and_the_near_one_sees_all() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show("window", Rect::of_size(SIZE), 0x00ff_ffff);
    let server = VncServer::start(&display);
    let mut near = Viewer::connect(server.address);
    near.update();
    let mut far = Viewer::connect(slow_line(server.address));
    far.update();
    let seen_afar = AtomicUsize::new(0);
    let (far, while_near) = thread::scope(|scope| {
        let watching = scope.spawn(|| {
            while far.pixels.last() != Some(&(CHANGES as u32)) {
                far.update();
                seen_afar.fetch_add(1, Ordering::SeqCst);
            }
            far
        });
        for number in 1..=CHANGES {
            change(&painter, window, number);
            while near.pixels.last() != Some(&(number as u32)) {
                near.update();
            }
        }
        let while_near = seen_afar.load(Ordering::SeqCst);
        (watching.join().unwrap(), while_near)
    });
    // The near one had seen each change, one by one, before the far one was through.
    assert!(while_near < CHANGES, "{while_near}");
    let screen = painter.screenshot();
    assert!(near.pixels == screen.pixels());
    assert!(far.pixels == screen.pixels());
    // What had changed again before it could be sent was not sent.
    assert!(seen_afar.into_inner() < CHANGES);
}

//! vnc-rs: an independent client that decodes Raw, CopyRect, ZRLE and Tight.

use std::net::SocketAddr;

use gatehand::screen::{Frame, Rect, Size};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::timeout;
use vnc::{PixelFormat, VncClient, VncConnector, VncEncoding, VncError, VncEvent, X11Event};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux};

use crate::common::{PATIENCE, TestDisplay};
use crate::painter::Painter;
use crate::raw_client::RawClient;
use crate::server::{PASSWORD, VncServer};

const SIZE: Size = Size::new(640, 480);

/// A client and the picture that it has.
struct Client {
    vnc: VncClient,
    picture: Frame,
    format: PixelFormat,
    /// How often it was told to copy a part of it.
    copies: usize,
}

impl Client {
    async fn connect(address: SocketAddr, encodings: &[VncEncoding]) -> Self {
        Self::connect_with(address, encodings, PixelFormat::bgra()).await
    }

    async fn connect_with(address: SocketAddr, encodings: &[VncEncoding], format: PixelFormat) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut connector = VncConnector::new(stream)
            .set_auth_method(async { Ok::<_, VncError>(PASSWORD.to_owned()) })
            .set_pixel_format(format)
            .allow_shared(true);
        for encoding in encodings {
            connector = connector.add_encoding(*encoding);
        }
        let vnc = connector
            .build()
            .unwrap()
            .try_start()
            .await
            .unwrap()
            .finish()
            .unwrap();
        Self {
            vnc,
            picture: Frame::default(),
            format,
            copies: 0,
        }
    }

    /// Reads updates until the picture is this one.
    async fn wait_for(&mut self, expected: &Frame) {
        let shown = timeout(PATIENCE, async {
            while self.picture != *expected {
                self.vnc.input(X11Event::Refresh).await.unwrap();
                let event = self.vnc.recv_event().await.unwrap();
                self.handle(event);
            }
        });
        if shown.await.is_err() {
            let pixels = self.picture.pixels().iter().zip(expected.pixels());
            let wrong = pixels.filter(|(seen, expected)| seen != expected).count();
            panic!("{:?} with {wrong} wrong pixels", self.picture.size());
        }
    }

    fn handle(&mut self, event: VncEvent) {
        let rect_of = |rect: vnc::Rect| {
            Rect::new(
                rect.x.into(),
                rect.y.into(),
                rect.width.into(),
                rect.height.into(),
            )
        };
        match event {
            VncEvent::SetResolution(screen) => {
                self.picture = Frame::new(Size::new(screen.width.into(), screen.height.into()));
            }
            VncEvent::RawImage(rect, bytes) => {
                let PixelFormat {
                    red_shift,
                    green_shift,
                    blue_shift,
                    ..
                } = self.format;
                let pixels = bytes.as_chunks::<4>().0.iter().map(|bytes| {
                    let value = u32::from_le_bytes(*bytes);
                    let colour = |shift: u8| value >> shift & 255;
                    colour(red_shift) << 16 | colour(green_shift) << 8 | colour(blue_shift)
                });
                let rect = rect_of(rect);
                let part = Frame::from_pixels(rect.size(), pixels.collect()).unwrap();
                self.paste(rect, &part);
            }
            VncEvent::Copy(to, from) => {
                let part = self.picture.crop(rect_of(from));
                self.paste(rect_of(to), &part);
                self.copies += 1;
            }
            VncEvent::Error(error) => panic!("{error}"),
            _ => {}
        }
    }

    fn paste(&mut self, rect: Rect, part: &Frame) {
        for y in 0..rect.height {
            self.picture.row_mut(rect.y as u32 + y)[rect.x as usize..rect.right() as usize]
                .copy_from_slice(part.row(y));
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn every_encoding_shows_the_display_and_its_changes() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let server = VncServer::start(&display);
    let sets: [&[VncEncoding]; 5] = [
        &[VncEncoding::Raw],
        &[VncEncoding::Zrle],
        &[VncEncoding::Tight],
        &[
            VncEncoding::Tight,
            VncEncoding::CopyRect,
            VncEncoding::LastRectPseudo,
        ],
        &[
            VncEncoding::Zrle,
            VncEncoding::CursorPseudo,
            VncEncoding::DesktopSizePseudo,
            VncEncoding::LastRectPseudo,
        ],
    ];
    let formats = [PixelFormat::bgra(), PixelFormat::rgba()];
    let cases = sets
        .into_iter()
        .flat_map(|set| formats.map(|format| (set, format)));
    block_on(async {
        for (round, (encodings, format)) in (0..).zip(cases) {
            let mut client = Client::connect_with(server.address, encodings, format).await;
            client.wait_for(&painter.screenshot()).await;
            for step in 0..10 {
                let place = Rect::new(step * 50, round * 40 + step * 3, 33, 21);
                painter.fill(window.0, place, 0x0012_3456 + (step * 7919) as u32);
                client.wait_for(&painter.screenshot()).await;
            }
            client.vnc.close().await.unwrap();
        }
    });
}

#[test]
fn what_scrolls_is_copied_for_viewers_that_can() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE).0;
    let server = VncServer::start(&display);
    let gc = painter.connection.generate_id().unwrap();
    let aux = CreateGCAux::new().graphics_exposures(0);
    painter.connection.create_gc(gc, window, &aux).unwrap();
    block_on(async {
        let both = [VncEncoding::Zrle, VncEncoding::CopyRect];
        let mut copies = Client::connect(server.address, &both).await;
        let mut pixels = Client::connect(server.address, &both[..1]).await;
        for client in [&mut copies, &mut pixels] {
            client.wait_for(&painter.screenshot()).await;
        }
        for step in 0..12 {
            // A pane of the screen moves up by a line, and a new one comes in.
            painter
                .connection
                .copy_area(window, window, gc, 20, 35, 20, 24, 400, 289)
                .unwrap();
            painter.fill(window, Rect::new(20, 302, 400, 11), 0x0033_0000 + step * 0x1111);
            let expected = painter.screenshot();
            for client in [&mut copies, &mut pixels] {
                client.wait_for(&expected).await;
            }
        }
        assert!(copies.copies > 0, "every step came as pixels");
        assert_eq!(pixels.copies, 0);
    });
}

#[test]
fn a_large_first_frame_arrives_whole() {
    let size = Size::new(1280, 1024);
    let display = TestDisplay::start(size.width, size.height);
    let painter = Painter::connect(&display);
    painter.show_pattern(size);
    let server = VncServer::start(&display);
    block_on(async {
        for encoding in [VncEncoding::Zrle, VncEncoding::Tight] {
            let encodings = [encoding, VncEncoding::LastRectPseudo];
            let mut client = Client::connect(server.address, &encodings).await;
            client.wait_for(&painter.screenshot()).await;
        }
    });
}

#[test]
fn a_viewer_that_does_not_read_delays_nobody() {
    // One frame is more than the sockets hold: 12 MB.
    let size = Size::new(2000, 1500);
    let display = TestDisplay::start(size.width, size.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(size);
    let server = VncServer::start(&display);
    let mut stalled = RawClient::connect(server.address);
    stalled.authenticate(PASSWORD).unwrap();
    stalled.initialise();
    stalled.request(false);
    stalled.request(false);
    block_on(async {
        let mut client = Client::connect(server.address, &[VncEncoding::Zrle]).await;
        for step in 0..20 {
            painter.fill(
                window.0,
                Rect::new(step * 20, 100, 30, 30),
                0x00aa_0000 + step as u32,
            );
            client.wait_for(&painter.screenshot()).await;
        }
    });
}

#[test]
fn several_viewers_each_see_everything() {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE);
    let server = VncServer::start(&display);
    block_on(async {
        let mut clients = Vec::new();
        for index in 0..6 {
            let encoding = [VncEncoding::Raw, VncEncoding::Zrle, VncEncoding::Tight][index % 3];
            clients.push(Client::connect(server.address, &[encoding]).await);
        }
        for step in 0..5 {
            painter.fill(
                window.0,
                Rect::new(step * 20, 10, 100, 200),
                0x0000_5500 + step as u32,
            );
            let expected = painter.screenshot();
            for client in &mut clients {
                client.wait_for(&expected).await;
            }
        }
    });
}

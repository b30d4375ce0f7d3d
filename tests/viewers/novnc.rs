//! noVNC's own decoders in Chromium, one encoding at a time, in both of its pixel formats: to the last pixel.

use std::net::SocketAddr;

use base64ct::{Base64, Encoding as _};
use gatehand::screen::{Frame, Rect, Size};
use serde_json::json;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux};

use crate::browser::{Browser, Pages};
use crate::common::{TestDisplay, wait_for};
use crate::endpoint::{Endpoint, State, address_in};
use crate::painter::Painter;

const SIZE: Size = Size::new(640, 480);
const SECRET: &str = "web only";

const RAW: i32 = 0;
const COPY_RECT: i32 = 1;
const HEXTILE: i32 = 5;
const TIGHT: i32 = 7;
const TIGHT_PNG: i32 = -260;

/// The name of servers that noVNC wants no more than 64 colours of.
const COLOURLESS: &str = "Intel(r) AMT KVM";

/// Connects with these encodings of pixels alone, and everything else that noVNC asks for. What comes is written down
/// in `used`.
fn connect(browser: &mut Browser, address: SocketAddr, encodings: &[i32], name: Option<&str>) {
    let script = format!(
        "(async () => {{
            const {{default: RFB}} = await import('/core/rfb.js');
            const [wanted, name] = [{}, {}];
            const send = RFB.messages.clientEncodings;
            RFB.messages.clientEncodings = (socket, all) =>
                send(socket, wanted.concat(all.filter(number => number < 0 && number != {TIGHT_PNG})));
            if (name)
                Object.defineProperty(RFB.prototype, '_fbName', {{get: () => name, set: () => {{}}}});
            window.used = [];
            const rfb = new RFB(document.body, 'ws://{address}/websockify', {{credentials: {{password: '{SECRET}'}}}});
            for (const [number, decoder] of Object.entries(rfb._decoders)) {{
                const decode = decoder.decodeRect;
                decoder.decodeRect = (...all) => {{
                    if (!used.includes(+number)) used.push(+number);
                    return decode.apply(decoder, all);
                }};
            }}
        }})()",
        json!(encodings),
        json!(name),
    );
    browser.evaluate(&script);
}

/// What noVNC has drawn.
pub(crate) fn canvas(browser: &mut Browser) -> Option<Frame> {
    let drawn = browser.evaluate("document.querySelector('canvas')?.toDataURL('image/png')");
    let file = Base64::decode_vec(drawn.as_str()?.split_once(',')?.1).ok()?;
    let image = image::load_from_memory(&file).ok()?.into_rgb8();
    let size = Size::new(image.width(), image.height());
    let pixels = image
        .pixels()
        .map(|pixel| u32::from_be_bytes([0, pixel[0], pixel[1], pixel[2]]));
    Frame::from_pixels(size, pixels.collect())
}

/// As few shades as two bits tell apart.
fn four_shades(picture: &Frame) -> Frame {
    let shade = |pixel: u32, shift: u32| ((((pixel >> shift) & 255) * 3 + 127) / 255 * 85) << shift;
    let pixels = picture.pixels().iter();
    let pixels = pixels.map(|pixel| shade(*pixel, 16) | shade(*pixel, 8) | shade(*pixel, 0));
    Frame::from_pixels(picture.size(), pixels.collect()).unwrap()
}

/// Shows `encodings` the display, a change of it and a scroll.
fn show(encodings: &[i32], name: Option<&str>, expected: fn(&Frame) -> Frame) {
    let display = TestDisplay::start(SIZE.width, SIZE.height);
    let painter = Painter::connect(&display);
    let window = painter.show_pattern(SIZE).0;
    let arguments = ["--web", "127.0.0.1:0"];
    let endpoint = Endpoint::start(&display, &State::new(), &arguments, &[("VNC_PASSWORD", SECRET)]);
    let address = address_in(&endpoint.line("viewers in browsers are served"));
    let pages = Pages::start();
    let mut browser = Browser::open(&pages.address("/core/"));
    connect(&mut browser, address, encodings, name);
    endpoint.line("viewer let in");
    // Pictures that came with loss follow as they are.
    let mut wait_for_display = |what: &str| {
        let there = expected(&painter.screenshot());
        wait_for(&format!("{what} by {encodings:?}"), || {
            canvas(&mut browser).filter(|shown| *shown == there)
        });
    };
    wait_for_display("the display");
    painter.fill(window, Rect::new(200, 40, 60, 30), 0x00ff_00ff);
    painter.sync();
    wait_for_display("a change");
    let gc = painter.connection.generate_id().unwrap();
    let aux = CreateGCAux::new().graphics_exposures(0);
    painter.connection.create_gc(gc, window, &aux).unwrap();
    painter
        .connection
        .copy_area(window, window, gc, 20, 35, 20, 24, 400, 289)
        .unwrap();
    painter.sync();
    wait_for_display("a scroll");
    let used = browser.evaluate("window.used.filter(number => number >= 0 || number == -260)");
    for encoding in encodings {
        assert!(
            used.as_array().unwrap().contains(&json!(encoding)),
            "{encoding}: {used}"
        );
    }
}

#[test]
fn it_decodes_hextile() {
    show(&[HEXTILE], None, Frame::clone);
}

#[test]
fn it_decodes_tight() {
    show(&[TIGHT, COPY_RECT], None, Frame::clone);
}

#[test]
fn it_decodes_tight_png() {
    show(&[TIGHT_PNG], None, Frame::clone);
}

#[test]
fn it_shows_64_colours() {
    show(&[RAW], Some(COLOURLESS), four_shades);
}

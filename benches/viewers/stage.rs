//! What happens on the display: the same pixels in the same order for every server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use protocol::geometry::Rect;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Font, Gcontext, ImageFormat, InputFocus,
    Rectangle, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME};

use crate::decode::Picture;
use crate::peers::{HEIGHT, WIDTH};

/// The font that every X server has built in, and its cell.
const FONT: &[u8] = b"fixed";
const CELL: (i32, i32) = (6, 13);

/// A number that the stage shows: cells in the top row, white for 1.
const BITS: i32 = 12;
const MARK: i32 = 16;

/// Where the log scrolls.
const LOG: Rect = Rect::new(0, MARK + 4, WIDTH, HEIGHT - MARK as u32 - 4);
/// Where the keys that are typed appear.
const LINE: Rect = Rect::new(420, 200, 60 * CELL.0 as u32, CELL.1 as u32);
pub const DIALOG: Rect = Rect::new(430, 380, 420, 200);

const PAPER: u32 = 0x00ee_eeee;
const WHITE: u32 = 0x00ff_ffff;
const INK: u32 = 0x0010_1010;

/// The number that `picture` shows.
pub fn mark(picture: &Picture) -> u32 {
    let bit = |bit| picture.pixel(bit * MARK + MARK / 2, MARK / 2) & 255 > 127;
    (0..BITS).fold(0, |number, place| number | u32::from(bit(place)) << place)
}

/// The cell where the key of that number appears.
pub fn key_cell(number: usize) -> Rect {
    let column = (number * CELL.0 as usize) % LINE.width as usize;
    Rect::new(LINE.x + column as i32, LINE.y, CELL.0 as u32, CELL.1 as u32)
}

fn mixed(number: u32) -> u32 {
    let number = (number ^ number >> 16).wrapping_mul(0x7feb_352d);
    (number ^ number >> 15).wrapping_mul(0x846c_a68b) >> 8
}

/// Words like those of a log.
fn text(seed: u32, columns: usize) -> Vec<u8> {
    let letter = |place: usize| match mixed(seed.wrapping_mul(977) + place as u32) % 32 {
        letter @ 0..26 => b'a' + letter as u8,
        26..28 => b'0' + (seed % 10) as u8,
        _ => b' ',
    };
    (0..columns).map(letter).collect()
}

fn log_line(number: u32) -> Vec<u8> {
    text(number, 60 + (mixed(number) % 140) as usize)
}

/// An open log.
pub struct Log {
    window: Window,
    marks: Window,
}

/// A program on the display.
pub struct Stage {
    wire: RustConnection,
    root: Window,
    font: Font,
}

impl Stage {
    /// Shows what a gateway shows most of the day: a title bar, a log, a form, an empty desktop beside them.
    pub fn set(display: &str) -> Self {
        let (wire, screen) = RustConnection::connect(Some(display)).unwrap();
        let root = wire.setup().roots[screen].root;
        let font = wire.generate_id().unwrap();
        wire.open_font(font, FONT).unwrap();
        let stage = Self { wire, root, font };
        stage.show_window(Rect::new(0, 0, WIDTH, HEIGHT), |pixmap| {
            stage.fill(pixmap, Rect::new(0, 0, WIDTH, HEIGHT), 0x0030_5080);
            stage.fill(pixmap, Rect::new(60, 40, 900, 700), PAPER);
            for row in 0..24 {
                let shade = 0x0040_60a0 + row as u32 * 0x0003_0302;
                stage.fill(pixmap, Rect::new(60, 40 + row, 900, 1), shade);
            }
            for row in 0..48 {
                stage.write(pixmap, 70, 84 + row * CELL.1, &text(row as u32, 50), INK, PAPER);
            }
            stage.fill(pixmap, Rect::new(400, 100, 540, 400), WHITE);
            for row in 0..6 {
                stage.write(
                    pixmap,
                    420,
                    260 + row * 30,
                    &text(100 + row as u32, 20),
                    INK,
                    WHITE,
                );
                stage.fill(pixmap, Rect::new(600, 256 + row * 30, 200, 20), 0x00c0_c8d0);
            }
        });
        stage.window_of_marks();
        stage.sync();
        stage
    }

    /// Everything asked for until now is done when this returns.
    fn sync(&self) {
        self.wire.sync().unwrap();
    }

    fn gc(&self, drawable: u32, ink: u32, paper: u32) -> Gcontext {
        let gc = self.wire.generate_id().unwrap();
        let aux = CreateGCAux::new()
            .foreground(ink)
            .background(paper)
            .font(self.font)
            .graphics_exposures(0);
        self.wire.create_gc(gc, drawable, &aux).unwrap();
        gc
    }

    fn fill(&self, drawable: u32, rect: Rect, colour: u32) {
        let gc = self.gc(drawable, colour, 0);
        self.wire
            .poly_fill_rectangle(drawable, gc, &[rectangle(rect)])
            .unwrap();
        self.wire.free_gc(gc).unwrap();
    }

    /// Writes a line whose cells begin at `x`, `y`.
    fn write(&self, drawable: u32, x: i32, y: i32, text: &[u8], ink: u32, paper: u32) {
        let gc = self.gc(drawable, ink, paper);
        let baseline = y as i16 + 11;
        self.wire
            .image_text8(drawable, gc, x as i16, baseline, text)
            .unwrap();
        self.wire.free_gc(gc).unwrap();
    }

    /// Shows a window whose pixels the X server paints by itself, as `paint` made them.
    fn show_window(&self, place: Rect, paint: impl FnOnce(u32)) -> Window {
        let pixmap = self.pixmap(place);
        paint(pixmap);
        let window = self.wire.generate_id().unwrap();
        let aux = CreateWindowAux::new()
            .background_pixmap(pixmap)
            .override_redirect(1)
            .event_mask(EventMask::KEY_PRESS);
        self.wire
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                window,
                self.root,
                place.x as i16,
                place.y as i16,
                place.width as u16,
                place.height as u16,
                0,
                WindowClass::INPUT_OUTPUT,
                COPY_FROM_PARENT,
                &aux,
            )
            .unwrap();
        self.wire.map_window(window).unwrap();
        window
    }

    fn pixmap(&self, place: Rect) -> u32 {
        let pixmap = self.wire.generate_id().unwrap();
        let (width, height) = (place.width as u16, place.height as u16);
        self.wire
            .create_pixmap(24, pixmap, self.root, width, height)
            .unwrap();
        pixmap
    }

    /// A window for the number alone, above all others.
    fn window_of_marks(&self) -> Window {
        let place = Rect::new(0, 0, (BITS * MARK) as u32, MARK as u32);
        self.show_window(place, |pixmap| self.fill(pixmap, place, 0))
    }

    fn show_mark(&self, window: Window, number: u32) {
        for (colour, wanted) in [(0, 0), (WHITE, 1)] {
            let cells = (0..BITS).filter(|bit| number >> bit & 1 == wanted);
            let cells = cells.map(|bit| rectangle(Rect::new(bit * MARK, 0, MARK as u32, MARK as u32)));
            let gc = self.gc(window, colour, 0);
            self.wire
                .poly_fill_rectangle(window, gc, &cells.collect::<Vec<_>>())
                .unwrap();
            self.wire.free_gc(gc).unwrap();
        }
    }

    /// What the display shows, by the plainest request there is.
    pub fn screenshot(&self) -> Vec<u32> {
        let (width, height) = (WIDTH as u16, HEIGHT as u16);
        let image = self
            .wire
            .get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, u32::MAX)
            .unwrap()
            .reply()
            .unwrap();
        let pixels = image.data.as_chunks::<4>().0.iter();
        pixels
            .map(|bytes| u32::from_le_bytes(*bytes) & 0x00ff_ffff)
            .collect()
    }

    /// Writes a letter for each of `count` keys as soon as it is pressed.
    pub fn take_keys(display: &str, count: usize) -> JoinHandle<Self> {
        let stage = Self::set(display);
        let window = stage.show_window(LINE, |pixmap| {
            stage.fill(pixmap, Rect::new(0, 0, LINE.width, LINE.height), WHITE);
        });
        stage
            .wire
            .set_input_focus(InputFocus::POINTER_ROOT, window, CURRENT_TIME)
            .unwrap();
        stage.sync();
        thread::spawn(move || {
            let mut typed = 0;
            while typed < count {
                if let Event::KeyPress(_) = stage.wire.wait_for_event().unwrap() {
                    let cell = key_cell(typed);
                    // Another letter than the one that stands there.
                    let round = typed * CELL.0 as usize / LINE.width as usize;
                    let letter = b'a' + ((typed + round) % 26) as u8;
                    stage.write(window, cell.x - LINE.x, 0, &[letter], INK, WHITE);
                    stage.wire.flush().unwrap();
                    typed += 1;
                }
            }
            stage
        })
    }

    /// Opens a log of black on white that fills the screen.
    pub fn open_log(&self) -> Log {
        let window = self.show_window(LOG, |pixmap| {
            self.fill(pixmap, Rect::new(0, 0, LOG.width, LOG.height), WHITE);
            for row in 0..LOG.height as i32 / CELL.1 {
                self.write(pixmap, 2, row * CELL.1, &log_line(row as u32), INK, WHITE);
            }
        });
        let log = Log {
            window,
            marks: self.window_of_marks(),
        };
        self.sync();
        log
    }

    /// Lets it scroll by `lines`, one after each `pause`; when each line was shown, by its number.
    pub fn scroll(&self, log: &Log, lines: u32, pause: Duration) -> Vec<Instant> {
        let Log { window, marks } = *log;
        let gc = self.gc(window, INK, WHITE);
        let rest = LOG.height as i32 - CELL.1;
        let bottom = Rect::new(0, rest, LOG.width, CELL.1 as u32);
        let mut shown = vec![Instant::now()];
        for number in 1..=lines {
            thread::sleep(pause);
            let (width, height) = (LOG.width as u16, rest as u16);
            self.wire
                .copy_area(window, window, gc, 0, CELL.1 as i16, 0, 0, width, height)
                .unwrap();
            self.fill(window, bottom, WHITE);
            self.write(window, 2, rest, &log_line(1000 + number), INK, WHITE);
            self.show_mark(marks, number);
            shown.push(Instant::now());
            self.wire.flush().unwrap();
        }
        shown
    }

    /// A dialog that is not shown yet.
    pub fn dialog(&self) -> Window {
        let dialog = self.show_window(DIALOG, |pixmap| {
            self.fill(pixmap, Rect::new(0, 0, DIALOG.width, DIALOG.height), PAPER);
            self.fill(pixmap, Rect::new(0, 0, DIALOG.width, 22), 0x0040_60a0);
            for row in 0..6 {
                self.write(pixmap, 20, 40 + row * 18, &text(300 + row as u32, 60), INK, PAPER);
            }
            for button in 0..2 {
                self.fill(pixmap, Rect::new(120 + button * 100, 160, 80, 26), 0x00c0_c8d0);
                self.write(pixmap, 140 + button * 100, 166, b"button", INK, 0x00c0_c8d0);
            }
        });
        self.hide(dialog);
        dialog
    }

    pub fn show(&self, window: Window) {
        self.wire.map_window(window).unwrap();
        self.sync();
    }

    pub fn hide(&self, window: Window) {
        self.wire.unmap_window(window).unwrap();
        self.sync();
    }

    /// Changes every pixel, 60 times a second, until `stop`: noise, or pictures that move.
    pub fn play(&self, noise: bool, stop: &AtomicBool) {
        let place = Rect::new(0, 0, WIDTH, HEIGHT);
        let pictures: Vec<u32> = (0..4)
            .map(|picture| {
                let pixmap = self.pixmap(place);
                let pixels: Vec<u8> = (0..WIDTH * HEIGHT)
                    .flat_map(|at| {
                        let pixel = if noise {
                            mixed(at * 4 + picture)
                        } else {
                            soft(at, picture)
                        };
                        pixel.to_le_bytes()
                    })
                    .collect();
                let gc = self.gc(pixmap, 0, 0);
                let (width, height) = (WIDTH as u16, HEIGHT as u16);
                self.wire
                    .put_image(
                        ImageFormat::Z_PIXMAP,
                        pixmap,
                        gc,
                        width,
                        height,
                        0,
                        0,
                        0,
                        24,
                        &pixels,
                    )
                    .unwrap();
                pixmap
            })
            .collect();
        let window = self.show_window(place, |_| {});
        let marks = self.window_of_marks();
        let gc = self.gc(window, 0, 0);
        self.sync();
        let mut next = Instant::now();
        for (number, picture) in (1..).zip(pictures.iter().cycle()) {
            let (width, height) = (WIDTH as u16, HEIGHT as u16);
            self.wire
                .copy_area(*picture, window, gc, 0, 0, 0, 0, width, height)
                .unwrap();
            self.show_mark(marks, number % (1 << BITS));
            self.sync();
            if stop.load(Ordering::Relaxed) {
                return;
            }
            next = (next + Duration::from_micros(16_667)).max(Instant::now());
            thread::sleep(next - Instant::now());
        }
    }
}

/// A pixel of soft shapes with some grain, in the way of a photograph.
fn soft(at: u32, picture: u32) -> u32 {
    let (x, y) = (at % WIDTH + picture * 9, at / WIDTH);
    let wave = |scale: f32, phase: f32| {
        let shade = (x as f32 / scale + phase).sin() * (y as f32 / scale / 1.3).cos();
        (128.0 + 90.0 * shade) as u32
    };
    let grain = mixed(at) % 12;
    (wave(37.0, 0.0) + grain) << 16 | (wave(53.0, 1.0) + grain) << 8 | (wave(71.0, 2.0) + grain)
}

const fn rectangle(rect: Rect) -> Rectangle {
    Rectangle {
        x: rect.x as i16,
        y: rect.y as i16,
        width: rect.width as u16,
        height: rect.height as u16,
    }
}

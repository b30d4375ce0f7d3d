//! scratch
use gatehand::screen::*; use gatehand::vision::*;
fn main() { for p in std::env::args().skip(1) {
 let i = image::open(&p).unwrap().to_rgb8();
 let f = Frame::from_pixels(Size::new(i.width(), i.height()), i.pixels().map(|p| u32::from_be_bytes([0, p.0[0], p.0[1], p.0[2]])).collect()).unwrap();
 let mut r = Reader::new(Tesseract::open(None).unwrap(), Cache::new());
 let d = r.read(&f).unwrap(); println!("== {p} {:?}", d.size);
 for (n, g) in d.regions.iter().enumerate() { println!("{n:3} {:?} {},{} {}x{} {:06x}", g.kind, g.bounds.x, g.bounds.y, g.bounds.width, g.bounds.height, g.background); }
 for l in &d.lines { println!("  {:?} {},{} {}x{} conf {} in {:?}", l.text, l.bounds.x, l.bounds.y, l.bounds.width, l.bounds.height, l.confidence, l.region); }
 if std::env::var_os("INK").is_some() { println!("{}", Segments::of(&f).describe()); }
}}

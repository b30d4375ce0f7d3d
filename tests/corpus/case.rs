//! One picture of the corpus, and what is true of it: `<folder>/window.png` and `<folder>/window.toml`.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use gatehand::screen::{Frame, Rect, Size, Window, WindowId, WindowKind};
use serde::{Deserialize, Serialize};

/// `window.toml`. What a snapshot of a real window does not know may be left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Truth {
    pub title: String,
    #[serde(default)]
    pub class: String,
    pub kind: WindowKind,
    /// The rule that must claim it; none may when there is none.
    pub rule: Option<String>,
    /// What it was painted with: look, font, smoothing.
    #[serde(default)]
    pub style: String,
    /// Its controls; none: nothing is known of them.
    #[serde(default, rename = "part")]
    pub parts: Vec<Part>,
}

/// A control. `kind` is button, toggle, check, radio, field, secret, menu or head (of a table).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Part {
    pub kind: String,
    pub text: String,
    /// Left, top, width, height.
    pub place: [i32; 4],
    pub enabled: bool,
    pub on: Option<bool>,
}

impl Part {
    pub fn bounds(&self) -> Rect {
        let [x, y, width, height] = self.place;
        Rect::new(x, y, width.unsigned_abs(), height.unsigned_abs())
    }

    pub fn is_button(&self) -> bool {
        matches!(self.kind.as_str(), "button" | "toggle")
    }
}

/// A picture with its truth.
pub struct Case {
    pub name: String,
    pub truth: Truth,
    pub frame: Frame,
}

impl Case {
    pub fn load(folder: &Path) -> Self {
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let text = String::from_utf8(read("window.toml")).unwrap();
        let truth: Truth =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let image = image::load_from_memory(&read("window.png")).unwrap().to_rgb8();
        let size = Size::new(image.width(), image.height());
        let pixels = image
            .pixels()
            .map(|p| u32::from_be_bytes([0, p.0[0], p.0[1], p.0[2]]));
        let parent = folder.parent().and_then(Path::file_name).unwrap_or_default();
        let own = folder.file_name().unwrap_or_default();
        Self {
            name: format!("{}/{}", parent.display(), own.display()),
            truth,
            frame: Frame::from_pixels(size, pixels.collect()).unwrap(),
        }
    }

    pub fn save(folder: &Path, truth: &Truth, frame: &Frame) {
        fs::create_dir_all(folder).unwrap();
        write_png(&folder.join("window.png"), frame);
        fs::write(folder.join("window.toml"), toml::to_string(truth).unwrap()).unwrap();
    }

    /// The window as the display would tell of it.
    pub fn window(&self) -> Window {
        Window {
            id: WindowId(1),
            title: self.truth.title.clone(),
            class: self.truth.class.clone(),
            kind: self.truth.kind,
            transient_for: None,
            geometry: self.frame.bounds(),
            pid: None,
            client: 1,
            stacking: 0,
        }
    }
}

/// All cases two folders below `root`, by name.
pub fn folders(root: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect()
    };
    let mut found: Vec<PathBuf> = below(root).iter().flat_map(|rule| below(rule)).collect();
    found.sort();
    found
}

/// Few colours make a small file.
fn write_png(path: &Path, frame: &Frame) {
    let mut palette: Vec<u32> = frame.pixels().to_vec();
    palette.sort_unstable();
    palette.dedup();
    let mut encoder = png::Encoder::new(
        BufWriter::new(File::create(path).unwrap()),
        frame.size().width,
        frame.size().height,
    );
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let channels = |pixel: u32| {
        let [_, red, green, blue] = pixel.to_be_bytes();
        [red, green, blue]
    };
    let bytes: Vec<u8> = if palette.len() <= 256 {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.iter().copied().flat_map(channels).collect::<Vec<u8>>());
        let index = |pixel: &u32| palette.binary_search(pixel).unwrap() as u8;
        frame.pixels().iter().map(index).collect()
    } else {
        encoder.set_color(png::ColorType::Rgb);
        frame.pixels().iter().copied().flat_map(channels).collect()
    };
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
}

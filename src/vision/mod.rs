//! From pixels to a [`Reading`](crate::screen::Reading): regions, lines of text, controls.
//!
//! Reading order: [`Reader`] is the way in. A picture is divided into flat areas (`flat`), those that are shaped like
//! something become grounds (`regions`), what differs from its ground is ink (`ink`), ink becomes lines (`lines`);
//! each line is cut out dark on white (`binarise`), looked up (`cache`) or read (`ocr`, `tesseract`). [`controls`],
//! [`options`], [`menu`], [`prose`] and [`tree`] answer questions about a reading; [`text`] compares texts.

pub mod absence;
mod binarise;
mod cache;
mod check_box;
pub mod controls;
mod dotted;
mod fingerprint;
mod flat;
pub mod gif;
mod halves;
mod holes;
mod ink;
mod kinds;
mod lines;
mod marks;
pub mod menu;
mod ocr;
pub mod options;
mod outline;
mod pills;
mod plates;
pub mod png;
pub mod prose;
mod reader;
mod regions;
mod rings;
mod tesseract;
pub mod text;
mod texture;
pub mod tree;

pub use binarise::{GreyImage, LineBitmap};
pub use cache::{Cache, CacheError};
pub use fingerprint::fingerprint;
pub use ocr::{Ocr, OcrError, ReadText};
pub use reader::{Reader, Segments, outline};
pub use tesseract::Tesseract;

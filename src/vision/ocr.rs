//! What the reader asks of an OCR engine.

use super::binarise::GreyImage;
use crate::screen::Rect;

/// A piece of text that an engine has read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadText {
    /// The text, trimmed; empty when nothing was found.
    pub text: String,
    /// 0 (a guess) to 100 (certain).
    pub confidence: u8,
}

/// A way to get text from pixels.
pub trait Ocr {
    /// Reads a picture of one line.
    fn read_line(&mut self, picture: &GreyImage) -> Result<ReadText, OcrError>;

    /// Reads a picture with text anywhere; one item per line, with its place in the picture.
    fn read_sparse(&mut self, picture: &GreyImage) -> Result<Vec<(ReadText, Rect)>, OcrError>;
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The engine's library is not there.
    #[error("cannot load {library}: {cause}; install the Debian package libtesseract5 (or tesseract-ocr)")]
    Library {
        /// Name of the shared library.
        library: &'static str,
        /// What the dynamic linker said.
        cause: String,
    },
    /// The library has not the functions of Tesseract 5.
    #[error("{library} is not Tesseract 5: {cause}; install the Debian package libtesseract5")]
    Symbol {
        /// Name of the shared library.
        library: &'static str,
        /// What the dynamic linker said.
        cause: String,
    },
    /// There is no English data.
    #[error("no eng.traineddata in {}; install the Debian package tesseract-ocr-eng or set TESSDATA_PREFIX", folders.join(", "))]
    Data {
        /// Where it was looked for.
        folders: Vec<String>,
    },
    /// The engine did not accept its data.
    #[error(
        "Tesseract cannot start with the data in {folder}; install the Debian package tesseract-ocr-eng again"
    )]
    Start {
        /// Folder of the data.
        folder: String,
    },
    /// The engine gave up on a picture.
    #[error("Tesseract failed on a picture of {width} x {height}")]
    Recognise {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
}

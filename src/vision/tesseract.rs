//! Tesseract 5 by its C API (`tesseract/capi.h`), loaded when it is first needed.

use std::ffi::{CStr, CString, c_char, c_int, c_uchar, c_void};
use std::path::{Path, PathBuf};

use libloading::Library;

use super::binarise::GreyImage;
use super::ocr::{Ocr, OcrError, ReadText};
use crate::screen::Rect;

const LIBRARY: &str = "libtesseract.so.5";
const FOLDERS: [&str; 2] = [
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
];
/// `PSM_SINGLE_LINE`.
const SINGLE_LINE: c_int = 7;
/// `PSM_SPARSE_TEXT`.
const SPARSE: c_int = 11;
/// Without one Tesseract guesses, and says so on stderr.
const DPI: c_int = 300;

/// The confidence, at most, in a text that leaves out a part of its line, however sure the engine is of the rest.
const PARTIAL: c_int = 40;

type Handle = *mut c_void;

/// The functions of `capi.h` that are used, with its types.
struct Api {
    create: unsafe extern "C" fn() -> Handle,
    delete: unsafe extern "C" fn(Handle),
    init: unsafe extern "C" fn(Handle, *const c_char, *const c_char) -> c_int,
    set_variable: unsafe extern "C" fn(Handle, *const c_char, *const c_char) -> c_int,
    set_mode: unsafe extern "C" fn(Handle, c_int),
    set_image: unsafe extern "C" fn(Handle, *const c_uchar, c_int, c_int, c_int, c_int),
    set_resolution: unsafe extern "C" fn(Handle, c_int),
    recognize: unsafe extern "C" fn(Handle, *mut c_void) -> c_int,
    text: unsafe extern "C" fn(Handle) -> *mut c_char,
    table: unsafe extern "C" fn(Handle, c_int) -> *mut c_char,
    confidence: unsafe extern "C" fn(Handle) -> c_int,
    clear: unsafe extern "C" fn(Handle),
    delete_text: unsafe extern "C" fn(*const c_char),
    // Last, so that it is unloaded after everything that points into it.
    _library: Library,
}

impl Api {
    fn load() -> Result<Self, OcrError> {
        // SAFETY: the library's constructors are those of Tesseract and of what it is linked with; they have no
        // preconditions.
        let library = unsafe { Library::new(LIBRARY) }.map_err(|error| OcrError::Library {
            library: LIBRARY,
            cause: error.to_string(),
        })?;
        Ok(Self {
            create: symbol(&library, c"TessBaseAPICreate")?,
            delete: symbol(&library, c"TessBaseAPIDelete")?,
            init: symbol(&library, c"TessBaseAPIInit3")?,
            set_variable: symbol(&library, c"TessBaseAPISetVariable")?,
            set_mode: symbol(&library, c"TessBaseAPISetPageSegMode")?,
            set_image: symbol(&library, c"TessBaseAPISetImage")?,
            set_resolution: symbol(&library, c"TessBaseAPISetSourceResolution")?,
            recognize: symbol(&library, c"TessBaseAPIRecognize")?,
            text: symbol(&library, c"TessBaseAPIGetUTF8Text")?,
            table: symbol(&library, c"TessBaseAPIGetTsvText")?,
            confidence: symbol(&library, c"TessBaseAPIMeanTextConf")?,
            clear: symbol(&library, c"TessBaseAPIClear")?,
            delete_text: symbol(&library, c"TessDeleteText")?,
            _library: library,
        })
    }
}

fn symbol<T: Copy>(library: &Library, name: &CStr) -> Result<T, OcrError> {
    // SAFETY: every `T` here is the function pointer type that `capi.h` declares for `name`, and the library is
    // kept in the same structure as the pointer.
    let found = unsafe { library.get::<T>(name.to_bytes_with_nul()) };
    found.map(|symbol| *symbol).map_err(|error| OcrError::Symbol {
        library: LIBRARY,
        cause: error.to_string(),
    })
}

/// The engine, with English data. One at a time: it is not shared between threads.
pub struct Tesseract {
    api: Api,
    handle: Handle,
}

// SAFETY: a TessBaseAPI keeps no thread-local state; `&mut self` on every call keeps it with one thread at a time.
unsafe impl Send for Tesseract {}

impl Tesseract {
    /// Loads the library and the data: about 100 ms.
    ///
    /// The data is that of `data` if given, else of TESSDATA_PREFIX, else of Debian's folders. For speed the
    /// environment should have had OMP_THREAD_LIMIT=1 when the program was executed.
    ///
    /// # Errors
    ///
    /// When the library or its data is missing; the message names the Debian package.
    pub fn open(data: Option<&Path>) -> Result<Self, OcrError> {
        let folder = data_folder(data)?;
        let folder_text = folder.display().to_string();
        let start = || OcrError::Start {
            folder: folder_text.clone(),
        };
        let path = CString::new(folder_text.clone()).map_err(|_| start())?;
        let api = Api::load()?;
        // SAFETY: no precondition.
        let handle = unsafe { (api.create)() };
        if handle.is_null() {
            return Err(start());
        }
        let engine = Self { api, handle };
        engine.set(c"debug_file", c"/dev/null");
        // SAFETY: the handle is live, both strings end with a zero and outlive the call.
        let failed = unsafe { (engine.api.init)(handle, path.as_ptr(), c"eng".as_ptr()) };
        if failed != 0 {
            return Err(start());
        }
        engine.set(c"debug_file", c"/dev/null");
        engine.set(c"user_defined_dpi", c"300");
        engine.set(c"tessedit_do_invert", c"0");
        Ok(engine)
    }

    fn set(&self, name: &CStr, value: &CStr) {
        // SAFETY: the handle is live, both strings end with a zero. A name that is unknown has no effect.
        unsafe { (self.api.set_variable)(self.handle, name.as_ptr(), value.as_ptr()) };
    }

    /// Recognises `picture` and hands out what `result` makes of it.
    fn recognise<T>(
        &mut self,
        picture: &GreyImage,
        mode: c_int,
        result: impl FnOnce(&Self) -> T,
    ) -> Result<T, OcrError> {
        let failed = || OcrError::Recognise {
            width: picture.width,
            height: picture.height,
        };
        let width = c_int::try_from(picture.width).map_err(|_| failed())?;
        let height = c_int::try_from(picture.height).map_err(|_| failed())?;
        if picture.pixels.len() != picture.width * picture.height || picture.pixels.is_empty() {
            return Err(failed());
        }
        // SAFETY: the handle is live; SetImage copies `width * height` bytes, which the slice has.
        let status = unsafe {
            (self.api.set_mode)(self.handle, mode);
            (self.api.set_image)(self.handle, picture.pixels.as_ptr(), width, height, 1, width);
            (self.api.set_resolution)(self.handle, DPI);
            (self.api.recognize)(self.handle, std::ptr::null_mut())
        };
        let result = (status == 0).then(|| result(self));
        // SAFETY: the handle is live; frees the picture and the results.
        unsafe { (self.api.clear)(self.handle) };
        result.ok_or_else(failed)
    }

    fn take(&self, text: *mut c_char) -> String {
        if text.is_null() {
            return String::new();
        }
        // SAFETY: Tesseract's results are zero-terminated, and are ours until given to TessDeleteText.
        unsafe {
            let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
            (self.api.delete_text)(text);
            owned
        }
    }
}

impl Drop for Tesseract {
    fn drop(&mut self) {
        // SAFETY: the handle is live and not used again.
        unsafe { (self.api.delete)(self.handle) };
    }
}

impl std::fmt::Debug for Tesseract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tesseract").finish_non_exhaustive()
    }
}

impl Ocr for Tesseract {
    fn read_line(&mut self, picture: &GreyImage) -> Result<ReadText, OcrError> {
        self.recognise(picture, SINGLE_LINE, |engine| {
            // SAFETY: the handle is live and has recognised a picture.
            let (text, table, confidence) = unsafe {
                (
                    (engine.api.text)(engine.handle),
                    (engine.api.table)(engine.handle, 0),
                    (engine.api.confidence)(engine.handle),
                )
            };
            let text = engine.take(text);
            let places = lines_of_table(&engine.take(table));
            let place = places
                .iter()
                .fold(Rect::default(), |all, (_, place)| all.union(place));
            let most = if covers(picture, &place) { 100 } else { PARTIAL };
            ReadText {
                text: text.split_whitespace().collect::<Vec<_>>().join(" "),
                confidence: confidence.clamp(0, most) as u8,
            }
        })
    }

    fn read_sparse(&mut self, picture: &GreyImage) -> Result<Vec<(ReadText, Rect)>, OcrError> {
        self.recognise(picture, SPARSE, |engine| {
            // SAFETY: the handle is live and has recognised a picture.
            let table = unsafe { (engine.api.table)(engine.handle, 0) };
            lines_of_table(&engine.take(table))
        })
    }
}

fn data_folder(given: Option<&Path>) -> Result<PathBuf, OcrError> {
    let folders: Vec<PathBuf> = match (given, std::env::var_os("TESSDATA_PREFIX")) {
        (Some(folder), _) => vec![folder.to_owned()],
        (None, Some(folder)) => vec![PathBuf::from(&folder), PathBuf::from(folder).join("tessdata")],
        (None, None) => FOLDERS.iter().map(PathBuf::from).collect(),
    };
    let found = folders
        .iter()
        .find(|folder| folder.join("eng.traineddata").is_file());
    found.cloned().ok_or_else(|| OcrError::Data {
        folders: folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect(),
    })
}

/// Whether a text at `place` is all that `picture` shows, from its first column with ink to its last.
fn covers(picture: &GreyImage, place: &Rect) -> bool {
    let inked = |x: usize| (0..picture.height).any(|y| picture.pixels[y * picture.width + x] < 128);
    let inked_rows = picture
        .pixels
        .chunks_exact(picture.width)
        .filter(|row| row.iter().any(|&pixel| pixel < 128));
    let slack = inked_rows.count() as i32 / 5;
    let first = (0..picture.width).find(|&x| inked(x));
    let last = (0..picture.width).rfind(|&x| inked(x));
    let before = first.map_or(0, |x| place.x - x as i32);
    let after = last.map_or(0, |x| x as i32 + 1 - place.right());
    before <= slack && after <= slack
}

/// Joins the words (level 5) of Tesseract's tab-separated table to lines.
fn lines_of_table(table: &str) -> Vec<(ReadText, Rect)> {
    let mut lines: Vec<(String, ReadText, Rect, u32)> = Vec::new();
    for row in table.lines() {
        let cells: Vec<&str> = row.split('\t').collect();
        let [
            level,
            page,
            block,
            paragraph,
            line,
            _,
            x,
            y,
            w,
            h,
            confidence,
            word,
        ] = cells[..]
        else {
            continue;
        };
        let (Ok(x), Ok(y), Ok(w), Ok(h)) = (x.parse(), y.parse(), w.parse(), h.parse()) else {
            continue;
        };
        let word = word.trim();
        if level != "5" || word.is_empty() {
            continue;
        }
        let key = [page, block, paragraph, line].join(".");
        let bounds = Rect::new(x, y, w, h);
        let confidence = confidence.parse::<f32>().unwrap_or(0.0).clamp(0.0, 100.0) as u8;
        match lines.last_mut().filter(|last| last.0 == key) {
            Some((_, read, place, words)) => {
                read.text.push(' ');
                read.text.push_str(word);
                let sum = u32::from(read.confidence) * *words + u32::from(confidence);
                *words += 1;
                read.confidence = (sum / *words) as u8;
                *place = place.union(&bounds);
            }
            None => lines.push((
                key,
                ReadText {
                    text: word.to_owned(),
                    confidence,
                },
                bounds,
                1,
            )),
        }
    }
    lines
        .into_iter()
        .map(|(_, read, bounds, _)| (read, bounds))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_line_are_joined() {
        let table = "1\t1\t0\t0\t0\t0\t0\t0\t90\t90\t-1\t\n\
                     5\t1\t1\t1\t1\t1\t10\t5\t20\t9\t90.5\tLog\n\
                     5\t1\t1\t1\t1\t2\t34\t5\t10\t9\t80.0\tIn\n\
                     5\t1\t2\t1\t1\t1\t10\t40\t20\t9\t70\tExit\n\
                     5\tbroken\n";
        let lines = lines_of_table(table);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[0].0,
            ReadText {
                text: "Log In".to_owned(),
                confidence: 85
            }
        );
        assert_eq!(lines[0].1, Rect::new(10, 5, 34, 9));
    }

    #[test]
    fn a_text_that_leaves_out_a_letter_at_an_end_does_not_cover_its_line() {
        let mut picture = GreyImage {
            width: 100,
            height: 40,
            pixels: vec![255; 4000],
        };
        for y in 5..35 {
            picture.pixels[y * 100 + 12..y * 100 + 88].fill(0);
        }
        let covers = |left, right| covers(&picture, &Rect::from_edges(left, 5, right, 35));
        assert!(covers(12, 88) && covers(16, 84) && covers(0, 100));
        assert!(!covers(24, 88) && !covers(12, 76));
    }

    #[test]
    fn missing_data_names_the_package() {
        let error = Tesseract::open(Some(Path::new("/nowhere"))).unwrap_err();
        assert!(error.to_string().contains("tesseract-ocr-eng"), "{error}");
        assert!(error.to_string().contains("/nowhere"), "{error}");
    }
}

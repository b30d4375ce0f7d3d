//! The extended clipboard (rfbproto, "Extended Clipboard Pseudo-Encoding"): texts in Unicode, both ways. Each side says
//! that it has one, the other asks for it when it is wanted.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::error::Error;
use crate::server_message::put_extended_cut_text;
use crate::wire::{Put, Reader};

/// The only format that is served, and the bits that formats have.
const TEXT: u32 = 1;
const FORMATS: u32 = 0xffff;

const CAPS: u32 = 1 << 24;
const REQUEST: u32 = 1 << 25;
const PEEK: u32 = 1 << 26;
const NOTIFY: u32 = 1 << 27;
const PROVIDE: u32 = 1 << 28;
const ACTIONS: u32 = CAPS | REQUEST | PEEK | NOTIFY | PROVIDE;

/// One viewer's clipboard and the screen's.
#[derive(Debug)]
pub(crate) struct Clipboard {
    /// Longer texts go neither way, bytes.
    limit: usize,
    /// What the viewer understands; until it says so, what the document says that it does.
    viewer: u32,
    /// The screen's text.
    text: Option<String>,
}

impl Clipboard {
    /// No text longer than `limit` bytes passes.
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            viewer: REQUEST | NOTIFY | PROVIDE | TEXT,
            text: None,
        }
    }

    /// Tells the viewer what is served.
    pub(crate) fn put_caps(&self, out: &mut Vec<u8>) {
        let mut payload = Vec::new();
        payload.put_u32(ACTIONS | TEXT);
        payload.put_u32(u32::try_from(self.limit).unwrap_or(u32::MAX));
        put_extended_cut_text(&payload, out);
    }

    /// The screen has another text: tells the viewer that it may ask for it. One that is too long is none.
    pub(crate) fn changed(&mut self, text: &str, out: &mut Vec<u8>) {
        self.text = (text.len() <= self.limit).then(|| text.to_owned());
        if self.viewer & TEXT == 0 {
            return;
        }
        if self.viewer & NOTIFY != 0 {
            self.put_notify(out);
        } else if self.viewer & PROVIDE != 0 {
            self.put_text(out);
        }
    }

    /// Reads a message of the viewer's, answers it, and returns the text that it brought. One that is too long is left
    /// out before it takes memory.
    ///
    /// # Errors
    /// [`Error::Clipboard`].
    pub(crate) fn receive(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<Option<String>, Error> {
        let mut reader = Reader::new(payload);
        let flags = reader
            .u32()
            .ok_or(Error::Clipboard("it is too short for its flags"))?;
        match flags & ACTIONS {
            _ if flags & CAPS != 0 => {
                let sizes = (flags & FORMATS).count_ones() as usize * 4;
                if reader.remaining() < sizes {
                    return Err(Error::Clipboard("it has fewer sizes than formats"));
                }
                self.viewer = flags;
            }
            REQUEST if flags & TEXT != 0 => self.put_text(out),
            PEEK => self.put_notify(out),
            NOTIFY if flags & TEXT != 0 => put_flags(REQUEST | TEXT, out),
            PROVIDE if flags & TEXT != 0 => return self.provided(reader),
            // Formats that were not offered, an empty clipboard, and what may be invented yet.
            _ => {}
        }
        Ok(None)
    }

    /// The text at the front of a provide message: it is the first of all formats.
    fn provided(&self, mut reader: Reader<'_>) -> Result<Option<String>, Error> {
        let compressed = reader.take(reader.remaining()).unwrap_or_default();
        let mut plain = ZlibDecoder::new(compressed);
        let broken = |_| Error::Clipboard("its text cannot be decompressed");
        let mut length = [0; 4];
        plain.read_exact(&mut length).map_err(broken)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > self.limit {
            return Ok(None);
        }
        let mut text = vec![0; length];
        plain.read_exact(&mut text).map_err(broken)?;
        let text = text.strip_suffix(b"\0").unwrap_or(&text);
        Ok(Some(String::from_utf8_lossy(text).replace("\r\n", "\n")))
    }

    fn put_notify(&self, out: &mut Vec<u8>) {
        let formats = if self.text.is_some() { TEXT } else { 0 };
        put_flags(NOTIFY | formats, out);
    }

    /// Lines end with CR LF, the text with a zero.
    fn put_text(&self, out: &mut Vec<u8>) {
        let Some(text) = &self.text else {
            return;
        };
        let mut text = text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
        text.push(0);
        let mut payload = Vec::new();
        payload.put_u32(PROVIDE | TEXT);
        let mut compressed = ZlibEncoder::new(payload, Compression::fast());
        let written = compressed
            .write_all(&(text.len() as u32).to_be_bytes())
            .and_then(|()| compressed.write_all(&text))
            .and_then(|()| compressed.finish());
        debug_assert!(written.is_ok(), "memory takes every byte");
        if let Ok(payload) = written {
            put_extended_cut_text(&payload, out);
        }
    }
}

fn put_flags(flags: u32, out: &mut Vec<u8>) {
    put_extended_cut_text(&flags.to_be_bytes(), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provide(plain: &[u8]) -> Vec<u8> {
        let mut message = (PROVIDE | TEXT).to_be_bytes().to_vec();
        let mut compressed = ZlibEncoder::new(Vec::new(), Compression::best());
        compressed.write_all(plain).unwrap();
        message.extend(compressed.finish().unwrap());
        message
    }

    fn with_length(text: &[u8]) -> Vec<u8> {
        [&(text.len() as u32).to_be_bytes(), text].concat()
    }

    #[test]
    fn a_text_arrives_as_it_is_meant() {
        let mut clipboard = Clipboard::new(100);
        let mut out = Vec::new();
        for (sent, expected) in [
            ("a€\r\nб\0".as_bytes(), "a€\nб"),
            (b"no zero", "no zero"),
            (b"\xff!\0", "\u{fffd}!"),
            (b"", ""),
        ] {
            let text = clipboard.receive(&provide(&with_length(sent)), &mut out);
            assert_eq!(text, Ok(Some(expected.to_owned())));
        }
        assert!(out.is_empty());
    }

    #[test]
    fn what_is_too_long_never_takes_memory() {
        let mut clipboard = Clipboard::new(100);
        let mut out = Vec::new();
        assert_eq!(
            clipboard.receive(&provide(&with_length(&[b'x'; 101])), &mut out),
            Ok(None)
        );
        // Four gigabytes by its own words, and none of them there.
        assert_eq!(
            clipboard.receive(&provide(&u32::MAX.to_be_bytes()), &mut out),
            Ok(None)
        );
        clipboard.changed(&"x".repeat(101), &mut out);
        assert_eq!(
            out,
            [3, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 8, 0, 0, 0],
            "nothing to ask for"
        );
    }

    #[test]
    fn broken_messages_are_errors() {
        let mut clipboard = Clipboard::new(100);
        let mut garbage = (PROVIDE | TEXT).to_be_bytes().to_vec();
        garbage.extend(b"not zlib at all");
        for (message, word) in [
            (&[0, 0, 1][..], "flags"),
            (&(CAPS | 3).to_be_bytes(), "sizes"),
            (&garbage, "decompressed"),
            (&provide(&[0, 0]), "decompressed"),
            (&provide(&[0, 0, 0, 9, b'x']), "decompressed"),
        ] {
            let Err(Error::Clipboard(problem)) = clipboard.receive(message, &mut Vec::new()) else {
                panic!("{message:?} must be refused");
            };
            assert!(problem.contains(word), "{problem}");
        }
    }
}

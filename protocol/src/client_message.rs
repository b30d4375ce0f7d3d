//! What a viewer sends after the handshake (RFC 6143 §7.5), read with limits before anything is allocated.

use crate::error::Error;
use crate::geometry::{Point, Rect};
use crate::pixel_format::PixelFormat;
use crate::wire::Reader;

/// More encodings than any viewer knows.
pub const MAX_ENCODINGS: usize = 1024;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// §7.5.1
    SetPixelFormat(PixelFormat),
    /// §7.5.2: numbers in the viewer's order of preference.
    SetEncodings(Vec<i32>),
    /// §7.5.3
    FramebufferUpdateRequest {
        /// Only what has changed.
        incremental: bool,
        /// Inside what.
        area: Rect,
    },
    /// §7.5.4
    KeyEvent {
        /// Pressed, not released.
        down: bool,
        /// An X11 keysym.
        keysym: u32,
    },
    /// §7.5.5
    PointerEvent {
        /// Bit 0 is the left button.
        buttons: u8,
        /// Where.
        at: Point,
    },
    /// §7.5.6: Latin-1.
    ClientCutText(Vec<u8>),
}

/// What the front of the buffer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A message that took so many bytes.
    Message(ClientMessage, usize),
    /// A text longer than `cut_text_limit`: so many bytes are to be thrown away, many of them not received yet.
    Skip(usize),
    /// The start of a message.
    Incomplete,
}

impl ClientMessage {
    /// Reads the message at the front of `bytes`.
    ///
    /// # Errors
    /// An unknown type, an unusable pixel format, a length over its limit.
    pub fn parse(bytes: &[u8], cut_text_limit: usize) -> Result<Parsed, Error> {
        let mut reader = Reader::new(bytes);
        let Some(kind) = reader.u8() else {
            return Ok(Parsed::Incomplete);
        };
        let message = match kind {
            0 => set_pixel_format(&mut reader)?,
            2 => set_encodings(&mut reader)?,
            3 => update_request(&mut reader),
            4 => key_event(&mut reader),
            5 => pointer_event(&mut reader),
            6 => match cut_text_length(&mut reader) {
                Some(length) if length > cut_text_limit => return Ok(Parsed::Skip(8 + length)),
                Some(length) => reader.take(length).map(|text| Self::ClientCutText(text.to_vec())),
                None => None,
            },
            other => return Err(Error::UnknownMessage(other)),
        };
        Ok(message.map_or(Parsed::Incomplete, |message| {
            Parsed::Message(message, bytes.len() - reader.remaining())
        }))
    }
}

fn set_pixel_format(reader: &mut Reader<'_>) -> Result<Option<ClientMessage>, Error> {
    if reader.take(3).is_none() {
        return Ok(None);
    }
    let format = PixelFormat::read(reader).transpose()?;
    Ok(format.map(ClientMessage::SetPixelFormat))
}

fn set_encodings(reader: &mut Reader<'_>) -> Result<Option<ClientMessage>, Error> {
    let Some(count) = reader.take(1).and_then(|_| reader.u16()).map(usize::from) else {
        return Ok(None);
    };
    if count > MAX_ENCODINGS {
        return Err(Error::TooLong {
            what: "list of encodings",
            length: count,
            limit: MAX_ENCODINGS,
        });
    }
    Ok(reader.take(count * 4).map(|list| {
        let (numbers, _) = list.as_chunks::<4>();
        ClientMessage::SetEncodings(numbers.iter().map(|number| i32::from_be_bytes(*number)).collect())
    }))
}

fn update_request(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    let incremental = reader.u8()? != 0;
    let [x, y, width, height] = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
    Some(ClientMessage::FramebufferUpdateRequest {
        incremental,
        area: Rect::new(x.into(), y.into(), width.into(), height.into()),
    })
}

fn key_event(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    let down = reader.u8()? != 0;
    reader.take(2)?;
    let keysym = reader.u32()?;
    Some(ClientMessage::KeyEvent { down, keysym })
}

fn pointer_event(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    let buttons = reader.u8()?;
    let at = Point::new(reader.u16()?.into(), reader.u16()?.into());
    Some(ClientMessage::PointerEvent { buttons, at })
}

fn cut_text_length(reader: &mut Reader<'_>) -> Option<usize> {
    reader.take(3)?;
    reader.u32().map(|length| length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;

    fn every_message() -> Vec<(Vec<u8>, ClientMessage)> {
        let mut format = vec![0, 0, 0, 0];
        PixelFormat::NATIVE.put(&mut format);
        vec![
            (format, ClientMessage::SetPixelFormat(PixelFormat::NATIVE)),
            (
                vec![2, 0, 0, 2, 0, 0, 0, 16, 0xff, 0xff, 0xff, 0x11],
                ClientMessage::SetEncodings(vec![16, -239]),
            ),
            (
                vec![3, 1, 0, 1, 0, 2, 0, 3, 0, 4],
                ClientMessage::FramebufferUpdateRequest {
                    incremental: true,
                    area: Rect::new(1, 2, 3, 4),
                },
            ),
            (
                vec![4, 1, 0, 0, 0, 0, 0xff, 0x0d],
                ClientMessage::KeyEvent {
                    down: true,
                    keysym: 0xff0d,
                },
            ),
            (
                vec![5, 4, 1, 0, 0, 9],
                ClientMessage::PointerEvent {
                    buttons: 4,
                    at: Point::new(256, 9),
                },
            ),
            (
                vec![6, 0, 0, 0, 0, 0, 0, 2, b'h', b'i'],
                ClientMessage::ClientCutText(b"hi".to_vec()),
            ),
        ]
    }

    #[test]
    fn every_message_whole_and_cut_at_every_byte() {
        for (bytes, message) in every_message() {
            for end in 0..bytes.len() {
                assert_eq!(ClientMessage::parse(&bytes[..end], LIMIT), Ok(Parsed::Incomplete));
            }
            let mut more = bytes.clone();
            more.push(99);
            assert_eq!(
                ClientMessage::parse(&more, LIMIT),
                Ok(Parsed::Message(message, bytes.len()))
            );
        }
    }

    #[test]
    fn lengths_are_judged_before_their_bytes_arrive() {
        let encodings = ClientMessage::parse(&[2, 0, 0xff, 0xff], LIMIT);
        assert!(matches!(encodings, Err(Error::TooLong { length: 0xffff, .. })));
        let text = ClientMessage::parse(&[6, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff], LIMIT);
        assert_eq!(text, Ok(Parsed::Skip(8 + 0x7fff_ffff)));
    }

    #[test]
    fn unknown_types_are_errors() {
        for kind in [1, 7, 150, 251, 255] {
            assert_eq!(
                ClientMessage::parse(&[kind], LIMIT),
                Err(Error::UnknownMessage(kind))
            );
        }
    }
}

//! What a viewer sends after the handshake (RFC 6143 §7.5, rfbproto for what has no section), read with limits before anything is allocated.

use crate::error::Error;
use crate::geometry::{Point, Rect, Size};
use crate::pixel_format::PixelFormat;
use crate::wire::Reader;

/// More encodings than any viewer knows.
pub const MAX_ENCODINGS: usize = 1024;
/// The most that a fence may carry.
pub const MAX_FENCE: usize = 64;
/// How much longer than its text a compressed clipboard message may be.
const CLIPBOARD_OVERHEAD: usize = 1024;
/// The bit of a button mask that says that more buttons follow, once this was agreed upon.
const MORE_BUTTONS: u8 = 0x80;

/// What of the way messages are to be read is not in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Longer clipboard texts are thrown away, bytes.
    pub cut_text_limit: usize,
    /// The viewer knows that it may send more than eight buttons.
    pub extended_buttons: bool,
}

/// A monitor as a viewer wants it, in pixels of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedMonitor {
    /// What the viewer calls it.
    pub id: u32,
    /// Where it lies on the screen.
    pub rect: Rect,
    /// To be kept as they are.
    pub flags: u32,
}

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
        /// The key itself, when it was told (QEMU Extended Key Event): a scan code of the PC/XT keyboard, that of an
        /// extended key with 0x80 added.
        scan_code: Option<u32>,
    },
    /// §7.5.5
    PointerEvent {
        /// Bit 0 is the left button.
        buttons: u16,
        /// Where.
        at: Point,
    },
    /// §7.5.6: Latin-1.
    ClientCutText(Vec<u8>),
    /// ClientCutText with a negative length: a message of the extended clipboard.
    ExtendedCutText(Vec<u8>),
    /// Whether updates go out without requests, and inside what.
    EnableContinuousUpdates {
        /// They do.
        enable: bool,
        /// Inside what.
        area: Rect,
    },
    /// A fence, or the answer to one.
    Fence {
        /// As in the document.
        flags: u32,
        /// At most [`MAX_FENCE`] bytes.
        payload: Vec<u8>,
    },
    /// The screen that the viewer would like.
    SetDesktopSize {
        /// Its size.
        size: Size,
        /// What is on it.
        monitors: Vec<WantedMonitor>,
    },
}

/// What the front of the buffer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A message that took so many bytes.
    Message(ClientMessage, usize),
    /// A text longer than [`Rules::cut_text_limit`]: so many bytes are to be thrown away, many of them not received yet.
    Skip(usize),
    /// The start of a message.
    Incomplete,
}

impl ClientMessage {
    /// Reads the message at the front of `bytes`.
    ///
    /// # Errors
    /// An unknown type, an unusable pixel format, a length over its limit.
    pub fn parse(bytes: &[u8], rules: Rules) -> Result<Parsed, Error> {
        let mut reader = Reader::new(bytes);
        let Some(kind) = reader.u8() else {
            return Ok(Parsed::Incomplete);
        };
        let message = match kind {
            0 => set_pixel_format(&mut reader)?,
            2 => set_encodings(&mut reader)?,
            3 => update_request(&mut reader),
            4 => key_event(&mut reader),
            5 => pointer_event(&mut reader, rules.extended_buttons),
            6 => match cut_text(&mut reader, rules.cut_text_limit) {
                Ok(text) => text,
                Err(length) => return Ok(Parsed::Skip(8 + length)),
            },
            150 => enable_continuous_updates(&mut reader),
            248 => fence(&mut reader)?,
            251 => set_desktop_size(&mut reader),
            255 => qemu_message(&mut reader)?,
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

fn rect(reader: &mut Reader<'_>) -> Option<Rect> {
    let [x, y, width, height] = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
    Some(Rect::new(x.into(), y.into(), width.into(), height.into()))
}

fn update_request(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    let incremental = reader.u8()? != 0;
    let area = rect(reader)?;
    Some(ClientMessage::FramebufferUpdateRequest { incremental, area })
}

fn key_event(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    let down = reader.u8()? != 0;
    reader.take(2)?;
    Some(ClientMessage::KeyEvent {
        down,
        keysym: reader.u32()?,
        scan_code: None,
    })
}

fn pointer_event(reader: &mut Reader<'_>, extended: bool) -> Option<ClientMessage> {
    let mask = reader.u8()?;
    let at = Point::new(reader.u16()?.into(), reader.u16()?.into());
    let buttons = if extended && mask & MORE_BUTTONS != 0 {
        u16::from(mask & !MORE_BUTTONS) | u16::from(reader.u8()?) << 7
    } else {
        mask.into()
    };
    Some(ClientMessage::PointerEvent { buttons, at })
}

/// The message, `None` when it is not whole, or the length of one that is too long.
fn cut_text(reader: &mut Reader<'_>, limit: usize) -> Result<Option<ClientMessage>, usize> {
    let Some(length) = reader.take(3).and_then(|_| reader.u32()) else {
        return Ok(None);
    };
    let extended = (length as i32) < 0;
    let length = (length as i32).unsigned_abs() as usize;
    let limit = if extended {
        limit + CLIPBOARD_OVERHEAD
    } else {
        limit
    };
    if length > limit {
        return Err(length);
    }
    Ok(reader.take(length).map(|bytes| {
        if extended {
            ClientMessage::ExtendedCutText(bytes.to_vec())
        } else {
            ClientMessage::ClientCutText(bytes.to_vec())
        }
    }))
}

fn enable_continuous_updates(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    let enable = reader.u8()? != 0;
    let area = rect(reader)?;
    Some(ClientMessage::EnableContinuousUpdates { enable, area })
}

fn fence(reader: &mut Reader<'_>) -> Result<Option<ClientMessage>, Error> {
    let head = reader
        .take(3)
        .and_then(|_| reader.u32())
        .and_then(|flags| Some((flags, reader.u8()?)));
    let Some((flags, length)) = head else {
        return Ok(None);
    };
    let length = usize::from(length);
    if length > MAX_FENCE {
        return Err(Error::TooLong {
            what: "fence",
            length,
            limit: MAX_FENCE,
        });
    }
    let payload = reader.take(length).map(<[u8]>::to_vec);
    Ok(payload.map(|payload| ClientMessage::Fence { flags, payload }))
}

fn set_desktop_size(reader: &mut Reader<'_>) -> Option<ClientMessage> {
    reader.take(1)?;
    let size = Size::new(reader.u16()?.into(), reader.u16()?.into());
    let [count, _] = reader.array()?;
    let mut list = Reader::new(reader.take(usize::from(count) * 16)?);
    let monitors = std::iter::from_fn(|| {
        Some(WantedMonitor {
            id: list.u32()?,
            rect: rect(&mut list)?,
            flags: list.u32()?,
        })
    });
    Some(ClientMessage::SetDesktopSize {
        size,
        monitors: monitors.collect(),
    })
}

fn qemu_message(reader: &mut Reader<'_>) -> Result<Option<ClientMessage>, Error> {
    match reader.u8() {
        None => Ok(None),
        Some(0) => {
            let mut key = || {
                Some(ClientMessage::KeyEvent {
                    down: reader.u16()? != 0,
                    keysym: reader.u32()?,
                    scan_code: Some(reader.u32()?),
                })
            };
            Ok(key())
        }
        Some(other) => Err(Error::UnknownQemuMessage(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;
    const RULES: Rules = Rules {
        cut_text_limit: LIMIT,
        extended_buttons: true,
    };

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
                    scan_code: None,
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
            (
                vec![6, 0, 0, 0, 0xff, 0xff, 0xff, 0xfc, 1, 2, 3, 4],
                ClientMessage::ExtendedCutText(vec![1, 2, 3, 4]),
            ),
            (
                vec![5, 0x81, 0, 7, 0, 9, 2],
                ClientMessage::PointerEvent {
                    buttons: 0x101,
                    at: Point::new(7, 9),
                },
            ),
            (
                vec![150, 1, 0, 1, 0, 2, 0, 3, 0, 4],
                ClientMessage::EnableContinuousUpdates {
                    enable: true,
                    area: Rect::new(1, 2, 3, 4),
                },
            ),
            (
                vec![248, 0, 0, 0, 0x80, 0, 0, 1, 2, 0xaa, 0xbb],
                ClientMessage::Fence {
                    flags: 0x8000_0001,
                    payload: vec![0xaa, 0xbb],
                },
            ),
            (
                [
                    &[251, 0, 4, 0, 3, 0, 1, 0][..],
                    &[0, 0, 0, 7, 0, 0, 0, 0, 4, 0, 3, 0, 0, 0, 0, 5],
                ]
                .concat(),
                ClientMessage::SetDesktopSize {
                    size: Size::new(1024, 768),
                    monitors: vec![WantedMonitor {
                        id: 7,
                        rect: Rect::new(0, 0, 1024, 768),
                        flags: 5,
                    }],
                },
            ),
            (
                vec![255, 0, 0, 1, 0, 0, 0xff, 0x53, 0, 0, 0, 0xcd],
                ClientMessage::KeyEvent {
                    down: true,
                    keysym: 0xff53,
                    scan_code: Some(0xcd),
                },
            ),
        ]
    }

    #[test]
    fn every_message_whole_and_cut_at_every_byte() {
        for (bytes, message) in every_message() {
            for end in 0..bytes.len() {
                assert_eq!(ClientMessage::parse(&bytes[..end], RULES), Ok(Parsed::Incomplete));
            }
            let mut more = bytes.clone();
            more.push(99);
            assert_eq!(
                ClientMessage::parse(&more, RULES),
                Ok(Parsed::Message(message, bytes.len()))
            );
        }
    }

    #[test]
    fn lengths_are_judged_before_their_bytes_arrive() {
        let encodings = ClientMessage::parse(&[2, 0, 0xff, 0xff], RULES);
        assert!(matches!(encodings, Err(Error::TooLong { length: 0xffff, .. })));
        let fence = ClientMessage::parse(&[248, 0, 0, 0, 0, 0, 0, 0, 65], RULES);
        assert!(matches!(fence, Err(Error::TooLong { length: 65, .. })));
        let lowest = ClientMessage::parse(&[6, 0, 0, 0, 0x80, 0, 0, 0], RULES);
        assert_eq!(lowest, Ok(Parsed::Skip(8 + 0x8000_0000)));
        let text = ClientMessage::parse(&[6, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff], RULES);
        assert_eq!(text, Ok(Parsed::Skip(8 + 0x7fff_ffff)));
    }

    #[test]
    fn unknown_types_are_errors() {
        for kind in [1, 7, 151, 250, 254] {
            assert_eq!(
                ClientMessage::parse(&[kind], RULES),
                Err(Error::UnknownMessage(kind))
            );
        }
        assert_eq!(
            ClientMessage::parse(&[255, 1], RULES),
            Err(Error::UnknownQemuMessage(1))
        );
    }

    #[test]
    fn the_eighth_button_is_a_button_until_more_are_agreed_upon() {
        let rules = Rules {
            extended_buttons: false,
            ..RULES
        };
        let message = ClientMessage::PointerEvent {
            buttons: 0x81,
            at: Point::new(7, 9),
        };
        let parsed = ClientMessage::parse(&[5, 0x81, 0, 7, 0, 9, 2], rules);
        assert_eq!(parsed, Ok(Parsed::Message(message, 6)));
    }
}

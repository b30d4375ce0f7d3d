//! Pixels from the server: through shared memory where it can be had, over the wire otherwise.

use std::fs::File;

use memmap2::Mmap;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use x11rb::connection::Connection;
use x11rb::protocol::shm::{ConnectionExt as _, Seg};
use x11rb::protocol::xproto::{ConnectionExt as _, Drawable, ImageFormat};
use x11rb::rust_connection::RustConnection;

use super::X11Error;
use super::link::shares_memory;
use crate::screen::{Frame, Rect};

/// All planes of a picture.
const ALL_PLANES: u32 = u32::MAX;

/// Reads pixels from windows and pixmaps.
pub(super) struct Camera {
    /// `None` where the server or the user wants none.
    memory: Option<SharedMemory>,
    /// The last picture that came over the wire.
    fetched: Vec<u8>,
}

/// A segment that the server writes to, grown as needed.
#[derive(Default)]
struct SharedMemory {
    segment: Seg,
    map: Option<Mmap>,
}

impl Camera {
    /// A camera; `shared` false keeps it from shared memory.
    pub(super) fn new(connection: &RustConnection, shared: bool) -> Result<Self, X11Error> {
        let usable = shared && shares_memory(connection)?;
        Ok(Self {
            memory: usable.then(SharedMemory::default),
            fetched: Vec::new(),
        })
    }

    /// The pixels of `area` of `drawable`, which must be inside: rows of little-endian `0x00RRGGBB`, whatever the top byte
    /// is.
    pub(super) fn look(
        &mut self,
        connection: &RustConnection,
        drawable: Drawable,
        area: Rect,
    ) -> Result<&[u8], X11Error> {
        let (x, y) = (area.x as i16, area.y as i16);
        let (width, height) = (area.width as u16, area.height as u16);
        let length = area.area() * 4;
        if length == 0 {
            return Ok(&[]);
        }
        if let Some(memory) = &mut self.memory {
            match memory.reserve(connection, length) {
                Ok(()) => {
                    connection
                        .shm_get_image(
                            drawable,
                            x,
                            y,
                            width,
                            height,
                            ALL_PLANES,
                            ImageFormat::Z_PIXMAP.into(),
                            memory.segment,
                            0,
                        )?
                        .reply()?;
                }
                // A server on another machine, or one without rights to the segment: the wire always works.
                Err(X11Error::Request(reason)) => {
                    tracing::info!(
                        reason,
                        "the display takes no shared memory; pictures go over the wire"
                    );
                    self.memory = None;
                }
                Err(other) => return Err(other),
            }
        }
        if let Some(memory) = &self.memory {
            let pixels = memory.map.as_deref().and_then(|map| map.get(..length));
            return Ok(pixels.unwrap_or_default());
        }
        self.fetched = connection
            .get_image(ImageFormat::Z_PIXMAP, drawable, x, y, width, height, ALL_PLANES)?
            .reply()?
            .data;
        Ok(&self.fetched)
    }

    /// Copies `area` of `drawable` to the place `to` of `frame`; both must be inside.
    pub(super) fn copy(
        &mut self,
        connection: &RustConnection,
        drawable: Drawable,
        area: Rect,
        frame: &mut Frame,
        to: (u32, u32),
    ) -> Result<(), X11Error> {
        let pixels = self.look(connection, drawable, area)?;
        write_rows(pixels, area, frame, to);
        Ok(())
    }

    /// Gives the segment back to the server.
    pub(super) fn close(&mut self, connection: &RustConnection) {
        if let Some(memory) = &mut self.memory {
            memory.release(connection);
        }
    }
}

impl SharedMemory {
    /// Makes room for `length` bytes.
    fn reserve(&mut self, connection: &RustConnection, length: usize) -> Result<(), X11Error> {
        if self.map.as_ref().is_some_and(|map| map.len() >= length) {
            return Ok(());
        }
        self.release(connection);
        let io = |cause: std::io::Error| X11Error::Io {
            what: "no shared memory for the display's pictures",
            cause,
        };
        // Whole MiB: windows of about the same size share one segment.
        let length = length.next_multiple_of(1 << 20);
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = File::from(memfd_create("gatehand-picture", flags).map_err(|error| io(error.into()))?);
        file.set_len(length as u64).map_err(io)?;
        // Nobody, the server included, may shrink what is mapped here.
        let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&file, seals).map_err(|error| io(error.into()))?;
        // SAFETY: the file is ours and sealed against shrinking. The server writes to it only between our request and
        // its reply, and it is read only after that reply.
        let map = unsafe { Mmap::map(&file) }.map_err(io)?;
        let segment = connection.generate_id()?;
        connection.shm_attach_fd(segment, file, false)?.check()?;
        self.segment = segment;
        self.map = Some(map);
        Ok(())
    }

    fn release(&mut self, connection: &RustConnection) {
        if self.map.take().is_some() {
            // A lost connection has let go of it already.
            let _ = connection.shm_detach(self.segment);
        }
    }
}

/// Writes rows of little-endian pixels, clearing the byte that is not colour.
fn write_rows(bytes: &[u8], area: Rect, frame: &mut Frame, to: (u32, u32)) {
    let (left, top) = (to.0 as usize, to.1);
    let width = area.width as usize;
    for (y, row) in (top..).zip(bytes.chunks_exact((width * 4).max(1))) {
        let target = &mut frame.row_mut(y)[left..left + width];
        for (pixel, bytes) in target.iter_mut().zip(row.as_chunks::<4>().0) {
            *pixel = u32::from_le_bytes(*bytes) & 0x00ff_ffff;
        }
    }
}

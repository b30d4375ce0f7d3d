//! Records in a file: each as its length, its CRC-32 and its bytes, so that a torn or damaged end is seen. Pure.
//!
//! A file begins with [`MAGIC`]. A record is `length: u32 LE, crc: u32 LE, length bytes`; the bytes are a deflate
//! stream (RFC 1951) of `length of the JSON: u32 LE, JSON, pixels`. Pixels are three bytes each: red, green, blue.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// How a file begins; the number is that of the format.
pub(super) const MAGIC: &[u8] = b"gatehand flight 1\n";
const HEAD: usize = 8;
/// What one record may hold uncompressed, in bytes: more is damage.
const LARGEST: u64 = 256 << 20;

/// Packs a record.
///
/// # Errors
/// When it is larger than a record may be.
pub(super) fn pack(json: &[u8], pixels: &[u8]) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other("a record that is too large");
    if (json.len() + pixels.len()) as u64 >= LARGEST {
        return Err(too_large());
    }
    let length = u32::try_from(json.len()).map_err(|_| too_large())?;
    let mut encoder = DeflateEncoder::new(vec![0; HEAD], Compression::fast());
    encoder.write_all(&length.to_le_bytes())?;
    encoder.write_all(json)?;
    encoder.write_all(pixels)?;
    let mut record = encoder.finish()?;
    let length = u32::try_from(record.len() - HEAD).map_err(|_| too_large())?;
    let crc = crc(&record[HEAD..]);
    record[..4].copy_from_slice(&length.to_le_bytes());
    record[4..HEAD].copy_from_slice(&crc.to_le_bytes());
    Ok(record)
}

/// An unpacked record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub(super) json: Vec<u8>,
    pub(super) pixels: Vec<u8>,
}

/// The records of a file's bytes, up to its end or the first damage.
#[derive(Debug)]
pub(super) struct Records {
    file: Vec<u8>,
    at: usize,
    damaged: bool,
}

impl Records {
    /// `None` when this is no such file.
    pub(super) fn of(file: Vec<u8>) -> Option<Self> {
        file.starts_with(MAGIC).then_some(Self {
            file,
            at: MAGIC.len(),
            damaged: false,
        })
    }

    /// How many bytes at the end cannot be read.
    pub(super) const fn damaged(&self) -> usize {
        if self.damaged {
            self.file.len() - self.at
        } else {
            0
        }
    }

    fn take(&mut self) -> Option<Unpacked> {
        let rest = self.file.get(self.at..)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (expected, rest) = rest.split_first_chunk::<4>()?;
        let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        if crc(bytes) != u32::from_le_bytes(*expected) {
            return None;
        }
        let mut raw = Vec::new();
        let mut decoder = DeflateDecoder::new(bytes).take(LARGEST);
        decoder.read_to_end(&mut raw).ok()?;
        let (length, content) = raw.split_first_chunk::<4>()?;
        let (json, pixels) = content.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let record = Unpacked {
            json: json.to_vec(),
            pixels: pixels.to_vec(),
        };
        self.at = self.file.len() - rest.len();
        Some(record)
    }
}

impl Iterator for Records {
    type Item = Unpacked;

    fn next(&mut self) -> Option<Unpacked> {
        if self.damaged || self.at == self.file.len() {
            return None;
        }
        let record = self.take();
        self.damaged = record.is_none();
        record
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = MAGIC.to_vec();
        let mut ends = vec![bytes.len()];
        for number in 0..4_u8 {
            let json = vec![b'0' + number; 5 + usize::from(number)];
            bytes.extend(pack(&json, &[number; 30]).expect("packed"));
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    #[test]
    fn what_is_packed_comes_back() {
        let (bytes, _) = file();
        let mut records = Records::of(bytes).expect("a recording");
        let numbers: Vec<u8> = records.by_ref().map(|record| record.pixels[7]).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
        assert_eq!(records.damaged(), 0);
        assert!(Records::of(b"PNG".to_vec()).is_none());
    }

    #[test]
    fn a_file_cut_at_any_byte_gives_the_records_before_the_cut() {
        let (bytes, ends) = file();
        for cut in 0..bytes.len() {
            let Some(mut records) = Records::of(bytes[..cut].to_vec()) else {
                assert!(cut < MAGIC.len(), "{cut}");
                continue;
            };
            let whole = ends.iter().filter(|&&end| end <= cut).count() - 1;
            assert_eq!(records.by_ref().count(), whole, "cut at {cut}");
            assert_eq!(records.damaged() > 0, !ends.contains(&cut), "cut at {cut}");
        }
    }

    #[test]
    fn a_byte_changed_anywhere_loses_its_record_and_what_follows_and_never_panics() {
        let (bytes, ends) = file();
        for at in MAGIC.len()..bytes.len() {
            for change in [1, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] ^= change;
                let mut records = Records::of(bytes).expect("a recording");
                let before = ends.iter().filter(|&&end| end <= at).count() - 1;
                assert_eq!(records.by_ref().count(), before, "changed at {at}");
                assert!(records.damaged() > 0, "changed at {at}");
            }
        }
    }
}

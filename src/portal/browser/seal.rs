//! A seal on what a script tells: HalfSipHash-2-4 with 64 bits (Aumasson and Bernstein), which a script can do in arithmetic
//! alone, without anything that the page it runs in could have replaced.

use std::fmt;
use std::io;

use subtle::ConstantTimeEq as _;

/// What seals are made with.
#[derive(Clone, Copy)]
pub(super) struct Key([u32; 2]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    #[cfg(test)]
    pub(super) const fn new(words: [u32; 2]) -> Self {
        Self(words)
    }

    /// A fresh one.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub(super) fn fresh() -> io::Result<Self> {
        let word = || getrandom::u32().map_err(|error| io::Error::other(error.to_string()));
        Ok(Self([word()?, word()?]))
    }

    pub(super) const fn words(self) -> [u32; 2] {
        self.0
    }

    /// The seal of a text, in hexadecimal digits.
    pub(super) fn seal(self, text: &str) -> String {
        format!("{:016x}", self.hash(text.as_bytes()))
    }

    pub(super) fn is_seal_of(self, seal: &str, text: &str) -> bool {
        self.seal(text).as_bytes().ct_eq(seal.as_bytes()).into()
    }

    fn hash(self, text: &[u8]) -> u64 {
        let [k0, k1] = self.0;
        let mut state = [k0, k1 ^ 0xee, 0x6c79_6765 ^ k0, 0x7465_6462 ^ k1];
        let words = text.chunks_exact(4);
        // The last word: what is left, and the length in its highest byte.
        let mut last = (text.len() as u32) << 24;
        for (index, &byte) in words.remainder().iter().enumerate() {
            last |= u32::from(byte) << (8 * index);
        }
        let words = words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        for word in words.chain([last]) {
            state[3] ^= word;
            rounds(&mut state, 2);
            state[0] ^= word;
        }
        state[2] ^= 0xee;
        rounds(&mut state, 4);
        let low = state[1] ^ state[3];
        state[1] ^= 0xdd;
        rounds(&mut state, 4);
        let high = state[1] ^ state[3];
        u64::from(high) << 32 | u64::from(low)
    }
}

fn rounds([v0, v1, v2, v3]: &mut [u32; 4], count: usize) {
    for _ in 0..count {
        *v0 = v0.wrapping_add(*v1);
        *v1 = v1.rotate_left(5) ^ *v0;
        *v0 = v0.rotate_left(16);
        *v2 = v2.wrapping_add(*v3);
        *v3 = v3.rotate_left(8) ^ *v2;
        *v0 = v0.wrapping_add(*v3);
        *v3 = v3.rotate_left(7) ^ *v0;
        *v2 = v2.wrapping_add(*v1);
        *v1 = v1.rotate_left(13) ^ *v2;
        *v2 = v2.rotate_left(16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The authors' first test vector: the key is the bytes 0 to 7, the text is empty.
    #[test]
    fn it_is_halfsiphash() {
        let key = Key::new([0x0302_0100, 0x0706_0504]);
        let wanted = [0x21, 0x8d, 0x1f, 0x59, 0xb9, 0xb8, 0x3c, 0xc8];
        assert_eq!(key.hash(&[]).to_le_bytes(), wanted);
    }

    #[test]
    fn every_bit_counts() {
        let key = Key::new([1, 2]);
        let seal = key.seal("report");
        assert!(key.is_seal_of(&seal, "report"));
        assert!(!key.is_seal_of(&seal, "reporu") && !key.is_seal_of(&seal[..15], "report"));
        assert!(!Key::new([1, 3]).is_seal_of(&seal, "report"));
    }
}

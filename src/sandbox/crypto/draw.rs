//! Bytes that look random and are the same for the same beginning: a rehearsal can be repeated.

use sha2::{Digest, Sha256};

/// A stream of bytes from a seed.
pub struct Draw {
    seed: Vec<u8>,
    block: u64,
}

impl Draw {
    /// A stream of its own for every seed.
    #[must_use]
    pub fn new(seed: &[u8]) -> Self {
        Self { seed: seed.to_vec(), block: 0 }
    }

    /// The next bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + 32);
        while out.len() < count {
            let mut digest = Sha256::new();
            digest.update(&self.seed);
            digest.update(self.block.to_be_bytes());
            out.extend_from_slice(&digest.finalize());
            self.block += 1;
        }
        out.truncate(count);
        out
    }
}

//! The digests that KMS's algorithms name.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// A digest's algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1, for padding only.
    Sha1,
    /// SHA-224, for MACs only.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The digest that an algorithm of KMS ends with: `RSASSA_PSS_SHA_256`, `HMAC_SHA_224`.
    #[must_use]
    pub fn of(algorithm: &str) -> Option<Self> {
        [
            ("SHA_1", Self::Sha1),
            ("SHA_224", Self::Sha224),
            ("SHA_256", Self::Sha256),
            ("SHA_384", Self::Sha384),
            ("SHA_512", Self::Sha512),
        ]
        .into_iter()
        .find_map(|(end, hash)| algorithm.ends_with(end).then_some(hash))
    }

    /// Bytes of a digest.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of a message.
    #[must_use]
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => {
                use sha1::Digest as _;
                sha1::Sha1::digest(message).to_vec()
            }
            Self::Sha224 => Sha224::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }

    /// The MAC of a message; nothing for a digest that KMS makes no MACs with.
    #[must_use]
    pub fn mac(self, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        macro_rules! mac {
            ($digest:ty) => {{
                let mut mac = Hmac::<$digest>::new_from_slice(key).ok()?;
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        Some(match self {
            Self::Sha1 => return None,
            Self::Sha224 => mac!(Sha224),
            Self::Sha256 => mac!(Sha256),
            Self::Sha384 => mac!(Sha384),
            Self::Sha512 => mac!(Sha512),
        })
    }

    /// Bytes stretched from a seed: MGF1 (RFC 8017, B.2.1).
    #[must_use]
    pub fn mask(self, seed: &[u8], count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + self.len());
        for block in 0u32.. {
            if out.len() >= count {
                break;
            }
            out.extend_from_slice(&self.digest(&[seed, &block.to_be_bytes()].concat()));
        }
        out.truncate(count);
        out
    }
}

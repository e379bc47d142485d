//! The arithmetic behind KMS's operations that use keys: what is encrypted or signed here decrypts and verifies with any
//! other implementation. It protects nothing: the keys are a rehearsal's, and nothing is done against whoever measures time.
//!
//! AES-GCM and Ed25519 are ring's, digests and MACs those of the RustCrypto crates. RSA, with the making of its keys, and
//! the curves that ring does not have stand on [`number`].

pub mod aes;
pub mod curve;
pub mod der;
pub mod draw;
pub mod hash;
pub mod number;
pub mod rsa;

#[cfg(test)]
mod tests;

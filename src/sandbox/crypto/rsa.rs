//! RSA (RFC 8017): keys, OAEP, PKCS #1 v1.5 and PSS signatures.

use std::cmp::Ordering;

use super::{
    der,
    draw::Draw,
    hash::Hash,
    number::{self, Limbs, Modulus, bits, compare, from_bytes, product, quotient, rest, subtract, to_bytes},
};

const E: u64 = 65537;

/// A private key. Its primes are ordered: `p` is the greater.
pub struct Key {
    size: usize,
    n: Limbs,
    e: Vec<u8>,
    d: Limbs,
    p: Limbs,
    q: Limbs,
    dp: Limbs,
    dq: Limbs,
    qinv: Limbs,
}

/// The inverse of `E` modulo a number: the whole number among the `(1 + k·of)/E`.
fn inverse_of_e(of: &[u64]) -> Limbs {
    // k = -1/of modulo E, which is a prime.
    let base = rest(of, E);
    let mut inverse = 1u64;
    for _ in 0..E - 2 {
        inverse = inverse * base % E;
    }
    let mut whole = product(of, &[E - inverse]);
    number::add(&mut whole, &[1]);
    let mut out = quotient(&whole, E);
    out.truncate(of.len());
    out
}

fn less_one(number: &[u64]) -> Limbs {
    let mut out = number.to_vec();
    subtract(&mut out, &[1]);
    out
}

impl Key {
    /// A new key of that many bits.
    #[must_use]
    pub fn generate(size: usize, draw: &mut Draw) -> Option<Self> {
        loop {
            let (mut p, mut q) = (number::prime(size / 2, E, draw), number::prime(size / 2, E, draw));
            match compare(&p, &q) {
                Ordering::Equal => continue,
                Ordering::Less => std::mem::swap(&mut p, &mut q),
                Ordering::Greater => {}
            }
            let d = inverse_of_e(&product(&less_one(&p), &less_one(&q)));
            let (dp, dq) = (inverse_of_e(&less_one(&p)), inverse_of_e(&less_one(&q)));
            return Self::of(product(&p, &q), E.to_be_bytes().to_vec(), d, p, q, dp, dq);
        }
    }

    fn of(n: Limbs, e: Vec<u8>, d: Limbs, p: Limbs, q: Limbs, dp: Limbs, dq: Limbs) -> Option<Self> {
        let modulus = Modulus::new(&p)?;
        let qinv = modulus.leave(&modulus.invert(&modulus.enter(&modulus.reduce(&q))));
        Some(Self { size: bits(&n), n, e, d, p, q, dp, dq, qinv })
    }

    /// Bits of the modulus.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    fn bytes(&self) -> usize {
        self.size / 8
    }

    /// `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public_der(&self) -> Vec<u8> {
        let key = der::sequence(&[der::integer(&to_bytes(&self.n, self.bytes())), der::integer(&self.e)]);
        der::public_key(&[der::oid(der::RSA), der::null()], &key)
    }

    /// PKCS #8.
    #[must_use]
    pub fn private_der(&self) -> Vec<u8> {
        let number = |limbs: &[u64]| der::integer(&to_bytes(limbs, limbs.len() * 8));
        let key = der::sequence(&[
            der::integer(&[0]),
            number(&self.n),
            der::integer(&self.e),
            number(&self.d),
            number(&self.p),
            number(&self.q),
            number(&self.dp),
            number(&self.dq),
            number(&self.qinv),
        ]);
        der::private_key(&[der::oid(der::RSA), der::null()], &key)
    }

    /// A key from its PKCS #8 file; nothing if it is none.
    #[must_use]
    pub fn read(file: &[u8]) -> Option<Self> {
        let (name, _, key) = der::read_private_key(file)?;
        if name != der::RSA {
            return None;
        }
        let mut key = der::Reader::new(key).sequence()?;
        key.integer()?;
        let mut parts = Vec::new();
        for _ in 0..7 {
            parts.push(key.integer()?);
        }
        let limbs = parts[0].len().div_ceil(8);
        if !limbs.is_multiple_of(2) {
            return None;
        }
        let half = |at: usize| from_bytes(parts[at], limbs / 2);
        let (mut p, mut q, mut dp, mut dq) = (half(3)?, half(4)?, half(5)?, half(6)?);
        if compare(&p, &q) == Ordering::Less {
            std::mem::swap(&mut p, &mut q);
            std::mem::swap(&mut dp, &mut dq);
        }
        let (n, d) = (from_bytes(parts[0], limbs)?, from_bytes(parts[2], limbs)?);
        if product(&p, &q) != n {
            return None;
        }
        Self::of(n, parts[1].to_vec(), d, p, q, dp, dq)
    }

    /// What everybody can do with the public key: `m^e`.
    fn public(&self, message: &[u8]) -> Option<Vec<u8>> {
        let message = from_bytes(message, self.n.len()).filter(|m| compare(m, &self.n) == Ordering::Less)?;
        let modulus = Modulus::new(&self.n)?;
        let e = from_bytes(&self.e, self.n.len())?;
        Some(to_bytes(&modulus.leave(&modulus.power(&modulus.enter(&message), &e)), self.bytes()))
    }

    /// What only the owner can do, by the Chinese remainders.
    fn private(&self, message: &[u8]) -> Option<Vec<u8>> {
        let message = from_bytes(message, self.n.len()).filter(|m| compare(m, &self.n) == Ordering::Less)?;
        let (p, q) = (Modulus::new(&self.p)?, Modulus::new(&self.q)?);
        let power = |modulus: &Modulus, exponent: &[u64]| {
            modulus.leave(&modulus.power(&modulus.enter(&modulus.reduce(&message)), exponent))
        };
        let (one, two) = (power(&p, &self.dp), power(&q, &self.dq));
        let difference = p.minus(&one, &p.reduce(&two));
        let factor = p.mul(&p.enter(&difference), &self.qinv);
        let mut out = product(&factor, &self.q);
        number::add(&mut out, &two);
        Some(to_bytes(&out, self.bytes()))
    }

    /// The longest message that OAEP can hide.
    #[must_use]
    pub fn room(&self, hash: Hash) -> usize {
        self.bytes().saturating_sub(2 * hash.len() + 2)
    }

    /// Encrypts by OAEP without a label; nothing if the message is too long.
    #[must_use]
    pub fn encrypt(&self, hash: Hash, message: &[u8], draw: &mut Draw) -> Option<Vec<u8>> {
        let zeros = self.room(hash).checked_sub(message.len())?;
        let mut block = hash.digest(&[]);
        block.extend(vec![0; zeros]);
        block.push(1);
        block.extend_from_slice(message);
        let mut seed = draw.bytes(hash.len());
        xor(&mut block, &hash.mask(&seed, self.bytes() - hash.len() - 1));
        let mask = hash.mask(&block, hash.len());
        xor(&mut seed, &mask);
        self.public(&[&[0], seed.as_slice(), &block].concat())
    }

    /// Decrypts what was encrypted by OAEP without a label.
    #[must_use]
    pub fn decrypt(&self, hash: Hash, hidden: &[u8]) -> Option<Vec<u8>> {
        if hidden.len() != self.bytes() || self.bytes() < 2 * hash.len() + 2 {
            return None;
        }
        let whole = self.private(hidden)?;
        let (zero, rest) = whole.split_first()?;
        let (seed, block) = rest.split_at(hash.len());
        let (mut seed, mut block) = (seed.to_vec(), block.to_vec());
        let mask = hash.mask(&block, hash.len());
        xor(&mut seed, &mask);
        let mask = hash.mask(&seed, block.len());
        xor(&mut block, &mask);
        let (label, rest) = block.split_at(hash.len());
        let start = rest.iter().position(|byte| *byte != 0)?;
        (*zero == 0 && label == hash.digest(&[]) && rest[start] == 1).then(|| rest[start + 1..].to_vec())
    }

    /// What PKCS #1 v1.5 signs for a digest.
    fn padded(&self, hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
        // joint-iso-itu-t(2) country(16) us(840) organization(1) gov(101) csor(3) nistAlgorithm(4) hashAlgs(2)
        let last = match hash {
            Hash::Sha256 => 1,
            Hash::Sha384 => 2,
            Hash::Sha512 => 3,
            _ => return None,
        };
        let name = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last];
        let info = der::sequence(&[der::sequence(&[der::oid(&name), der::null()]), der::octets(digest)]);
        let filling = self.bytes().checked_sub(info.len() + 3)?;
        Some([&[0, 1], vec![0xff; filling].as_slice(), &[0], &info].concat())
    }

    /// Signs a digest by PKCS #1 v1.5.
    #[must_use]
    pub fn sign_pkcs1(&self, hash: Hash, digest: &[u8]) -> Option<Vec<u8>> {
        self.private(&self.padded(hash, digest)?)
    }

    /// Whether a signature by PKCS #1 v1.5 is this key's.
    #[must_use]
    pub fn verifies_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        signature.len() == self.bytes() && self.public(signature) == self.padded(hash, digest)
    }

    /// Signs a digest by PSS, with a salt as long as the digest.
    #[must_use]
    pub fn sign_pss(&self, hash: Hash, digest: &[u8], draw: &mut Draw) -> Option<Vec<u8>> {
        let salt = draw.bytes(hash.len());
        let seal = hash.digest(&[&[0; 8], digest, &salt].concat());
        let len = self.bytes().checked_sub(hash.len() + 1)?;
        let mut block = vec![0u8; len.checked_sub(salt.len() + 1)?];
        block.push(1);
        block.extend_from_slice(&salt);
        let mask = hash.mask(&seal, len);
        xor(&mut block, &mask);
        // The message has one bit less than the modulus.
        block[0] &= 0x7f;
        self.private(&[block.as_slice(), &seal, &[0xbc]].concat())
    }

    /// Whether a signature by PSS is this key's; its salt as long as the digest.
    #[must_use]
    pub fn verifies_pss(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        if signature.len() != self.bytes() {
            return false;
        }
        let Some(whole) = self.public(signature) else { return false };
        let (block, end) = whole.split_at(whole.len() - hash.len() - 1);
        let (seal, last) = end.split_at(hash.len());
        let mut block = block.to_vec();
        let mask = hash.mask(seal, block.len());
        xor(&mut block, &mask);
        block[0] &= 0x7f;
        let (filling, salt) = block.split_at(block.len() - hash.len());
        let right =
            filling.split_last().is_some_and(|(one, zeros)| *one == 1 && zeros.iter().all(|byte| *byte == 0));
        right && last == [0xbc] && seal == hash.digest(&[&[0; 8], digest, salt].concat())
    }
}

fn xor(bytes: &mut [u8], mask: &[u8]) {
    for (byte, other) in bytes.iter_mut().zip(mask) {
        *byte ^= other;
    }
}

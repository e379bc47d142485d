//! As much of DER as keys and signatures need (X.690; RFC 5280, 5480, 5915, 5958, 8017, 8410).

/// `rsaEncryption`.
pub const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey`.
pub const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `id-Ed25519`.
pub const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// An element.
#[must_use]
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let len = content.len();
    if len < 128 {
        out.push(len as u8);
    } else {
        let bytes: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | bytes.len() as u8);
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// A sequence of elements.
#[must_use]
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// A whole number from its bytes.
#[must_use]
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|byte| *byte >= 0x80) {
        content.insert(0, 0);
    }
    element(INTEGER, &content)
}

/// Bytes.
#[must_use]
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(OCTETS, bytes)
}

/// A name of an algorithm or a curve.
#[must_use]
pub fn oid(bytes: &[u8]) -> Vec<u8> {
    element(OID, bytes)
}

/// What says that there is nothing.
#[must_use]
pub fn null() -> Vec<u8> {
    element(NULL, &[])
}

/// Whole bytes as a string of bits.
#[must_use]
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BITS, &[&[0], bytes].concat())
}

/// A public key: `SubjectPublicKeyInfo`.
#[must_use]
pub fn public_key(algorithm: &[Vec<u8>], key: &[u8]) -> Vec<u8> {
    sequence(&[sequence(algorithm), bit_string(key)])
}

/// A private key: `PrivateKeyInfo` (PKCS #8).
#[must_use]
pub fn private_key(algorithm: &[Vec<u8>], key: &[u8]) -> Vec<u8> {
    sequence(&[integer(&[0]), sequence(algorithm), octets(key)])
}

/// Reads elements one after the other.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element's content, if it has that tag.
    pub fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, mut rest) = rest.split_first()?;
        let mut len = usize::from(*first);
        if len >= 0x80 {
            let count = len & 0x7f;
            if count > 4 || count == 0 || rest.len() < count {
                return None;
            }
            len = rest[..count].iter().fold(0, |len, byte| (len << 8) | usize::from(*byte));
            rest = &rest[count..];
        }
        if *found != tag || rest.len() < len {
            return None;
        }
        self.0 = &rest[len..];
        Some(&rest[..len])
    }

    /// A sequence's elements.
    pub fn sequence(&mut self) -> Option<Reader<'a>> {
        self.next(SEQUENCE).map(Reader)
    }

    /// A whole number's bytes, without leading zeros.
    pub fn integer(&mut self) -> Option<&'a [u8]> {
        let bytes = self.next(INTEGER)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(&bytes[zeros..])
    }

    /// Bytes.
    pub fn octets(&mut self) -> Option<&'a [u8]> {
        self.next(OCTETS)
    }

    /// A name of an algorithm or a curve.
    pub fn oid(&mut self) -> Option<&'a [u8]> {
        self.next(OID)
    }

    /// The whole bytes of a string of bits.
    pub fn bit_string(&mut self) -> Option<&'a [u8]> {
        self.next(BITS)?.strip_prefix(&[0])
    }

    /// Whether all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The algorithm's name, its parameter, and the key.
type Parts<'b> = (&'b [u8], Option<&'b [u8]>, &'b [u8]);

/// What a PKCS #8 file holds: the algorithm's name, its parameter if that is a name too, and the key.
#[must_use]
pub fn read_private_key(bytes: &[u8]) -> Option<Parts<'_>> {
    let mut whole = Reader::new(bytes).sequence()?;
    whole.integer()?;
    let mut algorithm = whole.sequence()?;
    Some((algorithm.oid()?, algorithm.oid(), whole.octets()?))
}

/// What a `SubjectPublicKeyInfo` holds: the algorithm's name, its parameter if that is a name too, and the key.
#[must_use]
pub fn read_public_key(bytes: &[u8]) -> Option<Parts<'_>> {
    let mut outer = Reader::new(bytes);
    let mut whole = outer.sequence()?;
    let mut algorithm = whole.sequence()?;
    let read = (algorithm.oid()?, algorithm.oid(), whole.bit_string()?);
    (outer.is_empty() && whole.is_empty()).then_some(read)
}

//! Curves y² = x³ + ax + b over a prime field: ECDSA (FIPS 186-5) and the shared secret of ECDH (SP 800-56A). Parameters:
//! SP 800-186 and SEC 2.

use super::{
    der,
    draw::Draw,
    hash::Hash,
    number::{Limbs, Modulus, bits, compare, from_bytes, is_zero, to_bytes},
};

/// A curve.
pub struct Curve {
    name: &'static [u8],
    field: Modulus,
    order: Modulus,
    /// In Montgomery form, like all coordinates.
    a: Limbs,
    b: Limbs,
    base: Point,
    bytes: usize,
}

/// A point: x/z², y/z³. Without one, z is zero.
#[derive(Clone)]
struct Point {
    x: Limbs,
    y: Limbs,
    z: Limbs,
}

/// A point that is known to lie on its curve, as clients write it: 4, x, y.
pub struct Public(Point);

/// A curve's numbers, in hexadecimal digits.
struct Known {
    spec: &'static str,
    name: &'static [u8],
    p: &'static str,
    a: &'static str,
    b: &'static str,
    x: &'static str,
    y: &'static str,
    n: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        spec: "ECC_NIST_P256",
        name: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    },
    Known {
        spec: "ECC_NIST_P384",
        name: &[0x2b, 0x81, 0x04, 0x00, 0x22],
        p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
        a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        n: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    },
    Known {
        spec: "ECC_NIST_P521",
        name: &[0x2b, 0x81, 0x04, 0x00, 0x23],
        p: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        a: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
        b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        x: "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
        y: "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        n: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    },
    Known {
        spec: "ECC_SECG_P256K1",
        name: &[0x2b, 0x81, 0x04, 0x00, 0x0a],
        p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        a: "0000000000000000000000000000000000000000000000000000000000000000",
        b: "0000000000000000000000000000000000000000000000000000000000000007",
        x: "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        y: "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        n: "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    },
];

fn limbs(hex_digits: &str, count: usize) -> Option<Limbs> {
    from_bytes(&hex::decode(hex_digits).ok()?, count)
}

impl Curve {
    /// The curve that a key's spec names; nothing if it is none of these.
    #[must_use]
    pub fn of(spec: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|known| known.spec == spec)?;
        let bytes = known.p.len() / 2;
        let count = bytes.div_ceil(8);
        let field = Modulus::new(&limbs(known.p, count)?)?;
        let order = Modulus::new(&limbs(known.n, count)?)?;
        let coordinate = |digits: &str| Some(field.enter(&limbs(digits, count)?));
        let base = Point { x: coordinate(known.x)?, y: coordinate(known.y)?, z: field.one() };
        let (a, b) = (coordinate(known.a)?, coordinate(known.b)?);
        Some(Self { name: known.name, field, order, a, b, base, bytes })
    }

    fn nothing(&self) -> Point {
        let zero = vec![0; self.a.len()];
        Point { x: self.field.one(), y: self.field.one(), z: zero }
    }

    fn double(&self, p: &Point) -> Point {
        if is_zero(&p.z) || is_zero(&p.y) {
            return self.nothing();
        }
        let f = &self.field;
        let twice = |x: &[u64]| f.plus(x, x);
        let square = f.mul(&p.y, &p.y);
        let s = twice(&twice(&f.mul(&p.x, &square)));
        let x2 = f.mul(&p.x, &p.x);
        let z2 = f.mul(&p.z, &p.z);
        let m = f.plus(&f.plus(&twice(&x2), &x2), &f.mul(&self.a, &f.mul(&z2, &z2)));
        let x = f.minus(&f.mul(&m, &m), &twice(&s));
        let fourth = twice(&twice(&twice(&f.mul(&square, &square))));
        let y = f.minus(&f.mul(&m, &f.minus(&s, &x)), &fourth);
        Point { x, y, z: twice(&f.mul(&p.y, &p.z)) }
    }

    fn add(&self, p: &Point, q: &Point) -> Point {
        if is_zero(&p.z) {
            return q.clone();
        }
        if is_zero(&q.z) {
            return p.clone();
        }
        let f = &self.field;
        let (pz2, qz2) = (f.mul(&p.z, &p.z), f.mul(&q.z, &q.z));
        let (u, v) = (f.mul(&p.x, &qz2), f.mul(&q.x, &pz2));
        let (s, t) = (f.mul(&p.y, &f.mul(&qz2, &q.z)), f.mul(&q.y, &f.mul(&pz2, &p.z)));
        let (h, r) = (f.minus(&v, &u), f.minus(&t, &s));
        if is_zero(&h) {
            return if is_zero(&r) { self.double(p) } else { self.nothing() };
        }
        let h2 = f.mul(&h, &h);
        let h3 = f.mul(&h2, &h);
        let uh2 = f.mul(&u, &h2);
        let x = f.minus(&f.minus(&f.mul(&r, &r), &h3), &f.plus(&uh2, &uh2));
        let y = f.minus(&f.mul(&r, &f.minus(&uh2, &x)), &f.mul(&s, &h3));
        Point { x, y, z: f.mul(&h, &f.mul(&p.z, &q.z)) }
    }

    fn times(&self, p: &Point, factor: &[u64]) -> Point {
        let mut out = self.nothing();
        for at in (0..bits(factor)).rev() {
            out = self.double(&out);
            if (factor[at / 64] >> (at % 64)) & 1 == 1 {
                out = self.add(&out, p);
            }
        }
        out
    }

    /// The coordinates as numbers; nothing for the point that has none.
    fn affine(&self, p: &Point) -> Option<(Limbs, Limbs)> {
        if is_zero(&p.z) {
            return None;
        }
        let f = &self.field;
        let inverse = f.invert(&p.z);
        let square = f.mul(&inverse, &inverse);
        let x = f.mul(&p.x, &square);
        let y = f.mul(&p.y, &f.mul(&square, &inverse));
        Some((f.leave(&x), f.leave(&y)))
    }

    /// A number from one to the order less one.
    fn scalar(&self, draw: &mut Draw) -> Limbs {
        let order = self.order.n();
        let spare = order.len() * 64 - bits(order);
        loop {
            let drawn = draw.bytes(order.len() * 8);
            let mut number = from_bytes(&drawn, order.len()).unwrap_or_default();
            if let Some(top) = number.last_mut() {
                *top >>= spare % 64;
            }
            if !is_zero(&number) && compare(&number, order).is_lt() {
                return number;
            }
        }
    }

    /// A new private key's bytes.
    #[must_use]
    pub fn generate(&self, draw: &mut Draw) -> Vec<u8> {
        to_bytes(&self.scalar(draw), self.bytes)
    }

    fn read_scalar(&self, bytes: &[u8]) -> Option<Limbs> {
        let number = from_bytes(bytes, self.order.n().len())?;
        (!is_zero(&number) && compare(&number, self.order.n()).is_lt()).then_some(number)
    }

    /// The public key of a private one.
    #[must_use]
    pub fn public(&self, private: &[u8]) -> Option<Public> {
        Some(Public(self.times(&self.base, &self.read_scalar(private)?)))
    }

    fn written(&self, public: &Public) -> Option<Vec<u8>> {
        let (x, y) = self.affine(&public.0)?;
        Some([&[4], to_bytes(&x, self.bytes).as_slice(), &to_bytes(&y, self.bytes)].concat())
    }

    /// `SubjectPublicKeyInfo` of a private key.
    #[must_use]
    pub fn public_der(&self, private: &[u8]) -> Option<Vec<u8>> {
        let point = self.written(&self.public(private)?)?;
        Some(der::public_key(&[der::oid(der::EC), der::oid(self.name)], &point))
    }

    /// A point from `SubjectPublicKeyInfo`; nothing if it is not on this curve.
    #[must_use]
    pub fn read_public(&self, file: &[u8]) -> Option<Public> {
        let (algorithm, name, point) = der::read_public_key(file)?;
        let coordinates = point.strip_prefix(&[4])?;
        if algorithm != der::EC || name != Some(self.name) || coordinates.len() != 2 * self.bytes {
            return None;
        }
        let f = &self.field;
        let read = |bytes: &[u8]| from_bytes(bytes, f.n().len()).filter(|x| compare(x, f.n()).is_lt());
        let (x, y) = coordinates.split_at(self.bytes);
        let (x, y) = (f.enter(&read(x)?), f.enter(&read(y)?));
        let right = f.plus(&f.mul(&f.plus(&f.mul(&x, &x), &self.a), &x), &self.b);
        (f.mul(&y, &y) == right).then(|| Public(Point { x, y, z: f.one() }))
    }

    /// PKCS #8 of a private key.
    #[must_use]
    pub fn private_der(&self, private: &[u8]) -> Option<Vec<u8>> {
        let point = self.written(&self.public(private)?)?;
        let public = der::element(0xa1, &der::bit_string(&point));
        let key = der::sequence(&[der::integer(&[1]), der::octets(private), public]);
        Some(der::private_key(&[der::oid(der::EC), der::oid(self.name)], &key))
    }

    /// A private key's bytes from PKCS #8; nothing if it is none of this curve.
    #[must_use]
    pub fn read_private(&self, file: &[u8]) -> Option<Vec<u8>> {
        let (algorithm, name, key) = der::read_private_key(file)?;
        if algorithm != der::EC || name != Some(self.name) {
            return None;
        }
        let mut key = der::Reader::new(key).sequence()?;
        key.integer()?;
        Some(to_bytes(&self.read_scalar(key.octets()?)?, self.bytes))
    }

    /// A digest as a number modulo the order: its leftmost bits.
    fn digest(&self, digest: &[u8]) -> Limbs {
        let len = self.order.n().len();
        let kept = &digest[..digest.len().min(self.bytes)];
        self.order.reduce(&from_bytes(kept, len).unwrap_or_default())
    }

    /// Signs a digest.
    #[must_use]
    pub fn sign(&self, private: &[u8], digest: &[u8]) -> Option<Vec<u8>> {
        let o = &self.order;
        let d = o.enter(&self.read_scalar(private)?);
        let e = o.enter(&self.digest(digest));
        // A number that is this key's and this message's, and nobody else's (the thought of RFC 6979, not its bytes).
        let mut draw = Draw::new(&Hash::Sha256.mac(private, digest)?);
        loop {
            let k = self.scalar(&mut draw);
            let (x, _) = self.affine(&self.times(&self.base, &k))?;
            let r = o.reduce(&x);
            let s = o.mul(&o.invert(&o.enter(&k)), &o.plus(&e, &o.mul(&o.enter(&r), &d)));
            let s = o.leave(&s);
            if !is_zero(&r) && !is_zero(&s) {
                let number = |limbs: &[u64]| der::integer(&to_bytes(limbs, limbs.len() * 8));
                return Some(der::sequence(&[number(&r), number(&s)]));
            }
        }
    }

    /// Whether a signature of a digest is that key's.
    #[must_use]
    pub fn verifies(&self, public: &Public, digest: &[u8], signature: &[u8]) -> bool {
        self.checked(public, digest, signature).unwrap_or(false)
    }

    fn checked(&self, public: &Public, digest: &[u8], signature: &[u8]) -> Option<bool> {
        let mut outer = der::Reader::new(signature);
        let mut pair = outer.sequence()?;
        let (r, s) = (self.read_scalar(pair.integer()?)?, self.read_scalar(pair.integer()?)?);
        if !pair.is_empty() || !outer.is_empty() {
            return None;
        }
        let o = &self.order;
        let inverse = o.invert(&o.enter(&s));
        let u = o.leave(&o.mul(&o.enter(&self.digest(digest)), &inverse));
        let v = o.leave(&o.mul(&o.enter(&r), &inverse));
        let sum = self.add(&self.times(&self.base, &u), &self.times(&public.0, &v));
        let (x, _) = self.affine(&sum)?;
        Some(o.reduce(&x) == r)
    }

    /// What two parties share: the x coordinate of one's private key times the other's public one.
    #[must_use]
    pub fn shared(&self, private: &[u8], public: &Public) -> Option<Vec<u8>> {
        let (x, _) = self.affine(&self.times(&public.0, &self.read_scalar(private)?))?;
        Some(to_bytes(&x, self.bytes))
    }
}

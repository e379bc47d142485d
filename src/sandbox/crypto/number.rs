//! Whole numbers of many limbs, and counting modulo an odd one (Montgomery's way; Handbook of Applied Cryptography,
//! chapter 14). Loops are plain because tests run them unoptimised.

use std::cmp::Ordering;

use super::draw::Draw;

/// A number, its lowest 64 bits first.
pub type Limbs = Vec<u64>;

/// A number of that many limbs from its bytes, the highest first; nothing if it does not fit.
#[must_use]
pub fn from_bytes(bytes: &[u8], limbs: usize) -> Option<Limbs> {
    let mut out = vec![0u64; limbs];
    for (at, byte) in bytes.iter().rev().enumerate() {
        if let Some(limb) = out.get_mut(at / 8) {
            *limb |= u64::from(*byte) << (at % 8 * 8);
        } else if *byte != 0 {
            return None;
        }
    }
    Some(out)
}

/// A number's bytes, the highest first, as many as wanted.
#[must_use]
pub fn to_bytes(number: &[u64], count: usize) -> Vec<u8> {
    (0..count).rev().map(|at| number.get(at / 8).map_or(0, |limb| limb.to_le_bytes()[at % 8])).collect()
}

/// Compares two numbers of the same length.
#[must_use]
pub fn compare(one: &[u64], other: &[u64]) -> Ordering {
    one.iter().rev().cmp(other.iter().rev())
}

/// Whether it is zero.
#[must_use]
pub fn is_zero(number: &[u64]) -> bool {
    number.iter().all(|limb| *limb == 0)
}

/// The number of bits without leading zeros.
#[must_use]
pub fn bits(number: &[u64]) -> usize {
    let top = number.iter().rposition(|limb| *limb != 0);
    top.map_or(0, |at| (at + 1) * 64 - number[at].leading_zeros() as usize)
}

/// Takes `less` away; whether something was borrowed.
pub fn subtract(from: &mut [u64], less: &[u64]) -> bool {
    let mut borrow = false;
    for (at, limb) in from.iter_mut().enumerate() {
        let (one, first) = limb.overflowing_sub(less.get(at).copied().unwrap_or(0));
        let (two, second) = one.overflowing_sub(u64::from(borrow));
        *limb = two;
        borrow = first || second;
    }
    borrow
}

/// Adds `more`; whether something is carried.
pub fn add(to: &mut [u64], more: &[u64]) -> bool {
    let mut carry = false;
    for (at, limb) in to.iter_mut().enumerate() {
        let (one, first) = limb.overflowing_add(more.get(at).copied().unwrap_or(0));
        let (two, second) = one.overflowing_add(u64::from(carry));
        *limb = two;
        carry = first || second;
    }
    carry
}

/// The product, as long as both together.
#[must_use]
pub fn product(one: &[u64], other: &[u64]) -> Limbs {
    let mut out = vec![0u64; one.len() + other.len()];
    for (at, a) in one.iter().enumerate() {
        let mut carry = 0u128;
        for (by, b) in other.iter().enumerate() {
            let sum = u128::from(out[at + by]) + u128::from(*a) * u128::from(*b) + carry;
            out[at + by] = sum as u64;
            carry = sum >> 64;
        }
        out[at + other.len()] = carry as u64;
    }
    out
}

/// What a division by a small number leaves.
#[must_use]
pub fn rest(number: &[u64], by: u64) -> u64 {
    let step = |rest: u128, limb: &u64| ((rest << 64) | u128::from(*limb)) % u128::from(by);
    number.iter().rev().fold(0u128, step) as u64
}

/// Divides by a small number.
#[must_use]
pub fn quotient(number: &[u64], by: u64) -> Limbs {
    let mut out = vec![0u64; number.len()];
    let mut rest = 0u128;
    for at in (0..number.len()).rev() {
        let whole = (rest << 64) | u128::from(number[at]);
        out[at] = (whole / u128::from(by)) as u64;
        rest = whole % u128::from(by);
    }
    out
}

/// Counting modulo an odd number.
pub struct Modulus {
    n: Limbs,
    /// Minus the inverse of the lowest limb, modulo 2^64.
    inverse: u64,
    /// R², where R is 2^64 to the power of the limbs.
    square: Limbs,
}

impl Modulus {
    /// Nothing for an even number.
    #[must_use]
    pub fn new(n: &[u64]) -> Option<Self> {
        let low = *n.first()?;
        if low.is_multiple_of(2) || bits(n) < 2 {
            return None;
        }
        // Each step doubles the bits that are right.
        let mut inverse = 1u64;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(low.wrapping_mul(inverse)));
        }
        let mut square = vec![0u64; n.len()];
        square[0] = 1;
        for _ in 0..n.len() * 128 {
            let copy = square.clone();
            let carried = add(&mut square, &copy);
            if carried || compare(&square, n) != Ordering::Less {
                subtract(&mut square, n);
            }
        }
        Some(Self { n: n.to_vec(), inverse: inverse.wrapping_neg(), square })
    }

    /// The modulus.
    #[must_use]
    pub fn n(&self) -> &[u64] {
        &self.n
    }

    /// The product divided by R: of two numbers in Montgomery form, their product in that form.
    #[must_use]
    pub fn mul(&self, one: &[u64], other: &[u64]) -> Limbs {
        let n = self.n.as_slice();
        let len = n.len();
        let (one, other) = (&one[..len], &other[..len]);
        let mut out = vec![0u64; len + 2];
        let t = out.as_mut_slice();
        let mut i = 0;
        while i < len {
            let a = one[i] as u128;
            let mut carry = 0u128;
            let mut j = 0;
            while j < len {
                let sum = t[j] as u128 + a * (other[j] as u128) + carry;
                t[j] = sum as u64;
                carry = sum >> 64;
                j += 1;
            }
            let sum = t[len] as u128 + carry;
            t[len] = sum as u64;
            t[len + 1] = (sum >> 64) as u64;
            let m = t[0].wrapping_mul(self.inverse) as u128;
            let mut carry = (t[0] as u128 + m * (n[0] as u128)) >> 64;
            let mut j = 1;
            while j < len {
                let sum = t[j] as u128 + m * (n[j] as u128) + carry;
                t[j - 1] = sum as u64;
                carry = sum >> 64;
                j += 1;
            }
            let sum = t[len] as u128 + carry;
            t[len - 1] = sum as u64;
            t[len] = t[len + 1] + (sum >> 64) as u64;
            i += 1;
        }
        if t[len] != 0 || compare(&t[..len], n) != Ordering::Less {
            subtract(&mut t[..=len], n);
        }
        out.truncate(len);
        out
    }

    /// A number below the modulus in Montgomery form.
    #[must_use]
    pub fn enter(&self, number: &[u64]) -> Limbs {
        self.mul(number, &self.square)
    }

    /// Back from Montgomery form.
    #[must_use]
    pub fn leave(&self, number: &[u64]) -> Limbs {
        let mut one = vec![0u64; self.n.len()];
        one[0] = 1;
        self.mul(number, &one)
    }

    /// One, in Montgomery form.
    #[must_use]
    pub fn one(&self) -> Limbs {
        let mut one = vec![0u64; self.n.len()];
        one[0] = 1;
        self.enter(&one)
    }

    /// The sum of two numbers below the modulus.
    #[must_use]
    pub fn plus(&self, one: &[u64], other: &[u64]) -> Limbs {
        let mut out = one.to_vec();
        if add(&mut out, other) || compare(&out, &self.n) != Ordering::Less {
            subtract(&mut out, &self.n);
        }
        out
    }

    /// The difference of two numbers below the modulus.
    #[must_use]
    pub fn minus(&self, one: &[u64], other: &[u64]) -> Limbs {
        let mut out = one.to_vec();
        if subtract(&mut out, other) {
            add(&mut out, &self.n);
        }
        out
    }

    /// A power, of and in Montgomery form.
    #[must_use]
    pub fn power(&self, base: &[u64], exponent: &[u64]) -> Limbs {
        let mut table = vec![self.one(), base.to_vec()];
        for at in 2..16 {
            table.push(self.mul(&table[at - 1], base));
        }
        let mut out = table[0].clone();
        for at in (0..bits(exponent).div_ceil(4)).rev() {
            for _ in 0..4 {
                out = self.mul(&out, &out);
            }
            let digit = (exponent[at / 16] >> (at % 16 * 4)) & 15;
            if digit != 0 {
                out = self.mul(&out, &table[digit as usize]);
            }
        }
        out
    }

    /// A number of at most twice the modulus's limbs, modulo it.
    #[must_use]
    pub fn reduce(&self, number: &[u64]) -> Limbs {
        let len = self.n.len();
        let part = |from: usize| {
            let mut limbs: Limbs = number.iter().skip(from).take(len).copied().collect();
            limbs.resize(len, 0);
            // One factor may be anything below R as long as the other is below the modulus.
            self.mul(&limbs, &self.square)
        };
        // high·R + low: the high part in Montgomery form is high·R.
        self.plus(&part(len), &self.leave(&part(0)))
    }

    /// The inverse, of and in Montgomery form, if the modulus is a prime (Fermat).
    #[must_use]
    pub fn invert(&self, number: &[u64]) -> Limbs {
        let mut exponent = self.n.clone();
        subtract(&mut exponent, &[2]);
        self.power(number, &exponent)
    }
}

/// Small odd primes, for sieves.
fn primes() -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    let mut at = 3u64;
    while at < 12_000 {
        if found.iter().take_while(|prime| *prime * *prime <= at).all(|prime| !at.is_multiple_of(*prime)) {
            found.push(at);
        }
        at += 2;
    }
    found
}

/// Whether a number that is three modulo four is a prime, as far as Miller and Rabin can tell: for numbers drawn at random
/// they err in one of 2^80 cases already with few bases (Damgård, Landrock, Pomerance).
fn is_prime(number: &[u64]) -> bool {
    let Some(modulus) = Modulus::new(number) else { return false };
    let mut half = number.to_vec();
    let mut above = 0;
    for limb in half.iter_mut().rev() {
        let lowest = *limb & 1;
        *limb = (*limb >> 1) | (above << 63);
        above = lowest;
    }
    let one = modulus.one();
    let mut last = number.to_vec();
    last[0] -= 1;
    let last = modulus.enter(&last);
    [2u64, 3, 5, 7, 11].into_iter().all(|base| {
        let mut limbs = vec![0u64; number.len()];
        limbs[0] = base;
        let found = modulus.power(&modulus.enter(&limbs), &half);
        found == one || found == last
    })
}

/// A prime of that many bits, its two highest set, for RSA with the exponent `e`.
#[must_use]
pub fn prime(count: usize, e: u64, draw: &mut Draw) -> Limbs {
    const WIDTH: usize = 4096;
    let sieve = primes();
    loop {
        let mut bytes = draw.bytes(count / 8);
        bytes[0] |= 0xc0;
        let mut start = from_bytes(&bytes, count / 64).unwrap_or_default();
        start[0] |= 3;
        let mut composite = [false; WIDTH];
        for prime in &sieve {
            // start + 4·at is divisible when at = -start/4 modulo the prime.
            let quarter = if prime % 4 == 1 { (3 * prime + 1) / 4 } else { (prime + 1) / 4 };
            let first = (prime - rest(&start, *prime)) % prime * quarter % prime;
            let mut at = first as usize;
            while at < WIDTH {
                composite[at] = true;
                at += *prime as usize;
            }
        }
        for (at, crossed) in composite.iter().enumerate() {
            if *crossed {
                continue;
            }
            let mut number = start.clone();
            if add(&mut number, &[4 * at as u64]) || rest(&number, e) == 1 {
                continue;
            }
            if is_prime(&number) {
                return number;
            }
        }
    }
}

//! AES backwards, for keys that come wrapped (FIPS 197; RFC 5649), and AES-GCM, which is ring's.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

fn gcm(key: &[u8]) -> Option<LessSafeKey> {
    Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?))
}

/// Encrypts with a key of 32 bytes and authenticates `context` with it: a nonce, and what is hidden.
#[must_use]
pub fn seal(key: &[u8], nonce: &[u8], context: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut hidden = message.to_vec();
    let once = Nonce::try_assume_unique_for_key(nonce).ok()?;
    gcm(key)?.seal_in_place_append_tag(once, Aad::from(context), &mut hidden).ok()?;
    Some([nonce, &hidden].concat())
}

/// Decrypts what [`seal`] made with the same key and context.
#[must_use]
pub fn open(key: &[u8], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, hidden) = sealed.split_at_checked(NONCE_LEN)?;
    let mut hidden = hidden.to_vec();
    let once = Nonce::try_assume_unique_for_key(nonce).ok()?;
    gcm(key)?.open_in_place(once, Aad::from(context), &mut hidden).ok().map(|message| message.to_vec())
}

/// Twice an element of the field that AES counts in.
fn twice(byte: u8) -> u8 {
    (byte << 1) ^ if byte >= 0x80 { 0x1b } else { 0 }
}

fn times(mut one: u8, mut other: u8) -> u8 {
    let mut out = 0;
    while other != 0 {
        if other & 1 == 1 {
            out ^= one;
        }
        one = twice(one);
        other >>= 1;
    }
    out
}

/// The table of substitutions and the one back.
fn boxes() -> ([u8; 256], [u8; 256]) {
    let (mut there, mut back) = ([0u8; 256], [0u8; 256]);
    for byte in 0..=255u8 {
        // The inverse is the 254th power.
        let inverse = (0..254).fold(1u8, |power, _| times(power, byte));
        let inverse = if byte == 0 { 0 } else { inverse };
        let mixed = (0..5).fold(0x63u8, |sum, turn| sum ^ inverse.rotate_left(turn));
        there[usize::from(byte)] = mixed;
        back[usize::from(mixed)] = byte;
    }
    (there, back)
}

/// A key made ready to decrypt.
struct Backwards {
    rounds: Vec<[u8; 16]>,
    table: [u8; 256],
}

impl Backwards {
    fn new(key: &[u8]) -> Option<Self> {
        if !matches!(key.len(), 16 | 24 | 32) {
            return None;
        }
        let (there, table) = boxes();
        let words = key.len() / 4;
        let total = 4 * (words + 7);
        let mut schedule: Vec<[u8; 4]> =
            key.chunks(4).map(|word| [word[0], word[1], word[2], word[3]]).collect();
        let mut constant = 1u8;
        for at in words..total {
            let mut word = schedule[at - 1];
            if at % words == 0 {
                word.rotate_left(1);
                word = word.map(|byte| there[usize::from(byte)]);
                word[0] ^= constant;
                constant = twice(constant);
            } else if words > 6 && at % words == 4 {
                word = word.map(|byte| there[usize::from(byte)]);
            }
            let before = schedule[at - words];
            schedule.push(std::array::from_fn(|byte| word[byte] ^ before[byte]));
        }
        let rounds = schedule.chunks(4).map(|four| std::array::from_fn(|at| four[at / 4][at % 4])).collect();
        Some(Self { rounds, table })
    }

    fn decrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let with =
            |state: [u8; 16], key: &[u8; 16]| -> [u8; 16] { std::array::from_fn(|at| state[at] ^ key[at]) };
        let last = self.rounds.len() - 1;
        let mut state = with(block, &self.rounds[last]);
        for round in (0..last).rev() {
            // Rows go back to where they came from, bytes to what they were.
            state = std::array::from_fn(|at| {
                let (column, row) = (at / 4, at % 4);
                self.table[usize::from(state[(column + 4 - row) % 4 * 4 + row])]
            });
            state = with(state, &self.rounds[round]);
            if round > 0 {
                state = std::array::from_fn(|at| {
                    let (column, row) = (at / 4 * 4, at % 4);
                    let factors = [14, 11, 13, 9];
                    (0..4).fold(0, |sum, other| {
                        sum ^ times(state[column + other], factors[(other + 4 - row) % 4])
                    })
                });
            }
        }
        state
    }
}

/// Unwraps a key of any length (RFC 5649); nothing if it was not wrapped with this one.
#[must_use]
pub fn unwrap(key: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    let aes = Backwards::new(key)?;
    if wrapped.len() < 16 || !wrapped.len().is_multiple_of(8) {
        return None;
    }
    let block = |one: &[u8], other: &[u8]| -> [u8; 16] {
        aes.decrypt(std::array::from_fn(|at| if at < 8 { one[at] } else { other[at - 8] }))
    };
    let mut start = wrapped[..8].to_vec();
    let mut parts: Vec<Vec<u8>> = wrapped[8..].chunks(8).map(<[u8]>::to_vec).collect();
    if parts.len() == 1 {
        let out = block(&start, &parts[0]);
        start = out[..8].to_vec();
        parts[0] = out[8..].to_vec();
    } else {
        let count = parts.len();
        for step in (0..6 * count).rev() {
            let number = (step as u64 + 1).to_be_bytes();
            let mixed: Vec<u8> = start.iter().zip(number).map(|(byte, other)| byte ^ other).collect();
            let out = block(&mixed, &parts[step % count]);
            start = out[..8].to_vec();
            parts[step % count] = out[8..].to_vec();
        }
    }
    let whole = parts.concat();
    let len = u32::from_be_bytes([start[4], start[5], start[6], start[7]]) as usize;
    let right = start[..4] == [0xa6, 0x59, 0x59, 0xa6] && len <= whole.len() && len + 8 > whole.len();
    (right && whole[len..].iter().all(|byte| *byte == 0)).then(|| whole[..len].to_vec())
}

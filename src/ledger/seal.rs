//! Checksums: every line continues the one before it, and the snapshot carries its own. They tell a disk's
//! defects and edits apart from what the program wrote; they are no protection against a forger.

use sha2::{Digest, Sha256};

use super::Snapshot;

/// Hexadecimal digits of a checksum.
const DIGITS: usize = 16;
const MEMBER: &[u8] = b",\"sum\":\"";

fn sum(before: &str, bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(before.as_bytes());
    hash.update(bytes);
    hex::encode(hash.finalize())[..DIGITS].to_owned()
}

/// A journal line's JSON object with its checksum as last member and a newline; and the checksum.
pub(super) fn line(mut object: Vec<u8>, before: &str) -> (Vec<u8>, String) {
    let sum = sum(before, &object);
    object.pop();
    object.extend_from_slice(MEMBER);
    object.extend_from_slice(sum.as_bytes());
    object.extend_from_slice(b"\"}\n");
    (object, sum)
}

/// The checksum of a line as it was read (without its newline), if it is the right one.
pub(super) fn sum_of(line: &[u8], before: &str) -> Option<String> {
    let at = line.len().checked_sub(MEMBER.len() + DIGITS + 2)?;
    let (object, tail) = line.split_at(at);
    let said = tail.strip_prefix(MEMBER)?.strip_suffix(b"\"}")?;
    let mut object = object.to_vec();
    object.push(b'}');
    let sum = sum(before, &object);
    (sum.as_bytes() == said).then_some(sum)
}

const SNAPSHOT_MEMBER: &str = ",\n  \"checksum\": \"";

/// The snapshot's file.
///
/// # Errors
/// When it cannot be serialised.
pub(super) fn snapshot(snapshot: &Snapshot) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_string_pretty(snapshot)?;
    let sum = sum("", text.as_bytes());
    text.truncate(text.len() - 2);
    text.push_str(SNAPSHOT_MEMBER);
    text.push_str(&sum);
    text.push_str("\"\n}\n");
    Ok(text.into_bytes())
}

/// Whether a snapshot's bytes are those that were written.
pub(super) fn intact(bytes: &[u8]) -> bool {
    let Some(at) = bytes.len().checked_sub(SNAPSHOT_MEMBER.len() + DIGITS + 4) else { return false };
    let (head, tail) = bytes.split_at(at);
    let said = tail.strip_prefix(SNAPSHOT_MEMBER.as_bytes()).and_then(|t| t.strip_suffix(b"\"\n}\n"));
    let mut whole = head.to_vec();
    whole.extend_from_slice(b"\n}");
    said == Some(sum("", &whole).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_changed_byte_is_noticed() {
        let (sealed, sum) = line(br#"{"seq":1,"at":"x"}"#.to_vec(), "before");
        let line = &sealed[..sealed.len() - 1];
        assert_eq!(sum_of(line, "before"), Some(sum));
        assert_eq!(sum_of(line, "other"), None);
        for at in 0..line.len() {
            let mut changed = line.to_vec();
            changed[at] ^= 1;
            assert_eq!(sum_of(&changed, "before"), None, "byte {at}");
        }
        let file = snapshot(&Snapshot::new("abc".into())).unwrap();
        assert!(intact(&file));
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(!intact(&changed), "byte {at}: {}", String::from_utf8_lossy(&changed));
        }
    }
}

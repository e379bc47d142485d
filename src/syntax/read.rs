//! From a file to a tree: size, encoding, and which of the two languages it is.

use std::{path::Path, sync::Arc};

use super::{Tree, json, yaml};
use crate::{
    error::{Class, Diagnostic},
    files::{self, Refusal},
    model::{Source, Span},
};

/// Largest plan file; CloudFormation itself stops at 1 MB.
pub const MAX_BYTES: usize = 32 << 20;

/// Reads and parses a file.
///
/// # Errors
/// What is wrong with it: unreadable, not UTF-8, too large, or the first syntax error and all duplicate keys.
pub fn read(path: &Path) -> Result<Tree, Vec<Diagnostic>> {
    parse(path, text_of(path)?)
}

/// Reads a template: of duplicate keys CloudFormation takes the last, so they are warnings.
///
/// # Errors
/// As [`read`], but for duplicate keys.
pub fn read_template(path: &Path) -> Result<(Tree, Vec<Diagnostic>), Vec<Diagnostic>> {
    parse_as(path, text_of(path)?, json::parse_noting, yaml::parse_noting)
}

/// A file's text.
fn text_of(path: &Path) -> Result<String, Vec<Diagnostic>> {
    let fail = |code, message: String| Diagnostic::error(code, Class::Plan, message);
    let bytes = files::read_input(path, MAX_BYTES as u64).map_err(|error| {
        let refused = files::refusal(&error);
        vec![match refused.map(|refused| &refused.why) {
            Some(Refusal::TooLarge(_)) => {
                let message =
                    format!("{} has more than {MAX_BYTES} bytes, which a plan file may have", path.display());
                fail("M1006", message).help("split the template into several stacks")
            }
            Some(_) => fail("M1001", error.to_string()).help("a plan's files are regular files"),
            None => fail("M1001", format!("{} cannot be read: {error}", path.display())),
        }]
    })?;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let message = format!("{} is UTF-16 text", path.display());
        return Err(vec![fail("M1002", message).help("save the file as UTF-8")]);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let source = Arc::new(Source { path: path.to_owned(), text });
            // The valid part is unchanged by the lossy conversion, so the offset still fits.
            let span = Span { source, start: offset(at), end: offset(at + 3) };
            let message = format!("byte {at} of {} is not UTF-8", path.display());
            Err(vec![fail("M1002", message).span(Some(span)).help("save the file as UTF-8")])
        }
    }
}

/// Parses a text as the file `path` would hold it. JSON if the name says so or the text starts with `{`;
/// YAML flow style in a file named otherwise is still tried when it is no JSON.
///
/// # Errors
/// The first syntax error, or all duplicate keys.
pub fn parse(path: &Path, text: String) -> Result<Tree, Vec<Diagnostic>> {
    parse_as(path, text, json::parse, yaml::parse)
}

type Parse<T> = fn(&Arc<Source>) -> Result<T, Vec<Diagnostic>>;

fn parse_as<T>(path: &Path, mut text: String, json: Parse<T>, yaml: Parse<T>) -> Result<T, Vec<Diagnostic>> {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    let source = Arc::new(Source { path: path.to_owned(), text });
    let named_json = path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("json"));
    let braced = source.text.trim_start().starts_with('{');
    if !named_json && !braced {
        return yaml(&source);
    }
    let as_json = json(&source);
    if named_json || as_json.is_ok() {
        return as_json;
    }
    yaml(&source).or(as_json)
}

/// A file is at most [`MAX_BYTES`] long, so its offsets fit.
pub(super) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(name: &str, bytes: &[u8]) -> Result<Tree, Vec<Diagnostic>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn encodings_are_told_apart() {
        let code = |bytes: &[u8]| read_bytes("a.yaml", bytes).unwrap_err()[0].clone();
        assert_eq!(code(b"\xFF\xFEa\0").code, "M1002");
        let broken = code(b"A: 1\nB: \xC3\x28\n");
        assert_eq!((broken.code, broken.span.unwrap().line_column()), ("M1002", (2, 4)));
        let with_bom = read_bytes("a.yaml", b"\xEF\xBB\xBFA: 1\r\nB: 2\r\n").unwrap();
        assert_eq!(with_bom.get("B").unwrap().span.line_column(), (2, 4));
        assert_eq!(with_bom.get("A").unwrap().as_text(), Some("1"));
        assert_eq!(read(Path::new("/nowhere/at/all.yaml")).unwrap_err()[0].code, "M1001");
    }

    #[test]
    fn the_language_is_found_out() {
        assert!(parse(Path::new("a.yaml"), "{\"A\": \"\\u00e9\\ud83d\\ude00\"}".into()).is_ok());
        assert!(parse(Path::new("a.yaml"), "{A: !Ref B}".into()).is_ok());
        assert!(parse(Path::new("a.json"), "A: 1".into()).is_err());
        assert!(parse(Path::new("a.template"), "\t{\n\t\"A\":\t1}".into()).is_ok());
    }
}

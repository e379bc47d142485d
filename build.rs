//! Makes the table of resource-type schemas of the files in `src/schema/types`: a new type adds a file, no line. Debug builds are
//! `strict`: they check what costs too much time for a release, such as every answer of the sandbox against its shape.

use std::{env, fmt::Write as _, fs, path::Path};

#[expect(clippy::disallowed_methods, reason = "a build script writes into the folder that cargo gives it")]
fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("src/schema/types");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut rows = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder of schemas") {
        let path = entry.expect("an entry of the folder").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a schema");
        let name = type_name(&text).unwrap_or_else(|| panic!("{} names no typeName", path.display()));
        rows.push((name.to_owned(), path));
    }
    rows.sort();
    println!("cargo::rustc-check-cfg=cfg(strict)");
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        println!("cargo::rustc-cfg=strict");
    }
    let mut table = String::from("&[\n");
    for (name, path) in rows {
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("texts can be written");
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("schemas.rs"), table)
        .expect("the table of schemas");
}

/// The value of `"typeName"`, which stands once in a schema.
fn type_name(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("\"typeName\"")?;
    rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?.split('"').next()
}

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
    small_binary();
    let mut table = String::from("&[\n");
    for (name, path) in rows {
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("texts can be written");
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("schemas.rs"), table)
        .expect("the table of schemas");
}

/// A static binary that aborts on panic never unwinds: it needs no tables for that, which are an eighth of it. Its addresses are
/// packed (`SHT_RELR`), which musl's start code reads, and functions of the same code are one. Only for the linker that
/// `.cargo/config.toml` names, whose words these are.
#[expect(clippy::disallowed_methods, reason = "a build script writes into the folder that cargo gives it")]
fn small_binary() {
    let set = |name: &str| env::var(name).unwrap_or_default();
    let out = set("OUT_DIR");
    // Of its profiles cargo tells a build script no more than `release`, not what a panic does; but here: dist/build/migrate-…/out.
    let profile = Path::new(&out).ancestors().nth(3).and_then(Path::file_name);
    let small = profile.is_some_and(|name| name == "dist");
    if !(small && set("CARGO_CFG_TARGET_ENV") == "musl" && set("RUSTC_LINKER").ends_with("rust-lld")) {
        return;
    }
    let script = Path::new(&out).join("no-unwind-tables.ld");
    let sections = "*(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table .gcc_except_table.*)";
    fs::write(&script, format!("SECTIONS {{ /DISCARD/ : {{ {sections} }} }} INSERT AFTER .text;\n"))
        .expect("a script");
    for argument in
        ["--no-eh-frame-hdr", "--icf=all", "--pack-dyn-relocs=relr", &format!("-T{}", script.display())]
    {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}

/// The value of `"typeName"`, which stands once in a schema.
fn type_name(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("\"typeName\"")?;
    rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?.split('"').next()
}

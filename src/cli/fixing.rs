//! `migrate validate --fix`: the edits that findings bring with them, made in the plan's files.

use std::{fmt::Write as _, path::PathBuf};

use serde_json::{Value as Json, json};

use super::session::one;
use crate::{
    error::{Class, Diagnostic, Fix},
    files, syntax,
};

/// One file with its edits made.
pub struct Edited {
    path: PathBuf,
    /// The whole text, after it.
    text: String,
    /// Codes and resources, as they were found.
    settled: Vec<(&'static str, String)>,
    /// What changes, line by line.
    pub diff: String,
}

/// Makes the edits of all findings, in memory. The same edit of several findings, as of two stacks of one template, is made
/// once; of edits that touch each other, the first is made, and the next run finds what is left.
///
/// # Errors
/// A file that is not written by people, that is no longer what was read, or that would not be a plan file afterwards.
pub fn plan(findings: &[Diagnostic]) -> Result<Vec<Edited>, Vec<Diagnostic>> {
    let mut files: Vec<(PathBuf, Vec<(&Fix, &Diagnostic)>)> = Vec::new();
    for finding in findings {
        let Some(fix) = finding.fix.as_deref() else { continue };
        let path = &fix.span.source.path;
        match files.iter_mut().find(|(known, _)| known == path) {
            Some((_, edits)) => edits.push((fix, finding)),
            None => files.push((path.clone(), vec![(fix, finding)])),
        }
    }
    files.into_iter().map(|(path, edits)| edited(path, edits)).collect()
}

fn edited(path: PathBuf, mut edits: Vec<(&Fix, &Diagnostic)>) -> Result<Edited, Vec<Diagnostic>> {
    let at = edits[0].1;
    let refuse = |why: String, help: String| {
        let mut refused = Diagnostic::error(
            "M0013",
            Class::Plan,
            format!("{} cannot be corrected in {}: {why}", at.code, path.display()),
        );
        refused.address.clone_from(&at.address);
        one(refused.span(at.span.clone()).help(help))
    };
    let by_program = path.parent().is_some_and(|folder| {
        folder.file_name().is_some_and(|name| name == "cdk.out")
            || folder.join("cdk.out").is_file()
            || folder.join("manifest.json").is_file()
    });
    if by_program {
        let help = "correct it in the program that writes the template, and write it again";
        return Err(refuse("`cdk synth` wrote it, and would write it again".into(), help.into()));
    }
    let read = edits[0].0.span.source.text.clone();
    let bytes = files::read_input(&path, syntax::MAX_BYTES as u64);
    let on_disk = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let mark = match on_disk
        .as_deref()
        .map(|text| text.strip_prefix('\u{feff}').map_or((text, ""), |rest| (rest, "\u{feff}")))
    {
        Some((text, mark)) if text == read => mark,
        _ => return Err(refuse("it is not what was read".into(), "run `migrate validate` again".into())),
    };
    edits.sort_by_key(|(fix, _)| (fix.span.start, fix.span.end));
    let mut made: Vec<&Fix> = Vec::new();
    let mut settled = Vec::new();
    for (fix, finding) in &edits {
        let apart = |last: &&Fix| {
            last.span.end < fix.span.start
                || last.span.end == fix.span.start && last.span.start == last.span.end
        };
        match made.last() {
            Some(last) if last.span == fix.span && last.text == fix.text => {}
            Some(last) if !apart(last) => continue,
            _ => made.push(fix),
        }
        let address = finding.address.as_ref().map(ToString::to_string).unwrap_or_default();
        if !settled.contains(&(finding.code, address.clone())) {
            settled.push((finding.code, address));
        }
    }
    let mut text = read.clone();
    for fix in made.iter().rev() {
        text.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
    }
    if syntax::parse(&path, text.clone()).is_err() && syntax::parse(&path, read.clone()).is_ok() {
        return Err(refuse(
            "the edit would break the file".into(),
            "make the change by hand, as its help says".into(),
        ));
    }
    let diff = difference(&path.display().to_string(), &read, &made);
    let text = format!("{mark}{text}");
    Ok(Edited { path, text, settled, diff })
}

/// Writes the files, each of them whole or not at all.
///
/// # Errors
/// Whatever the file system says.
pub fn write(all: &[Edited]) -> Result<(), Vec<Diagnostic>> {
    for edited in all {
        files::rewrite(&edited.path, edited.text.as_bytes()).map_err(|error| {
            one(Diagnostic::error(
                "M0004",
                Class::Usage,
                format!("cannot write {}: {error}", edited.path.display()),
            ))
        })?;
    }
    Ok(())
}

/// What was done, in a sentence.
pub fn summary(all: &[Edited], dry: bool) -> String {
    let count: usize = all.iter().map(|edited| edited.settled.len()).sum();
    let codes: Vec<String> = all
        .iter()
        .flat_map(|edited| &edited.settled)
        .map(|(code, address)| format!("{code} of {address}"))
        .collect();
    match (count, dry) {
        (0, _) => "Nothing that --fix could correct.".into(),
        (_, true) => format!("--fix would correct {}.", codes.join(", ")),
        (_, false) => format!("Corrected {}.", codes.join(", ")),
    }
}

/// For machines.
pub fn as_json(all: &[Edited], written: bool) -> Json {
    let files = all.iter().map(|edited| {
        let settled: Vec<Json> = edited.settled.iter().map(|(code, address)| json!({"code": code, "address": address})).collect();
        json!({"file": edited.path.display().to_string(), "findings": settled, "diff": edited.diff, "written": written})
    });
    files.collect()
}

/// The lines that change, with those around them on which an edit stands.
fn difference(name: &str, before: &str, edits: &[&Fix]) -> String {
    let mut out = format!("--- {name}\n+++ {name}\n");
    let mut at = 0;
    let mut grown: isize = 0;
    while at < edits.len() {
        let line_start = |place: usize| before[..place].rfind('\n').map_or(0, |end| end + 1);
        let line_end = |place: usize| before[place..].find('\n').map_or(before.len(), |end| place + end);
        let start = line_start(edits[at].span.start as usize);
        let mut end = line_end(edits[at].span.end as usize);
        let first = at;
        // Edits of one line are one change.
        while at < edits.len() && (edits[at].span.start as usize) <= end {
            end = end.max(line_end(edits[at].span.end as usize));
            at += 1;
        }
        let old = &before[start..end];
        let mut new = old.to_owned();
        for fix in edits[first..at].iter().rev() {
            new.replace_range(fix.span.start as usize - start..fix.span.end as usize - start, &fix.text);
        }
        let number = before[..start].matches('\n').count() + 1;
        let (gone, come): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let shifted = number.saturating_add_signed(grown);
        let _ = writeln!(out, "@@ -{number},{} +{shifted},{} @@", gone.len(), come.len());
        grown += come.len() as isize - gone.len() as isize;
        // What stays at the end is context: an insertion stands before it.
        let same = gone.iter().rev().zip(come.iter().rev()).take_while(|(a, b)| a == b).count();
        let lines = gone[..gone.len() - same].iter().map(|line| ('-', line));
        let lines = lines.chain(come[..come.len() - same].iter().map(|line| ('+', line)));
        for (sign, line) in lines.chain(gone[gone.len() - same..].iter().map(|line| (' ', line))) {
            let _ = writeln!(out, "{sign}{line}");
        }
    }
    out
}

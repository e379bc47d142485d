//! Files that stacks need besides their templates: which there are, and how a folder becomes a zip archive that
//! is the same on every machine.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::{
    error::Problems,
    model::Span,
    syntax::{self, Tree},
};

/// Largest archive that Lambda takes inside a call, in bytes.
pub(super) const MAX_IN_CALL: usize = 50 << 20;

/// Largest file or folder that is sent, in bytes: what Lambda takes at most, and what fits into memory.
const MAX_SIZE: u64 = 250 << 20;

/// Deepest folder within an asset; links may lead in circles.
const MAX_DEPTH: usize = 64;

/// A file asset.
#[derive(Debug)]
pub(super) struct FileAsset {
    /// How the CDK shows it.
    pub name: String,
    /// File or folder.
    pub path: PathBuf,
    /// Whether a folder is to be zipped.
    pub zip: bool,
    /// Bucket and key under which the template names it; the bucket may hold `${AWS::...}`.
    pub places: Vec<(String, String)>,
    /// Where it is declared.
    pub span: Span,
}

/// A docker image that would have to be built and pushed.
#[derive(Debug)]
pub(super) struct ImageAsset {
    /// How the CDK shows it.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
}

/// What one stack needs besides its template.
#[derive(Debug, Default)]
pub(super) struct Assets {
    /// Files, the template itself excepted.
    pub files: Vec<FileAsset>,
    /// Docker images.
    pub images: Vec<ImageAsset>,
}

/// Code that is ready to be sent.
#[derive(Debug)]
pub(super) struct Packed {
    /// What stands for it in properties, ledger and review; depends on the contents only.
    pub placeholder: String,
    /// A `data:` URL.
    pub value: String,
    /// How many there are.
    pub bytes: usize,
}

impl Assets {
    /// Reads a stack's asset manifests.
    pub(super) fn read(folder: &Path, files: &[String], template: &str, problems: &mut Problems) -> Self {
        let mut assets = Self::default();
        for file in files {
            match syntax::read(&folder.join(file)) {
                Ok(tree) => assets.take(folder, &tree, template, problems),
                Err(errors) => problems.extend(errors),
            }
        }
        assets
    }

    fn take(&mut self, folder: &Path, tree: &Tree, template: &str, problems: &mut Problems) {
        for entry in tree.get("files").and_then(Tree::as_map).unwrap_or_default() {
            let name =
                entry.value.get("displayName").and_then(Tree::as_text).unwrap_or(&entry.key).to_owned();
            let source = entry.value.get("source");
            let Some(path) = source.and_then(|s| s.get("path")?.as_text()) else {
                let message =
                    format!("the asset `{name}` is made by a command of its own, which is not supported");
                problems.error("M1905", Some(&entry.key_span), message);
                continue;
            };
            if path == template {
                continue;
            }
            let places = entry.value.get("destinations").and_then(Tree::as_map).unwrap_or_default();
            self.files.push(FileAsset {
                name,
                path: folder.join(path),
                zip: source.and_then(|s| s.get("packaging")?.as_text()) == Some("zip"),
                places: places
                    .iter()
                    .filter_map(|place| {
                        let text = |key: &str| Some(place.value.get(key)?.as_text()?.to_owned());
                        Some((text("bucketName")?, text("objectKey")?))
                    })
                    .collect(),
                span: entry.key_span.clone(),
            });
        }
        for entry in tree.get("dockerImages").and_then(Tree::as_map).unwrap_or_default() {
            let name =
                entry.value.get("displayName").and_then(Tree::as_text).unwrap_or(&entry.key).to_owned();
            self.images.push(ImageAsset { name, span: entry.key_span.clone() });
        }
    }

    /// The asset that a template means by a bucket and a key.
    pub(super) fn at(&self, bucket: &str, key: &str) -> Option<&FileAsset> {
        self.files.iter().find(|asset| asset.places.iter().any(|(b, k)| b == bucket && k == key))
    }
}

impl FileAsset {
    /// The bytes to send.
    ///
    /// # Errors
    /// Why they cannot be sent.
    pub(super) fn pack(&self) -> Result<Packed, String> {
        let failed = |error: io::Error| format!("{} cannot be read: {error}", self.path.display());
        let (digest, bytes) = if self.zip && self.path.is_dir() {
            let mut files = BTreeMap::new();
            let mut size = 0;
            list(&self.path, "", 0, &mut files, &mut size).map_err(failed)?;
            archive(&files).map_err(failed)?
        } else {
            let size = fs::metadata(&self.path).map_err(failed)?.len();
            if size > MAX_SIZE {
                return Err(format!("it has {} MiB; at most {} are sent", size >> 20, MAX_SIZE >> 20));
            }
            let bytes = fs::read(&self.path).map_err(failed)?;
            (hex::encode(Sha256::digest(&bytes)), bytes)
        };
        Ok(Packed {
            placeholder: format!("{{{{resolve:asset:{digest}}}}}"),
            value: format!("data:application/zip;base64,{}", BASE64_STANDARD.encode(&bytes)),
            bytes: bytes.len(),
        })
    }
}

/// A file within a folder: where it is, and whether it can be run.
type Files = BTreeMap<String, (PathBuf, bool)>;

/// All files below a folder by their names within it. Links are followed, as the CDK does.
fn list(folder: &Path, prefix: &str, depth: usize, files: &mut Files, size: &mut u64) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other("its folders are too deep; does a link lead back to its parent?"));
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| io::Error::other("a file's name is not UTF-8"))?;
        let about = fs::metadata(&path)?;
        if about.is_dir() {
            list(&path, &format!("{prefix}{name}/"), depth + 1, files, size)?;
            continue;
        }
        *size += about.len();
        if *size > MAX_SIZE {
            return Err(io::Error::other(format!("it has more than {} MiB", MAX_SIZE >> 20)));
        }
        files.insert(format!("{prefix}{name}"), (path, executable(&about)));
    }
    Ok(())
}

#[cfg(unix)]
fn executable(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn executable(_about: &fs::Metadata) -> bool {
    false
}

/// The digest of the contents and the archive: files in the order of their names, one fixed time, two modes. The
/// digest does not depend on how the archive is compressed, so that another version of the compressor is no change.
fn archive(files: &Files) -> io::Result<(String, Vec<u8>)> {
    let mut hasher = Sha256::new();
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (name, (path, executable)) in files {
        let bytes = fs::read(path)?;
        hasher.update(format!("{} {name} {} {executable}\n", name.len(), bytes.len()));
        hasher.update(&bytes);
        let mode = if *executable { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(mode);
        zip.start_file(name.as_str(), options).map_err(io::Error::other)?;
        zip.write_all(&bytes)?;
    }
    let bytes = zip.finish().map_err(io::Error::other)?.into_inner();
    Ok((hex::encode(hasher.finalize()), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn pack(dir: &Path) -> Packed {
        let path = syntax::parse(Path::new("a.json"), "{}".into()).unwrap();
        let asset =
            FileAsset { name: "code".into(), path: dir.into(), zip: true, places: vec![], span: path.span };
        asset.pack().unwrap()
    }

    #[test]
    fn the_same_files_make_the_same_archive() {
        let one = folder(&[("index.js", "exports.handler = 1"), ("lib/b.js", "b"), ("lib/a.js", "a")]);
        let two = folder(&[("lib/a.js", "a"), ("lib/b.js", "b"), ("index.js", "exports.handler = 1")]);
        let (one, two) = (pack(one.path()), pack(two.path()));
        assert_eq!((&one.placeholder, &one.value), (&two.placeholder, &two.value));
        let bytes = BASE64_STANDARD.decode(one.value.split_once(',').unwrap().1).unwrap();
        let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        let names: Vec<String> =
            (0..archive.len()).map(|at| archive.by_index(at).unwrap().name().unwrap().into_owned()).collect();
        assert_eq!(names, ["index.js", "lib/a.js", "lib/b.js"]);
    }

    #[test]
    fn contents_names_and_borders_make_a_difference() {
        let texts: Vec<String> = [
            [("a", "bc"), ("d", "e")],
            [("a", "b"), ("d", "ce")],
            [("ab", "c"), ("d", "e")],
            [("a", "bc"), ("d", "f")],
        ]
        .iter()
        .map(|files| pack(folder(files).path()).placeholder)
        .collect();
        let unique: std::collections::BTreeSet<_> = texts.iter().collect();
        assert_eq!(unique.len(), texts.len());
    }
}

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

use super::{artifact::StackArtifact, edit::find_text};
use crate::{
    error::Problems,
    files::{self, Refusal},
    model::Span,
    syntax::Tree,
    template::load::read_within,
};

/// Largest archive that Lambda takes inside a call, in bytes.
pub(super) const MAX_IN_CALL: usize = 50 << 20;

/// Largest file or folder that is sent, in bytes: what Lambda takes at most, and what fits into memory.
const MAX_SIZE: u64 = 250 << 20;

/// Deepest folder within an asset; links may lead in circles.
const MAX_DEPTH: usize = 64;

/// Most files and folders of one asset.
const MAX_ENTRIES: usize = 65_535;

/// A file asset.
#[derive(Debug)]
pub(super) struct FileAsset {
    /// How the CDK shows it.
    pub name: String,
    /// File or folder.
    pub path: PathBuf,
    /// The assembly's folder, out of which no path and no link leads.
    pub root: PathBuf,
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
    pub(super) fn read(stack: &StackArtifact, problems: &mut Problems) -> Self {
        let mut assets = Self::default();
        for file in &stack.assets {
            match read_within(&stack.root, &stack.folder.join(file)) {
                Ok(tree) => assets.take(stack, &tree, problems),
                Err(errors) => problems.extend(errors),
            }
        }
        assets
    }

    fn take(&mut self, stack: &StackArtifact, tree: &Tree, problems: &mut Problems) {
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
            if path == stack.template {
                continue;
            }
            let places = entry.value.get("destinations").and_then(Tree::as_map).unwrap_or_default();
            self.files.push(FileAsset {
                name,
                path: stack.folder.join(path),
                root: stack.root.clone(),
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

    /// The asset whose key stands in a text of the tree: an address that a template puts together.
    pub(super) fn named_in(&self, tree: &Tree) -> Option<&FileAsset> {
        self.files.iter().find(|asset| {
            let names = |text: &str| asset.places.iter().any(|(_, key)| text.contains(key.as_str()));
            find_text(tree, &names).is_some()
        })
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
        let failed = |error: io::Error| match files::refusal(&error).map(|refused| &refused.why) {
            Some(Refusal::Outside(_)) => {
                format!("{} lies outside the assembly", self.path.display())
            }
            Some(Refusal::TooLarge(_)) => format!("it has more than {} MiB", MAX_SIZE >> 20),
            Some(_) => error.to_string(),
            None => format!("{} cannot be read: {error}", self.path.display()),
        };
        files::within(&self.root, &self.path).map_err(failed)?;
        let (digest, bytes) = if self.zip && self.path.is_dir() {
            let mut listing = Listing { root: &self.root, files: BTreeMap::new(), size: 0, entries: 0 };
            listing.add(&self.path, "", 0).map_err(failed)?;
            archive(&listing.files).map_err(failed)?
        } else {
            let bytes = files::read_input(&self.path, MAX_SIZE).map_err(failed)?;
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

/// All files below a folder by their names within it.
struct Listing<'r> {
    root: &'r Path,
    files: Files,
    size: u64,
    entries: usize,
}

impl Listing<'_> {
    /// Links are followed, as the CDK does, but not out of the assembly.
    fn add(&mut self, folder: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(io::Error::other("its folders are too deep; does a link lead back to its parent?"));
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| io::Error::other("a file's name is not UTF-8"))?;
            // Links that lead to their own parents multiply folders without a single byte.
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(io::Error::other(format!("it has more than {MAX_ENTRIES} files and folders")));
            }
            if entry.file_type()?.is_symlink() {
                files::within(self.root, &path).map_err(|error| match files::refusal(&error) {
                    Some(_) => {
                        io::Error::other(format!("the link {} leads out of the assembly", path.display()))
                    }
                    None => error,
                })?;
            }
            let about = fs::metadata(&path)?;
            if about.is_dir() {
                self.add(&path, &format!("{prefix}{name}/"), depth + 1)?;
                continue;
            }
            if !about.is_file() {
                return Err(io::Error::other(format!("{} is not a regular file", path.display())));
            }
            self.size += about.len();
            if self.size > MAX_SIZE {
                return Err(io::Error::other(format!("it has more than {} MiB", MAX_SIZE >> 20)));
            }
            self.files.insert(format!("{prefix}{name}"), (path, executable(&about)));
        }
        Ok(())
    }
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
fn archive(listed: &Files) -> io::Result<(String, Vec<u8>)> {
    let mut hasher = Sha256::new();
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let mut left = MAX_SIZE;
    for (name, (path, executable)) in listed {
        let bytes = files::read_input(path, left)?;
        left -= bytes.len() as u64;
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
    use crate::syntax;

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

    fn asset(root: &Path, path: &Path) -> FileAsset {
        let tree = syntax::parse(Path::new("a.json"), "{}".into()).unwrap();
        FileAsset {
            name: "code".into(),
            path: path.into(),
            root: root.into(),
            zip: true,
            places: vec![],
            span: tree.span,
        }
    }

    fn pack(dir: &Path) -> Packed {
        asset(dir, dir).pack().unwrap()
    }

    #[test]
    fn nothing_outside_the_assembly_is_sent() {
        let outside = folder(&[("id_rsa", "private")]);
        let assembly = folder(&[("asset.1/index.js", "code"), ("asset.2/a", "a"), ("asset.3/a", "a")]);
        let at = |path: &str| asset(assembly.path(), &assembly.path().join(path)).pack().unwrap_err();
        let link =
            |to: &Path, from: &str| std::os::unix::fs::symlink(to, assembly.path().join(from)).unwrap();
        let stolen = outside.path().join("id_rsa");
        let up = format!("../{}/id_rsa", outside.path().file_name().unwrap().to_str().unwrap());
        for path in [stolen.to_str().unwrap(), &up, "asset.1/../../", "/etc"] {
            assert!(at(path).contains("outside the assembly"), "{path}: {}", at(path));
        }
        link(&stolen, "asset.1/key");
        assert!(at("asset.1").contains("leads out of the assembly"), "{}", at("asset.1"));
        link(outside.path(), "asset.4");
        assert!(at("asset.4").contains("outside the assembly"), "{}", at("asset.4"));
        link(outside.path(), "asset.2/folder");
        assert!(at("asset.2").contains("leads out of the assembly"), "{}", at("asset.2"));
        // Within the assembly links are followed; in circles they end.
        link(Path::new("a"), "asset.3/b");
        assert!(asset(assembly.path(), &assembly.path().join("asset.3")).pack().is_ok());
        for circle in ["asset.3/c", "asset.3/d"] {
            link(Path::new("."), circle);
        }
        let why = at("asset.3");
        assert!(["too deep", "more than", "Too many levels"].iter().any(|w| why.contains(w)), "{why}");
        let made =
            std::process::Command::new("mkfifo").arg(assembly.path().join("asset.5")).status().unwrap();
        assert!(made.success() && at("asset.5").contains("a FIFO"), "{}", at("asset.5"));
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

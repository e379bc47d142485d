//! The AWS CLI's config and credentials files: read once for a command, parsed with the SDK's own parser.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use aws_config::profile::{self, Profile, ProfileSet};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

use aws_types::os_shim_internal::{Env, Fs};
use futures_util::FutureExt as _;

use super::failure::{Access, AccessError};

/// Largest configuration file, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// An environment variable that is set and not empty: to the AWS CLI an empty one is none.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The user's home folder.
pub(super) fn home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

/// All profiles, and the one that is used.
pub struct Profiles {
    set: ProfileSet,
    name: String,
    /// `--profile`, `AWS_PROFILE`; `None` for the default profile that nobody asked for.
    asked: Option<&'static str>,
    /// What both files held, for the SDK's own providers: they would read them again.
    files: EnvConfigFiles,
    /// Sections of the config file that are named as only the credentials file names them.
    bare: Vec<String>,
}

impl fmt::Debug for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The files hold keys.
        write!(f, "Profiles({})", self.name)
    }
}

/// The files, as people know them.
pub(super) fn config_file() -> PathBuf {
    file("AWS_CONFIG_FILE", "config")
}

pub(super) fn credentials_file() -> PathBuf {
    file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

fn file(name: &str, usual: &str) -> PathBuf {
    let home = || home().unwrap_or_else(|| "~".into());
    match variable(name) {
        // The shell does not expand a `~` in quotes; the AWS CLI does.
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => home().join(rest),
            None => PathBuf::from(path),
        },
        None => home().join(".aws").join(usual),
    }
}

/// What a file holds; a file that is not there holds nothing.
fn contents(path: &Path) -> Result<String, AccessError> {
    let wrong = |why: &str| {
        AccessError::new(
            Access::Settings,
            format!("the AWS configuration cannot be read: {} {why}", path.display()),
        )
        .remedy(format!(
            "correct {}, or have AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE name another file",
            path.display()
        ))
    };
    // Pipes and /dev/null too: shells pass files that way. Nobody but the user names it.
    let read = std::fs::File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, MAX_FILE + 1), &mut bytes)?;
        Ok(bytes)
    });
    match read {
        Ok(bytes) if bytes.len() as u64 > MAX_FILE => Err(wrong("is larger than 16 MiB")),
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8")),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(String::new())
        }
        Err(error) => Err(wrong(&format!("({error})"))),
    }
}

/// Without settings of `endpoint_url` that are empty: to the AWS CLI they are none, in a profile as in a section
/// `services`. The SDK's clients and credentials providers would panic on them.
fn without_empty_endpoints(text: &str) -> String {
    let empty = |line: &&str| {
        let setting = line.split_once('=');
        !setting.is_some_and(|(key, value)| key.trim() == "endpoint_url" && without_comment(value).is_empty())
    };
    text.split_inclusive('\n').filter(empty).collect()
}

/// A value as the SDK's parser takes it: a `#` or `;` after a space begins a comment.
fn without_comment(value: &str) -> &str {
    let ends = [" #", " ;", "\t#", "\t;"].into_iter().filter_map(|mark| value.find(mark)).min();
    value[..ends.unwrap_or(value.len())].trim()
}

impl Profiles {
    /// Reads both files and selects a profile: the one of `--profile`, else of `AWS_PROFILE` or `AWS_DEFAULT_PROFILE`,
    /// else `default`.
    ///
    /// # Errors
    /// A file that cannot be read or understood; a profile that was asked for and is not there.
    pub fn read(flag: Option<&str>) -> Result<Self, AccessError> {
        let from = |name: &'static str| Some((variable(name)?, name));
        let asked = flag
            .map(|name| (name.to_owned(), "--profile"))
            .or_else(|| from("AWS_PROFILE"))
            .or_else(|| from("AWS_DEFAULT_PROFILE"));
        let name = asked.as_ref().map_or("default", |(name, _)| name).to_owned();
        let (config, credentials) = (contents(&config_file())?, contents(&credentials_file())?);
        let files = EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, without_empty_endpoints(&config))
            .with_contents(EnvConfigFileKind::Credentials, without_empty_endpoints(&credentials))
            .build();
        let set = parsed(&files, &name)?;
        let bare = config
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with('['))
            .map(ToOwned::to_owned)
            .collect();
        let profiles = Self { set, name, asked: asked.map(|(_, how)| how), files, bare };
        match profiles.asked {
            Some(how) if profiles.get(&profiles.name).is_none() => Err(profiles.missing(how)),
            _ => Ok(profiles),
        }
    }

    /// The same profile in what the files hold now.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn again(&self) -> Result<Self, AccessError> {
        Self::read(self.by_flag().then_some(self.name.as_str()))
    }

    /// What both files held when they were read.
    #[must_use]
    pub(super) fn files(&self) -> EnvConfigFiles {
        self.files.clone()
    }

    /// The selected profile's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `--profile` or the variable that selected it.
    #[must_use]
    pub fn asked(&self) -> Option<&'static str> {
        self.asked
    }

    /// Whether `--profile` selected it: then keys of the environment do not count.
    #[must_use]
    pub fn by_flag(&self) -> bool {
        self.asked == Some("--profile")
    }

    /// A property of the selected profile.
    #[must_use]
    pub fn selected(&self, key: &str) -> Option<&str> {
        self.get(&self.name)?.get(key).filter(|value| !value.is_empty())
    }

    /// A profile.
    #[must_use]
    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.set.get_profile(name)
    }

    /// Who is not there, who is, and who was probably meant.
    fn missing(&self, how: &str) -> AccessError {
        let message = format!(
            "there is no profile `{}` ({how}) in {} or {}",
            self.name,
            config_file().display(),
            credentials_file().display()
        );
        AccessError::new(Access::Settings, message).remedy(self.those_there_are(&self.name))
    }

    /// The nearest name, and all names.
    pub(super) fn those_there_are(&self, name: &str) -> String {
        let header = format!("[{name}]");
        if self.bare.contains(&header) {
            return format!(
                "{} has a section `{header}`: in that file it must be `[profile {name}]`",
                config_file().display()
            );
        }
        let mut names: Vec<&str> = self.set.profiles().collect();
        names.sort_unstable();
        let near = nearest(name, &names);
        let near = near.map(|near| format!("did you mean `--profile {near}`? ")).unwrap_or_default();
        match names.len() {
            0 => "there are no profiles at all: `aws configure sso` makes one".to_owned(),
            count @ 0..=12 => {
                format!("{near}there {} {}", if count == 1 { "is" } else { "are" }, names.join(", "))
            }
            count => format!("{near}there are {count}, among them {}", names[..12].join(", ")),
        }
    }
}

/// The profiles in two texts.
fn parsed(files: &EnvConfigFiles, name: &str) -> Result<ProfileSet, AccessError> {
    let load = |files: &EnvConfigFiles| {
        let (fs, env) = (Fs::real(), Env::real());
        // The parser's only waits are for files, which it reads at once.
        profile::load(&fs, &env, files, Some(name.to_owned().into())).now_or_never()
    };
    let wrong = |why: &str| {
        let (config, credentials) = (config_file(), credentials_file());
        AccessError::new(Access::Settings, format!("the AWS configuration cannot be read: {why}"))
            .remedy(format!("correct {} or {}", config.display(), credentials.display()))
    };
    match load(files) {
        Some(Ok(set)) => Ok(set),
        // It names the line; the file it only knows where it has read it.
        Some(Err(error)) => match load(&EnvConfigFiles::default()) {
            Some(Err(named)) => Err(wrong(&innermost(&named))),
            _ => Err(wrong(&innermost(&error))),
        },
        None => Err(wrong("it is not there at once")),
    }
}

/// The name that was probably meant.
fn nearest<'n>(name: &str, names: &[&'n str]) -> Option<&'n str> {
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    let distance = |other: &&'n str| strsim::damerau_levenshtein(&name.to_lowercase(), &other.to_lowercase());
    let near = names.iter().map(|other| (distance(other), *other)).min()?;
    (near.0 <= allowed).then_some(near.1)
}

/// The cause at the bottom: the layers above it say that a file could not be loaded.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    super::failure::causes(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_endpoints_are_none_and_nothing_else_is_left_out() {
        let text = "[profile a]\nendpoint_url =\nregion = eu-west-1\n[services s]\nsts =\n  endpoint_url =  # later\nkms =\n  \
                    endpoint_url = http://localhost:1\n[profile b]\nendpoint_url = http://h/#x\nservices = s";
        let kept = "[profile a]\nregion = eu-west-1\n[services s]\nsts =\nkms =\n  endpoint_url = \
                    http://localhost:1\n[profile b]\nendpoint_url = http://h/#x\nservices = s";
        assert_eq!(without_empty_endpoints(text), kept);
    }
}

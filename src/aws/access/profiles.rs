//! The AWS CLI's config and credentials files, read with the SDK's own parser.

use std::path::PathBuf;

use aws_config::profile::{self, Profile, ProfileSet};
use aws_runtime::env_config::file::EnvConfigFiles;

use aws_types::os_shim_internal::{Env, Fs};
use futures_util::FutureExt as _;

use super::failure::{Access, AccessError};

/// An environment variable that is set and not empty: to the AWS CLI an empty one is none.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The user's home folder.
pub(super) fn home() -> Option<PathBuf> {
    variable("HOME").map(PathBuf::from)
}

/// All profiles, and the one that is used.
#[derive(Debug)]
pub struct Profiles {
    set: ProfileSet,
    name: String,
    /// `--profile`, `AWS_PROFILE`; `None` for the default profile that nobody asked for.
    asked: Option<&'static str>,
}

/// The files, as people know them.
pub(super) fn config_file() -> PathBuf {
    file("AWS_CONFIG_FILE", "config")
}

pub(super) fn credentials_file() -> PathBuf {
    file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

fn file(name: &str, usual: &str) -> PathBuf {
    variable(name)
        .map_or_else(|| home().unwrap_or_else(|| "~".into()).join(".aws").join(usual), PathBuf::from)
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
        // The parser's only waits are for files, which it reads at once.
        let (fs, env, files) = (Fs::real(), Env::real(), EnvConfigFiles::default());
        let loaded = profile::load(&fs, &env, &files, Some(name.clone().into()));
        let set = match loaded.now_or_never() {
            Some(Ok(set)) => set,
            Some(Err(error)) => {
                let message = format!("the AWS configuration cannot be read: {}", innermost(&error));
                return Err(AccessError::new(Access::Settings, message).remedy(format!(
                    "correct {} or {}",
                    config_file().display(),
                    credentials_file().display()
                )));
            }
            None => {
                return Err(AccessError::new(
                    Access::Settings,
                    "the AWS configuration cannot be read at once",
                ));
            }
        };
        let profiles = Self { set, name, asked: asked.map(|(_, how)| how) };
        match profiles.asked {
            Some(how) if profiles.get(&profiles.name).is_none() => Err(profiles.missing(how)),
            _ => Ok(profiles),
        }
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
        let bare = std::fs::read_to_string(config_file()).unwrap_or_default();
        if bare.lines().any(|line| line.trim() == header) {
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

//! The data file as values.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;

use super::version::{family_of, is_older, major_of};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is compiled in, and a test reads all of it")]
    serde_json::from_str(include_str!("catalogue.json")).expect("catalogue.json is a catalogue")
});

/// All that the file says.
#[derive(Debug, Deserialize)]
pub struct Catalogue {
    /// When the lists were taken.
    pub date: String,
    /// Where they come from.
    pub source: String,
    engines: BTreeMap<String, Engine>,
    old_families: Vec<String>,
    parameters: BTreeMap<String, Kinds>,
    timezones: BTreeMap<String, Vec<String>>,
    characters: BTreeMap<String, Vec<String>>,
}

/// Names of parameters, separated by `, `.
#[derive(Debug, Deserialize)]
struct Kinds {
    r#static: String,
    dynamic: String,
}

/// An option of option groups.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct EngineOption {
    /// What it does, in AWS's words.
    pub description: String,
    /// Major versions that have it.
    pub majors: Vec<String>,
    /// Whether a port must be given.
    pub port_required: bool,
    /// The port when none is given.
    #[serde(default)]
    pub port: Option<i64>,
    /// It cannot be removed while instances use the group.
    pub persistent: bool,
    /// It can never be removed.
    pub permanent: bool,
    /// It needs a VPC.
    pub vpc_only: bool,
    /// Options it needs.
    pub depends: Vec<String>,
    /// Options it cannot be with.
    pub conflicts: Vec<String>,
    /// Its versions, if it has some.
    #[serde(default)]
    pub versions: Vec<String>,
    /// The version when none is given.
    #[serde(default)]
    pub version: Option<String>,
    /// Its settings by name.
    pub settings: BTreeMap<String, OptionSetting>,
}

/// A setting of an option.
#[derive(Debug, Deserialize)]
pub struct OptionSetting {
    /// The value when none is given.
    pub default: Option<String>,
    /// Values it takes: `a,b` or `1-100`.
    pub allowed: Option<String>,
    /// `DYNAMIC` or `STATIC`.
    pub apply: String,
    /// Whether it can be set.
    pub modifiable: bool,
    /// Whether it must be set.
    pub required: bool,
}

/// A parameter of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parameter {
    /// `innodb_buffer_pool_size`.
    pub name: &'static str,
    /// Whether a change waits for a reboot.
    pub is_static: bool,
}

/// One engine.
#[derive(Debug, Deserialize)]
pub struct Engine {
    /// `postgres`, `oracle-se2-cdb`.
    pub name: String,
    /// As `DBEngineDescription` has it.
    pub description: String,
    /// Licence models, the default first.
    pub licences: Vec<String>,
    /// The port when none is given.
    pub port: i64,
    /// Logs that can go to CloudWatch Logs.
    pub logs: Vec<String>,
    /// Storage types with the least and most GiB.
    pub storage: BTreeMap<String, (i64, i64)>,
    /// The version of those who name none.
    pub default: String,
    /// Versions on offer, oldest first.
    pub versions: Vec<String>,
    /// Versions that were on offer once.
    pub withdrawn: Vec<String>,
    /// Parameter families, also of versions that are no longer on offer.
    pub families: Vec<String>,
    /// Options that its option groups can have.
    #[serde(default)]
    pub options: BTreeMap<String, EngineOption>,
    /// Instance classes by licence model, packed: `m5 large xlarge, t3 micro`.
    classes: BTreeMap<String, String>,
    /// The first version that some families of classes run on.
    #[serde(default)]
    since: BTreeMap<String, String>,
    /// Major versions that have extended support.
    #[serde(default)]
    extended: String,
    #[serde(default)]
    timezones: Option<String>,
    #[serde(default)]
    characters: Option<String>,
}

/// The catalogue.
#[must_use]
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

impl Catalogue {
    /// The engine of that name.
    #[must_use]
    pub fn engine(&'static self, name: &str) -> Option<&'static Engine> {
        self.engines.get(name)
    }

    /// All engines, by name.
    pub fn engines(&'static self) -> impl Iterator<Item = &'static Engine> {
        self.engines.values()
    }

    /// Whether parameter groups can be of that family.
    #[must_use]
    pub fn is_family(&self, name: &str) -> bool {
        self.old_families.iter().chain(self.engines.values().flat_map(|e| &e.families)).any(|one| one == name)
    }

    /// The parameters of a family, by name. A section's key holds the beginnings of the families it is for.
    #[must_use]
    pub fn parameters(&'static self, family: &str) -> BTreeSet<Parameter> {
        let holds = |key: &str| {
            let beginnings = key.split_once('|').map_or(key, |(_, beginnings)| beginnings);
            beginnings.split(' ').any(|beginning| family.starts_with(beginning))
        };
        let names = |text: &'static str, is_static| {
            text.split(", ").filter(|name| !name.is_empty()).map(move |name| Parameter { name, is_static })
        };
        let all: BTreeMap<&str, bool> = self
            .parameters
            .iter()
            .filter(|(key, _)| holds(key))
            .flat_map(|(_, kinds)| names(&kinds.dynamic, false).chain(names(&kinds.r#static, true)))
            .map(|one| (one.name, one.is_static))
            .collect();
        all.into_iter().map(|(name, is_static)| Parameter { name, is_static }).collect()
    }

    /// Time zones that an engine's instances can be given.
    #[must_use]
    pub fn timezones(&self, engine: &Engine) -> &[String] {
        listed(&self.timezones, engine.timezones.as_ref())
    }

    /// Character sets (collations, in SQL Server's words) that an engine's instances can be given, the default first.
    #[must_use]
    pub fn characters(&self, engine: &Engine) -> &[String] {
        listed(&self.characters, engine.characters.as_ref())
    }
}

fn listed<'l>(lists: &'l BTreeMap<String, Vec<String>>, name: Option<&String>) -> &'l [String] {
    name.and_then(|name| lists.get(name)).map_or(&[], Vec::as_slice)
}

impl Engine {
    /// Whether the instances belong to an Aurora cluster.
    #[must_use]
    pub fn is_aurora(&self) -> bool {
        self.storage.contains_key("aurora")
    }

    /// The version that `wanted` means: itself, the default or else the newest of a major version, or the default.
    /// Withdrawn versions of majors that are still on offer count.
    #[must_use]
    pub fn version(&self, wanted: Option<&str>) -> Option<&str> {
        let Some(wanted) = wanted else { return Some(&self.default) };
        let of_major = |version: &&String| {
            version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
                && !version.ends_with("-limitless")
        };
        let exact = self.versions.iter().find(|version| *version == wanted);
        let newest =
            || Some(&self.default).filter(of_major).or_else(|| self.versions.iter().rev().find(of_major));
        exact.or_else(newest).or_else(|| self.withdrawn_minor(wanted)).map(String::as_str)
    }

    /// A version that is no longer for new instances, of a major version that is.
    #[must_use]
    pub fn withdrawn_minor(&self, wanted: &str) -> Option<&String> {
        let major = self.major(wanted);
        let lives = self.versions.iter().any(|version| self.major(version) == major);
        self.withdrawn.iter().find(|version| lives && *version == wanted)
    }

    /// Whether a version is newer than all that the catalogue has of its major version, or of any: then it is the
    /// catalogue that may be too old.
    #[must_use]
    pub fn is_beyond(&self, version: &str) -> bool {
        let major = self.major(version);
        let known = |version: &&String| self.major(version) == major;
        let all = || self.withdrawn.iter().chain(&self.versions);
        match all().filter(known).fold(None, |newest: Option<&String>, one| match newest {
            Some(other) if is_older(one, other) => Some(other),
            _ => Some(one),
        }) {
            Some(newest) => is_older(newest, version),
            None => all().all(|one| is_older(one, version)),
        }
    }

    /// Whether a major version is under extended support.
    #[must_use]
    pub fn is_extended(&self, major: &str) -> bool {
        self.extended.split(' ').any(|one| one == major)
    }

    /// Instance classes for a licence model: `db.m5.large`.
    pub fn classes<'e>(&'e self, licence: &str) -> impl Iterator<Item = String> + use<'e> {
        self.classes.get(licence).into_iter().flat_map(|text| text.split(", ")).flat_map(|one| {
            let (kind, sizes) = one.split_once(' ').unwrap_or((one, ""));
            sizes.split(' ').map(move |size| match size {
                "" => format!("db.{kind}"),
                size => format!("db.{kind}.{size}"),
            })
        })
    }

    /// Whether any licence model has that class.
    #[must_use]
    pub fn has_class(&self, class: &str) -> bool {
        self.licences.iter().any(|licence| self.classes(licence).any(|one| one == class))
    }

    /// Whether a version runs on a class that the engine has.
    #[must_use]
    pub fn runs_on(&self, version: &str, class: &str) -> bool {
        let kind = class.split('.').nth(1).unwrap_or_default();
        !self
            .since
            .iter()
            .any(|(first, kinds)| kinds.split(' ').any(|k| k == kind) && is_older(version, first))
    }

    /// The parameter family of a version.
    #[must_use]
    pub fn family(&self, version: &str) -> String {
        family_of(&self.name, version)
    }

    /// The major version of a version.
    #[must_use]
    pub fn major(&self, version: &str) -> String {
        major_of(&self.name, version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(name: &str) -> &'static Engine {
        catalogue().engine(name).expect(name)
    }

    #[test]
    fn every_engine_is_whole() {
        assert_eq!(catalogue().engines().count(), 15);
        for engine in catalogue().engines() {
            let name = &engine.name;
            assert!(engine.versions.contains(&engine.default), "{name}");
            assert!(engine.versions.is_sorted_by(|a, b| !is_older(b, a)), "{name}: oldest first");
            for licence in &engine.licences {
                assert!(engine.classes(licence).count() > 5, "{name} {licence}");
            }
            for version in engine.versions.iter().chain(&engine.withdrawn) {
                let family = engine.family(version);
                assert!(catalogue().is_family(&family), "{name} {version}: no family {family}");
                assert!(!catalogue().parameters(&family).is_empty(), "{family} has no parameters");
            }
            assert!(engine.storage.values().all(|(least, most)| least < most), "{name}");
        }
    }

    #[test]
    fn classes_are_those_an_engine_runs_on() {
        for oracle in ["oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb"] {
            assert!(
                !engine(oracle).has_class("db.m6g.large") && engine(oracle).has_class("db.m5.large"),
                "{oracle}"
            );
        }
        assert!(
            !engine("sqlserver-se").has_class("db.t4g.micro")
                && engine("sqlserver-ex").has_class("db.t3.micro")
        );
        assert!(engine("mysql").has_class("db.t3.micro") && !engine("mysql").has_class("db.m3.large"));
        assert!(!engine("mysql").runs_on("5.7.44-rds.20260624", "db.m7g.large"));
        assert!(
            engine("mysql").runs_on("8.4.10", "db.m7g.large")
                && !engine("postgres").has_class("db.serverless")
        );
    }

    #[test]
    fn versions_are_found_as_rds_finds_them() {
        let postgres = engine("postgres");
        assert_eq!(
            postgres.version(Some("16")),
            postgres.versions.iter().rev().find(|v| v.starts_with("16.")).map(String::as_str)
        );
        assert_eq!(postgres.version(Some("17")), Some(postgres.default.as_str()));
        assert_eq!(postgres.version(Some("16.3")), Some("16.3"), "a withdrawn minor version");
        assert_eq!(postgres.version(Some("9.4.26")), None, "a withdrawn major version");
        assert!(postgres.is_beyond("17.99") && postgres.is_beyond("25.1") && !postgres.is_beyond("9.4.26"));
        assert!(!postgres.is_beyond("14.0"));
    }

    #[test]
    fn parameters_belong_to_families() {
        let has = |family: &str, name: &str| catalogue().parameters(family).iter().any(|p| p.name == name);
        assert!(has("mysql5.7", "query_cache_size") && !has("mysql8.0", "query_cache_size"));
        assert!(
            has("mariadb10.11", "query_cache_size") && has("sqlserver-se-15.0", "max degree of parallelism")
        );
        assert!(has("oracle-ee-19", "open_cursors") && has("db2-se-11.5", "rds.ibm_customer_id"));
        let wal =
            catalogue().parameters("postgres16").into_iter().find(|p| p.name == "rds.logical_replication");
        assert!(wal.expect("it is there").is_static);
    }
}

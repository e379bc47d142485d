//! What operations are about, and what was seen of it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noun {
    /// A replication task, by its ARN.
    Task,
    /// Test of a connection, by instance and endpoint ARN.
    Connection,
    /// A table of a task, by task ARN, schema and table.
    Table,
    /// A record set, by zone, name, type and set identifier.
    Record,
    /// An ECS service, by cluster and service.
    Service,
    /// A scalable target, by its resource id.
    Scaling,
    /// An EC2 Auto Scaling group, by its name.
    Fleet,
    /// What a listener or a listener's rule does with requests, by its ARN.
    Listener,
    /// A security group's inbound rules, by the group's id.
    Group,
    /// An SSM parameter, by its name.
    Parameter,
    /// A database snapshot, by its identifier.
    Snapshot,
    /// An alarm, by its name.
    Alarm,
    /// An assessment run of a task, by the task's ARN and the run's name.
    Assessment,
}

impl Noun {
    /// As people read it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Task => "replication task",
            Self::Connection => "connection",
            Self::Table => "table",
            Self::Record => "record",
            Self::Service => "service",
            Self::Scaling => "scalable target",
            Self::Fleet => "Auto Scaling group",
            Self::Listener => "listener",
            Self::Group => "security group",
            Self::Parameter => "parameter",
            Self::Snapshot => "snapshot",
            Self::Alarm => "alarm",
            Self::Assessment => "assessment run",
        }
    }
}

/// An object that is operated or watched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// Which kind.
    pub noun: Noun,
    /// Where.
    pub region: String,
    /// Its name, in parts.
    pub id: Vec<String>,
}

impl Subject {
    /// A subject.
    #[must_use]
    pub fn new(noun: Noun, region: &str, id: &[&str]) -> Self {
        Self { noun, region: region.to_owned(), id: id.iter().map(|part| (*part).to_owned()).collect() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self
            .id
            .iter()
            .map(|part| part.rsplit_once(':').map_or(part.as_str(), |(_, last)| last))
            .collect();
        write!(f, "{} {}", self.noun.words(), parts.join(" "))
    }
}

/// Properties of subjects. `null` in an expectation means: anything but what was there before.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts(pub BTreeMap<(Subject, String), Json>);

#[derive(Serialize, Deserialize)]
struct Fact {
    #[serde(flatten)]
    subject: Subject,
    property: String,
    value: Json,
}

impl Serialize for Facts {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|((subject, property), value)| Fact {
            subject: subject.clone(),
            property: property.clone(),
            value: value.clone(),
        }))
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let list = Vec::<Fact>::deserialize(from)?;
        Ok(Self(list.into_iter().map(|fact| ((fact.subject, fact.property), fact.value)).collect()))
    }
}

impl Facts {
    /// The value of a property.
    #[must_use]
    pub fn get(&self, subject: &Subject, property: &str) -> Option<&Json> {
        self.0.get(&(subject.clone(), property.to_owned()))
    }

    /// Notes a property.
    pub fn set(&mut self, subject: &Subject, property: &str, value: Json) {
        self.0.insert((subject.clone(), property.to_owned()), value);
    }

    /// The same with one property more.
    #[must_use]
    pub fn with(mut self, subject: &Subject, property: &str, value: Json) -> Self {
        self.set(subject, property, value);
        self
    }

    /// Takes over what others say.
    pub fn learn(&mut self, others: &Self) {
        self.0.extend(others.0.iter().map(|(key, value)| (key.clone(), value.clone())));
    }

    /// All subjects.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let mut all: Vec<Subject> = self.0.keys().map(|(subject, _)| subject.clone()).collect();
        all.dedup();
        all
    }

    /// The facts of these that `subjects` has keys for.
    #[must_use]
    pub fn only(&self, keys: &Self) -> Self {
        let mut kept = self.clone();
        kept.0.retain(|key, _| keys.0.contains_key(key));
        kept
    }
}

//! What is true of a resource type besides its schema.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// How the engine repeats a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitPolicy {
    /// What AWS typically takes; the first probe comes shortly before it, and views show it.
    pub typical: Duration,
    /// Between probes once `typical` is near.
    pub every: Duration,
    /// After that the step fails.
    pub deadline: Duration,
}

impl WaitPolicy {
    /// Seconds, for constants.
    #[must_use]
    pub const fn secs(typical: u64, every: u64, deadline: u64) -> Self {
        Self {
            typical: Duration::from_secs(typical),
            every: Duration::from_secs(every),
            deadline: Duration::from_secs(deadline),
        }
    }
}

/// How far a resource must be for another one, and when an attribute of it is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// Its create call has answered (and the answer is on disk). Of a deletion: AWS has accepted it.
    Created,
    /// It is not ready, but its address is certain: the attributes of [`Facts::addressable`] are on disk.
    Addressable,
    /// It is configured and its wait is over. Of a deletion: the object is gone.
    Ready,
}

/// Attributes that are certain before the object is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressable {
    /// The attributes. A probe of an object that is not ready yet tells all of them together
    /// (`Probe::Addressable`), or none.
    pub attributes: &'static [&'static str],
    /// When AWS typically shows them, after the create call.
    pub typical: Duration,
}

/// What the create call does when an object of that name is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// It answers with an error (`AlreadyExists`), or names do not exist for the type. The engine just calls.
    Refuses,
    /// It silently overwrites or returns the existing object (PutDashboard, CreateTopic, CreateCluster): the
    /// engine calls `find` first and refuses to touch an object owned by others.
    Overwrites,
}

/// How `find` recognises an object whose id was never learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// By the name property or another natural key among its properties. Strongly consistent or nearly so.
    Name,
    /// By its ownership tags. Eventually consistent: the engine looks again before it retries.
    Tag,
    /// Not at all; the create call takes a client token and may be repeated with the same token.
    Token,
}

/// The property that carries the object's name and what AWS allows in it. The planner fills it in when the
/// template leaves it out, so handlers just use the property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameRule {
    /// `DBInstanceIdentifier`.
    pub property: &'static str,
    /// Longest name AWS takes, in characters.
    pub max: usize,
    /// Lower-case letters only.
    pub lower: bool,
    /// What separates words in generated names; usually `-`.
    pub separator: char,
}

/// A rejection that passes by itself, seen on create, configure and update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The error code.
    pub code: &'static str,
    /// A part of the message, or empty for any.
    pub message: &'static str,
    /// What it means, for the waiting line (`the role is not usable yet`).
    pub why: &'static str,
}

/// A kind of document that a property holds; each has its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// JSON of whatever form.
    Json,
    /// A policy of an identity.
    IdentityPolicy,
    /// A policy that identities share: AWS takes only the newer version of the language for it.
    ManagedPolicy,
    /// Who may assume a role.
    TrustPolicy,
    /// A policy of a resource.
    ResourcePolicy,
    /// The settings of a DMS task.
    TaskSettings,
    /// The table mappings of a DMS task.
    TableMappings,
    /// The body of a CloudWatch dashboard.
    Dashboard,
}

/// What AWS allows once.
#[derive(Debug, Clone, Copy)]
pub enum Once {
    /// Each combination of these properties, in one region (one account for global types).
    Together(&'static [&'static str]),
    /// The same, and letters' case does not tell names apart.
    AnyCase(&'static [&'static str]),
    /// Each member of the list, together with the properties. A dotted path goes into the members.
    Each(&'static str, &'static [&'static str]),
    /// Address blocks in the first property may not overlap, where the others are equal.
    Block(&'static str, &'static [&'static str]),
    /// A target group in the actions belongs to one load balancer. The second property tells which: its ARN, or a
    /// listener's.
    Targets(&'static str, &'static str),
}

/// What is true of a type besides its schema. All of it is shown by `migrate types NAME`.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// `AWS::EC2::VPC`.
    pub kind: &'static str,
    /// The endpoint prefix calls are counted and limited under (`ec2`, `rds`).
    pub service: &'static str,
    /// How an unfinished create is found again.
    pub identity: Identity,
    /// Where the name goes, if the type has one.
    pub name: Option<NameRule>,
    /// What creating over an existing object does.
    pub on_conflict: OnConflict,
    /// Whether `configure` does anything; if not it is never called.
    pub configures: bool,
    /// Attributes other resources may use as soon as the create call has answered. AWS must accept them in
    /// other calls at that moment, and `create` must return them. All others only once ready, or addressable.
    pub early: &'static [&'static str],
    /// Attributes that are certain while the object is still coming up.
    pub addressable: Option<Addressable>,
    /// Attributes that a change in place makes anew: `(property, attributes)`. Whoever refers to one of them changes
    /// in the same run, after it.
    pub renews: &'static [(&'static str, &'static [&'static str])],
    /// Properties that name an object of which this one changes attributes as long as it exists, and which: a VPC's blocks
    /// are those of its `AWS::EC2::VPCCidrBlock`s, too. They are read anew before this one is ready, and when it is gone.
    pub alters: &'static [(&'static str, &'static [&'static str])],
    /// Any change in place may make any attribute anew.
    pub renews_all: bool,
    /// Top-level properties of this type whose references must wait until the referred resource is ready,
    /// even where the attribute itself is early (a replica's source is only a name, but RDS copies only from what is
    /// available).
    pub needs_ready: &'static [&'static str],
    /// Top-level properties by which the handler asks the referred resource for attributes: the property, and which
    /// (`TargetId` of a secret's attachment is only the database's name, but its address goes into the secret). They
    /// wait until all of these attributes are certain.
    pub asks: &'static [(&'static str, &'static [&'static str])],
    /// The type acts on a database that has to answer, through whatever leads to it: it opens connections (a
    /// replication task, the rotation of a password, a custom resource that runs SQL).
    pub connects: bool,
    /// The service's status tells of an accepted change in the very next read: a wait after a change begins with a look,
    /// and ends at once where the change moved nothing.
    pub authoritative: bool,
    /// Types of what this one uses that may be deleted as soon as AWS has accepted this one's deletion.
    pub frees_early: &'static [&'static str],
    /// `None`: ready when created and configured. An attribute that `create` does not return is then read by
    /// one probe.
    pub ready: Option<WaitPolicy>,
    /// What `ready` waits for goes on by itself once the call is accepted, and a run may leave it at that.
    pub settles: Option<Settles>,
    /// `None`: gone when the delete call has answered.
    pub gone: Option<WaitPolicy>,
    /// Rejections to outwait on create, configure and update.
    pub retry: &'static [Retry],
    /// Rejections to outwait on delete (`DependencyViolation` while network interfaces linger).
    pub retry_delete: &'static [Retry],
    /// Codes with which the service says that there is no such object. An answer of `delete` with one of them is
    /// `Progress::Absent`; reads of described types take it for "there is none".
    pub absent: &'static [&'static str],
    /// Why `delete` of what is not there answers `Progress::Done` and not `Progress::Absent`: the service says
    /// the same in both cases. `None` for all types that can tell; the law asks either way.
    pub silent_delete: Option<&'static str>,
    /// Every IAM action the handler may cause.
    pub iam: &'static [&'static str],
    /// What is lost with the object, in words (`the database and its automated backups`); `None` if stateless.
    pub stateful: Option<&'static str>,
    /// AWS refuses to delete the object while others use it. An object of that kind that stands in its
    /// successor's way by its name can only be replaced when its users go too.
    pub held_by_users: bool,
    /// Names are unique in the account or the world, not in one region.
    pub global: bool,
    /// Names by which AWS services look such an object up for the whole account: one that is there already is used
    /// as it is.
    pub shared_names: &'static [&'static str],
    /// Whether AWS can take a final snapshot.
    pub snapshots: bool,
    /// CloudFormation's default policy is `Snapshot` unless this property is set (an instance of a cluster has no
    /// snapshot of its own). With an empty name it always is.
    pub snapshot_unless: Option<&'static str>,
    /// Properties, dotted if nested, for which CloudFormation reads secure SSM parameters.
    pub secure: &'static [&'static str],
    /// CloudFormation answers `Fn::GetAtt` for ordinary properties too.
    pub properties_are_attributes: bool,
    /// Properties that hold a document, as an object or as JSON text: the path (`*` for every item of a list), and
    /// what kind of document.
    pub documents: &'static [(&'static str, Document)],
    /// It copies data from one database to another; `migrate status` lists it.
    pub replicates: bool,
    /// Properties that are refused by name, dotted if nested (`Code.Thing`), and why in one sentence.
    pub refused: &'static [(&'static str, &'static str)],
    /// Which objects change in one call: records of one DNS name. Such a type has no wait and no `configure`.
    pub together: Option<Together>,
    /// Properties that list where the object is, for what is put on several others (the topics of a topic policy). It
    /// may be on some of them only, and the handler judges each by itself: it touches only what is as recorded.
    pub spread: &'static [&'static str],
    /// Properties that others may rewrite in place, and whose handler compares what is there with what was recorded or
    /// tried, and touches nothing else. It never gets what is there as the old value: it would take it for its own.
    pub judged: &'static [&'static str],
    /// Properties that name objects on which a part of this one lies: what a policy is attached to, what an instance
    /// profile holds, the database whose address a secret was given. The part goes with what they name, and is put there
    /// again where that is made anew, even under its old name.
    pub parts_in: &'static [&'static str],
    /// Properties that AWS changes within one VPC only: where the subnets that they name are replaced by those of another
    /// VPC, a new object is needed.
    pub within_network: &'static [&'static str],
    /// AWS makes the handle up and never uses it again: nobody else's object can have it, whatever it holds by now.
    pub unique_handle: bool,
    /// Properties that AWS keeps in another form than it takes them in: the path (`*` for every item of a list), and the
    /// form. A plan holds them as AWS keeps them, so that nothing differs afterwards.
    pub stored: &'static [(&'static str, Stored)],
    /// Texts that hold a role and take its name as well as its ARN, though they are called `…RoleArn`: paths without positions.
    pub roles_by_name: &'static [&'static str],
    /// Texts that hold a role and take nothing but its ARN, though neither their name nor their pattern says so.
    pub role_arns: &'static [&'static str],
    /// How long a repeated create with the same client token is the same request. What is open for longer must not be
    /// called again where nothing but the token tells whether it took effect.
    pub token_life: Option<Duration>,
    /// What AWS allows once, where that is not the name or else the natural key; nothing of an empty list.
    pub once: Option<&'static [Once]>,
    /// Of a type that holds no place alone and lives in another object all the same: the properties that name it.
    pub lives_in: &'static [&'static str],
    /// Of an attachment: the property that names what is attached, to one place at a time, and the one that names the place.
    /// What is attached is replaced when the place changes.
    pub attaches: Option<(&'static str, &'static str)>,
    /// Attributes that are an ARN which follows from the name, as the Service Authorization Reference gives it, with
    /// `{partition}`, `{region}`, `{account}`, `{path}` and `{name}`.
    pub arn: Option<(&'static [&'static str], &'static str)>,
    /// For so long it leaves network interfaces behind when it goes, until AWS takes them away.
    pub leaves_interfaces: Option<Duration>,
    /// What is wrong with a template's `UpdatePolicy` of the type, member by member; `None` where it means nothing.
    pub update_policy: Option<CheckPolicy>,
    /// Why a change of these top-level properties makes a new object, by the template's `UpdatePolicy`; the old one stays
    /// until the new one is ready.
    pub policy_replaces: Option<ReplacingPolicy>,
}

/// By a template's `UpdatePolicy` and the properties that change: why the object is replaced, if it is.
pub type ReplacingPolicy = fn(&Json, &[String]) -> Option<String>;

/// Members and why they are wrong.
pub type CheckPolicy = fn(&Json) -> Vec<(String, String)>;

/// How AWS keeps a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// In lower case (`propertyTransform` `$lowercase` of the published schemas).
    Lowercase,
    /// A CIDR block without host bits: `10.0.0.9/24` is kept as `10.0.0.0/24`.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html>
    Network,
}

/// How an object gets from an accepted call to where its type waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settles {
    /// When it works as a whole, though the service is not done with it, and how long that usually takes; `None` if nothing
    /// tells that from the end.
    pub works: Option<(&'static str, Duration)>,
    /// When the service is done with it.
    pub steady: &'static str,
}

/// Objects of a type that AWS changes in one call, all or none (see `ResourceType::together`).
#[derive(Debug, Clone, Copy)]
pub struct Together {
    /// The property that they have in common.
    pub property: &'static str,
    /// Its value in the form that is compared.
    pub key: fn(&str) -> String,
}

impl Facts {
    /// A stateless, regional type found by its tags, ready and gone at once.
    #[must_use]
    pub const fn new(kind: &'static str, service: &'static str) -> Self {
        Self {
            kind,
            service,
            identity: Identity::Tag,
            name: None,
            on_conflict: OnConflict::Refuses,
            configures: false,
            early: &[],
            addressable: None,
            renews: &[],
            alters: &[],
            renews_all: false,
            needs_ready: &[],
            asks: &[],
            connects: false,
            authoritative: false,
            frees_early: &[],
            ready: None,
            settles: None,
            gone: None,
            retry: &[],
            retry_delete: &[],
            absent: &[],
            silent_delete: None,
            iam: &[],
            stateful: None,
            held_by_users: false,
            global: false,
            shared_names: &[],
            snapshots: false,
            snapshot_unless: None,
            secure: &[],
            properties_are_attributes: false,
            documents: &[],
            replicates: false,
            refused: &[],
            together: None,
            spread: &[],
            judged: &[],
            parts_in: &[],
            within_network: &[],
            unique_handle: false,
            stored: &[],
            roles_by_name: &[],
            role_arns: &[],
            token_life: None,
            once: None,
            lives_in: &[],
            attaches: None,
            arn: None,
            leaves_interfaces: None,
            update_policy: None,
            policy_replaces: None,
        }
    }

    /// Whether a change in place of these top-level properties makes an attribute anew.
    #[must_use]
    pub fn makes_anew(&self, attribute: &str, changed: &[String]) -> bool {
        self.renews_all && !changed.is_empty()
            || self.renews.iter().any(|(property, attributes)| {
                attributes.contains(&attribute) && changed.iter().any(|name| name == property)
            })
    }

    /// When an attribute of such an object is certain.
    #[must_use]
    pub fn certain(&self, attribute: &str) -> Needs {
        if self.early.contains(&attribute) {
            Needs::Created
        } else if self.addressable.is_some_and(|stage| stage.attributes.contains(&attribute)) {
            Needs::Addressable
        } else {
            Needs::Ready
        }
    }

    /// How far an object of `producer` must be before this type's top-level property can use that attribute of it.
    #[must_use]
    pub fn needs(&self, property: &str, producer: &Facts, attribute: &str) -> Needs {
        if self.needs_ready.contains(&property) {
            return Needs::Ready;
        }
        let asked = self.asked(property).iter().map(|attribute| producer.certain(attribute));
        asked.chain([producer.certain(attribute)]).max().unwrap_or(Needs::Ready)
    }

    /// What the handler asks of what that property refers to.
    #[must_use]
    pub fn asked(&self, property: &str) -> &'static [&'static str] {
        self.asks.iter().find(|(asking, _)| *asking == property).map_or(&[], |(_, attributes)| attributes)
    }

    /// Why a property, dotted if nested, is refused by name.
    #[must_use]
    pub fn why_refused(&self, path: &str) -> Option<&'static str> {
        self.refused.iter().find(|(refused, _)| *refused == path).map(|(_, why)| *why)
    }
}

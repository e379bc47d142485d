//! Types that exist only inside the CloudFormation service, and what stands for them here.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value as Json;

use super::{CONDITION, HANDLE, RESOURCE, function_backed as function, signals};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Facts, Identity, Ownership, PhysicalId, Retry, WaitPolicy, shape::Field},
    resources::{AnyType, Created, Cx, Found, Goal, Joined, Part, Probe, Progress, Sight},
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Custom,
    Handle,
    Condition,
}

/// A custom resource of some type, a handle, or a condition.
#[derive(Debug)]
pub struct Inside {
    what: What,
    facts: &'static Facts,
}

/// Those that were asked for; custom types have whatever names their authors like.
static FOUND: LazyLock<Mutex<BTreeMap<String, &'static Inside>>> = LazyLock::new(Mutex::default);

const RETRY: &[Retry] = &[
    Retry {
        code: "ResourceConflictException",
        message: "currently in the following state",
        why: "the function is not active yet",
    },
    Retry { code: "NoSuchBucket", message: "", why: "the new bucket is not seen everywhere yet" },
    Retry { code: "AccessDenied", message: "assume", why: "the role is not usable yet" },
];

fn facts(kind: &str, what: What) -> Facts {
    let kind: &'static str = Box::leak(kind.to_owned().into_boxed_str());
    let base = Facts {
        identity: Identity::Name,
        retry: RETRY,
        retry_delete: RETRY,
        unique_handle: true,
        ..Facts::new(kind, "lambda")
    };
    match what {
        What::Custom => Facts {
            // The request's id tells a repeated call from a new one, and the answer lies where it was.
            configures: true,
            connects: true,
            renews_all: true,
            ready: Some(WaitPolicy::secs(5, 3, 3600)),
            iam: &[
                "lambda:InvokeFunction",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:PutObject",
            ],
            ..base
        },
        What::Handle => Facts { service: "s3", early: &["Ref"], iam: &["s3:PutObject"], ..base },
        What::Condition => Facts {
            service: "s3",
            ready: Some(WaitPolicy::secs(60, 5, 12 * 3600)),
            iam: &["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucketVersions"],
            ..base
        },
    }
}

/// What stands for a type that exists only inside the CloudFormation service.
#[must_use]
pub fn find(kind: &str) -> Option<&'static Inside> {
    let what = match kind {
        HANDLE => What::Handle,
        CONDITION => What::Condition,
        RESOURCE => What::Custom,
        // "1 to 60 alphanumeric characters and _@-" (the reference of the type).
        custom => {
            let name = custom.strip_prefix("Custom::")?;
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"_@-".contains(&b);
            if name.is_empty() || name.len() > 60 || !name.bytes().all(fits) {
                return None;
            }
            What::Custom
        }
    };
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = found.get(kind) {
        return Some(known);
    }
    let made: &'static Inside =
        Box::leak(Box::new(Inside { what, facts: Box::leak(Box::new(facts(kind, what))) }));
    found.insert(kind.to_owned(), made);
    Some(made)
}

impl Inside {
    async fn read_any(&self, hint: &Json) -> Result<Option<Json>, OpError> {
        Ok(Some(function::read(hint)))
    }
}

impl AnyType for Inside {
    fn facts(&self) -> &'static Facts {
        self.facts
    }

    fn fields(&self) -> &'static [Field] {
        &[]
    }

    fn same(&self, _property: &str, desired: &Json, recorded: &Json) -> bool {
        desired == recorded
    }

    fn replaces(&self, _old: &Json, _new: &Json, changed: &[String]) -> Result<Vec<String>, OpError> {
        Ok(match self.what {
            // The bucket of answers stays what it is; a handle in another one is another handle.
            What::Handle => changed.to_vec(),
            What::Custom | What::Condition => Vec::new(),
        })
    }

    fn check(&self, props: &Json) -> Vec<(String, String)> {
        match self.what {
            What::Custom => function::check(props),
            What::Condition => signals::check(props),
            What::Handle => Vec::new(),
        }
    }

    fn refused(&self, _old: &Json, _new: &Json, changed: &[String]) -> Vec<(String, String)> {
        match self.what {
            // "Updates aren't supported" (the reference of the type, for each property). A handle made anew has another
            // address, though, and its condition waits again.
            What::Condition if !changed.iter().any(|name| name == "Handle") => changed
                .iter()
                .map(|name| {
                    let why = "a WaitCondition cannot be changed; rename it and its handle to wait again";
                    (name.clone(), why.to_owned())
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn effects(&self, _old: &Json, _new: &Json, changed: &[String]) -> Vec<String> {
        if self.what == What::Custom { function::effects(changed) } else { Vec::new() }
    }

    fn deadline(&self, props: &Json) -> Option<Duration> {
        match self.what {
            What::Custom => function::seconds(&props["ServiceTimeout"]).map(Duration::from_secs),
            What::Condition => signals::deadline(props),
            What::Handle => None,
        }
    }

    fn find<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Option<Found>, OpError>> {
        Box::pin(async move {
            match self.what {
                What::Custom => function::find(cx, props).await,
                What::Handle | What::Condition => Ok(signals::found()),
            }
        })
    }

    fn find_all<'a>(&'a self, cx: &'a Cx<'a>, props: &'a Json) -> BoxFuture<'a, Result<Vec<Found>, OpError>> {
        Box::pin(async move { Ok(self.find(cx, props).await?.into_iter().collect()) })
    }

    fn probe<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        id: &'a PhysicalId,
        props: &'a Json,
        goal: Goal,
    ) -> BoxFuture<'a, Result<Probe, OpError>> {
        Box::pin(async move {
            match self.what {
                What::Custom => function::probe(cx, id, props, goal).await,
                What::Condition => signals::probe(cx, id, props, goal).await,
                What::Handle => Ok(Probe::Reached(BTreeMap::new())),
            }
        })
    }

    fn read<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
        hint: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Json>, OpError>> {
        Box::pin(self.read_any(hint))
    }

    fn ownership<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Ownership>, OpError>> {
        // Nobody else can have a handle that the ledger made up.
        Box::pin(async { Ok(Some(signals::ownership())) })
    }

    fn sight<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Option<Sight<Json>>, OpError>> {
        Box::pin(async move {
            Ok(Some(Sight { properties: function::read(props), ownership: signals::ownership() }))
        })
    }

    fn attachments<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _id: &'a PhysicalId,
        _props: &'a Json,
    ) -> BoxFuture<'a, Result<Vec<String>, OpError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn create<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        _permit: &'a Permit,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Created, OpError>> {
        Box::pin(async move {
            match self.what {
                What::Custom => function::create(cx, self.facts.kind, props).await,
                What::Handle => signals::create_handle(cx, props).await,
                What::Condition => Ok(signals::create_condition(cx)),
            }
        })
    }

    fn configure<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async move {
            match self.what {
                What::Custom => function::configure(cx, self.facts.kind, permit, id, props).await,
                What::Handle | What::Condition => Ok(Progress::Done),
            }
        })
    }

    fn update<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        old: &'a Json,
        new: &'a Json,
        _changed: &'a [String],
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async move {
            match self.what {
                What::Custom => function::update(cx, self.facts.kind, permit, id, (old, new)).await,
                What::Handle | What::Condition => Ok(Progress::Done),
            }
        })
    }

    fn together<'a>(
        &'a self,
        _cx: &'a Cx<'a>,
        _permit: &'a Permit,
        parts: &'a [Part<'a, Json>],
        _others: &'a [Json],
    ) -> BoxFuture<'a, Vec<Result<Joined, OpError>>> {
        let none = || OpError::not_sent(self.facts.kind, "objects of this type are changed one by one");
        let answers = parts.iter().map(|_| Err(none())).collect();
        Box::pin(async { answers })
    }

    fn delete<'a>(
        &'a self,
        cx: &'a Cx<'a>,
        permit: &'a Permit,
        id: &'a PhysicalId,
        props: &'a Json,
    ) -> BoxFuture<'a, Result<Progress, OpError>> {
        Box::pin(async move {
            match self.what {
                What::Custom => function::delete(cx, self.facts.kind, permit, id, props).await,
                What::Handle | What::Condition => Ok(Progress::Done),
            }
        })
    }
}

//! What policies are put on: roles, users and groups, with the calls that differ only in their names.

use aws_sdk_iam::types::Tag as IamTag;

use crate::{
    aws::{OpError, op},
    model::Tag,
    resources::Cx,
};

/// `NoSuchEntity`: what is absent needs no deletion.
pub(super) const ABSENT: &[&str] = &["NoSuchEntity"];
/// Another writer was faster; the same call succeeds a moment later.
pub(super) const BUSY: crate::model::Retry = crate::model::Retry {
    code: "ConcurrentModification",
    message: "",
    why: "IAM is still working on an earlier change",
};

/// The text of an inline policy, on a shelf.
#[derive(Clone)]
struct Text(String);

/// One principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Principal<'p> {
    Role(&'p str),
    User(&'p str),
    Group(&'p str),
}

/// All principals of a policy: roles first, then users, then groups, each in the template's order.
pub(super) fn all<'p>(
    roles: Option<&'p Vec<String>>,
    users: Option<&'p Vec<String>>,
    groups: Option<&'p Vec<String>>,
) -> Vec<Principal<'p>> {
    let roles = roles.into_iter().flatten().map(|name| Principal::Role(name));
    let users = users.into_iter().flatten().map(|name| Principal::User(name));
    let groups = groups.into_iter().flatten().map(|name| Principal::Group(name));
    let mut all: Vec<Principal<'p>> = Vec::new();
    for principal in roles.chain(users).chain(groups) {
        if !all.contains(&principal) {
            all.push(principal);
        }
    }
    all
}

impl Principal<'_> {
    /// `role/name`, for physical identifiers.
    pub(super) fn label(self) -> String {
        match self {
            Self::Role(name) => format!("role/{name}"),
            Self::User(name) => format!("user/{name}"),
            Self::Group(name) => format!("group/{name}"),
        }
    }

    /// Where the text of an inline policy lies on a shelf.
    fn handle(self, policy: &str) -> String {
        format!("{}|{policy}", self.label())
    }

    /// Puts the text of an inline policy on the shelf, URL-encoded as IAM answers it.
    pub(super) fn shelve(self, cx: &Cx<'_>, policy: &str, text: &str) {
        cx.shelve(&self.handle(policy), &Text(text.to_owned()));
    }

    /// Puts an inline policy; an existing one is overwritten.
    pub(super) async fn put(self, cx: &Cx<'_>, policy: &str, text: &str) -> Result<(), OpError> {
        let iam = cx.sdk.iam();
        match self {
            Self::Role(name) => {
                let call = iam.put_role_policy().role_name(name).policy_name(policy).policy_document(text);
                call.send().await.map_err(op("PutRolePolicy"))?;
            }
            Self::User(name) => {
                let call = iam.put_user_policy().user_name(name).policy_name(policy).policy_document(text);
                call.send().await.map_err(op("PutUserPolicy"))?;
            }
            Self::Group(name) => {
                let call = iam.put_group_policy().group_name(name).policy_name(policy).policy_document(text);
                call.send().await.map_err(op("PutGroupPolicy"))?;
            }
        }
        Ok(())
    }

    /// The text of an inline policy, URL-encoded; `None` if it or its principal is absent.
    pub(super) async fn get(self, cx: &Cx<'_>, policy: &str) -> Result<Option<String>, OpError> {
        let handle = self.handle(policy);
        if let Some(Text(text)) = cx.shelved(&handle) {
            return Ok(Some(text));
        }
        let iam = cx.sdk.iam();
        let answer = match self {
            Self::Role(name) => {
                let call = iam.get_role_policy().role_name(name).policy_name(policy);
                call.send().await.map(|a| a.policy_document().to_owned()).map_err(op("GetRolePolicy"))
            }
            Self::User(name) => {
                let call = iam.get_user_policy().user_name(name).policy_name(policy);
                call.send().await.map(|a| a.policy_document().to_owned()).map_err(op("GetUserPolicy"))
            }
            Self::Group(name) => {
                let call = iam.get_group_policy().group_name(name).policy_name(policy);
                call.send().await.map(|a| a.policy_document().to_owned()).map_err(op("GetGroupPolicy"))
            }
        };
        match answer {
            Ok(text) => {
                cx.shelve(&handle, &Text(text.clone()));
                Ok(Some(text))
            }
            Err(error) if error.is(ABSENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes an inline policy; absent is success.
    pub(super) async fn delete(self, cx: &Cx<'_>, policy: &str) -> Result<bool, OpError> {
        let iam = cx.sdk.iam();
        was_there(match self {
            Self::Role(name) => {
                let call = iam.delete_role_policy().role_name(name).policy_name(policy);
                call.send().await.map(drop).map_err(op("DeleteRolePolicy"))
            }
            Self::User(name) => {
                let call = iam.delete_user_policy().user_name(name).policy_name(policy);
                call.send().await.map(drop).map_err(op("DeleteUserPolicy"))
            }
            Self::Group(name) => {
                let call = iam.delete_group_policy().group_name(name).policy_name(policy);
                call.send().await.map(drop).map_err(op("DeleteGroupPolicy"))
            }
        })
    }

    /// Attaches a managed policy; twice is fine.
    pub(super) async fn attach(self, cx: &Cx<'_>, arn: &str) -> Result<(), OpError> {
        let iam = cx.sdk.iam();
        match self {
            Self::Role(name) => {
                let call = iam.attach_role_policy().role_name(name).policy_arn(arn);
                call.send().await.map(drop).map_err(op("AttachRolePolicy"))
            }
            Self::User(name) => {
                let call = iam.attach_user_policy().user_name(name).policy_arn(arn);
                call.send().await.map(drop).map_err(op("AttachUserPolicy"))
            }
            Self::Group(name) => {
                let call = iam.attach_group_policy().group_name(name).policy_arn(arn);
                call.send().await.map(drop).map_err(op("AttachGroupPolicy"))
            }
        }
    }

    /// Detaches a managed policy; absent is success.
    pub(super) async fn detach(self, cx: &Cx<'_>, arn: &str) -> Result<bool, OpError> {
        let iam = cx.sdk.iam();
        was_there(match self {
            Self::Role(name) => {
                let call = iam.detach_role_policy().role_name(name).policy_arn(arn);
                call.send().await.map(drop).map_err(op("DetachRolePolicy"))
            }
            Self::User(name) => {
                let call = iam.detach_user_policy().user_name(name).policy_arn(arn);
                call.send().await.map(drop).map_err(op("DetachUserPolicy"))
            }
            Self::Group(name) => {
                let call = iam.detach_group_policy().group_name(name).policy_arn(arn);
                call.send().await.map(drop).map_err(op("DetachGroupPolicy"))
            }
        })
    }
}

/// Whether there was something: "there is none" is success.
pub(super) fn was_there(result: Result<(), OpError>) -> Result<bool, OpError> {
    match result {
        Err(error) if error.is(ABSENT) => Ok(false),
        other => other.map(|()| true),
    }
}

/// Tags as the SDK wants them.
pub(super) fn tags(operation: &'static str, tags: &[Tag]) -> Result<Vec<IamTag>, OpError> {
    let built = |tag: &Tag| IamTag::builder().key(tag.key()).value(tag.value()).build();
    let all: Result<Vec<IamTag>, _> = tags.iter().map(built).collect();
    all.map_err(|error| OpError::not_sent(operation, error.to_string()))
}

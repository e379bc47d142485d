//! What IAM tells of all roles, users and groups of an account at once.
//!
//! `GetAccountAuthorizationDetails` answers policies, tags and boundaries, a thousand objects a page at most. Descriptions and session
//! durations of roles it leaves out; `ListRoles` has those, and leaves out tags and boundaries (both: IAM API Reference). Together
//! they tell what looks at single roles do. Who may not call them looks at each.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{EntityType, PolicyDetail, Role};

use super::{
    principals::Principal,
    role::{self, Attached},
};
use crate::{
    aws::{OpError, op},
    resources::{Asked, Cx},
};

/// Both calls answer everything the account has: it is worth it from so many objects on.
pub(super) const FROM: usize = 20;

/// Most objects a page.
const PAGE: i32 = 1_000;

/// Inline policies by principal.
type Inline = Vec<(Kind, String, Vec<PolicyDetail>)>;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Role,
    User,
    Group,
}

impl Kind {
    fn of(self, name: &str) -> Principal<'_> {
        match self {
            Self::Role => Principal::Role(name),
            Self::User => Principal::User(name),
            Self::Group => Principal::Group(name),
        }
    }
}

/// All roles as `ListRoles` has them.
async fn listed(cx: &Cx<'_>) -> Result<BTreeMap<String, Role>, OpError> {
    let (mut all, mut marker) = (BTreeMap::new(), None);
    loop {
        let page = cx.sdk.iam().list_roles().max_items(PAGE).set_marker(marker).send().await;
        let page = page.map_err(op("ListRoles"))?;
        all.extend(page.roles.into_iter().map(|role| (role.role_name().to_owned(), role)));
        marker = page.marker;
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// Puts all that is on a role on the shelf, but for what only `ListRoles` tells, which `roles` has.
async fn details(
    cx: &Cx<'_>,
    kinds: Vec<EntityType>,
    mut roles: BTreeMap<String, Role>,
) -> Result<Inline, OpError> {
    let (mut inline, mut marker) = (Vec::new(), None);
    loop {
        let call = cx.sdk.iam().get_account_authorization_details().set_filter(Some(kinds.clone()));
        let page = call.max_items(PAGE).set_marker(marker).send().await;
        let page = page.map_err(op("GetAccountAuthorizationDetails"))?;
        for detail in page.role_detail_list.into_iter().flatten() {
            let Some(name) = detail.role_name else { continue };
            if let Some(mut role) = roles.remove(&name) {
                role.tags = detail.tags;
                role.permissions_boundary = detail.permissions_boundary;
                let on = detail.attached_managed_policies.into_iter().flatten();
                cx.shelve(&name, &Attached(on.filter_map(|policy| policy.policy_arn).collect()));
                cx.shelve(&name, &role);
            }
            inline.push((Kind::Role, name, detail.role_policy_list.unwrap_or_default()));
        }
        for detail in page.user_detail_list.into_iter().flatten() {
            let policies = detail.user_policy_list.unwrap_or_default();
            inline.extend(detail.user_name.map(|name| (Kind::User, name, policies)));
        }
        for detail in page.group_detail_list.into_iter().flatten() {
            let policies = detail.group_policy_list.unwrap_or_default();
            inline.extend(detail.group_name.map(|name| (Kind::Group, name, policies)));
        }
        marker = page.marker;
        if marker.is_none() {
            return Ok(inline);
        }
    }
}

fn shelve(cx: &Cx<'_>, inline: &Inline, asked: &BTreeSet<String>) {
    for (kind, name, policies) in inline {
        let principal = kind.of(name);
        if !asked.contains(&principal.label()) {
            continue;
        }
        for policy in policies {
            if let (Some(name), Some(text)) = (policy.policy_name(), policy.policy_document()) {
                principal.shelve(cx, name, text);
            }
        }
    }
}

/// Describes roles.
pub(super) async fn gather_roles(cx: &Cx<'_>, asked: &[Asked<'_, role::Props>]) -> Result<(), OpError> {
    let names: BTreeSet<&str> = asked.iter().map(|one| one.id.as_str()).collect();
    let mut roles = listed(cx).await?;
    roles.retain(|name, _| names.contains(name.as_str()));
    let inline = details(cx, vec![EntityType::Role], roles).await?;
    shelve(cx, &inline, &names.iter().map(|name| Principal::Role(name).label()).collect());
    Ok(())
}

/// Describes the inline policies of principals.
pub(super) async fn gather_inline(cx: &Cx<'_>, principals: &[Principal<'_>]) -> Result<(), OpError> {
    let any = |fits: fn(&Principal<'_>) -> bool| principals.iter().any(fits);
    let kinds = [
        (any(|one| matches!(one, Principal::Role(_))), EntityType::Role),
        (any(|one| matches!(one, Principal::User(_))), EntityType::User),
        (any(|one| matches!(one, Principal::Group(_))), EntityType::Group),
    ];
    let kinds: Vec<EntityType> = kinds.into_iter().filter(|(any, _)| *any).map(|(_, kind)| kind).collect();
    if kinds.is_empty() {
        return Ok(());
    }
    let inline = details(cx, kinds, BTreeMap::new()).await?;
    shelve(cx, &inline, &principals.iter().map(|principal| principal.label()).collect());
    Ok(())
}

//! IAM: roles, users, groups, inline and managed policies, instance profiles, service-linked roles.

mod account;
mod attachments;
mod aws_managed;
mod certificates;
mod conditions;
mod credentials;
mod details;
mod devices;
mod documents;
mod entity;
mod evaluate;
mod grammar;
mod groups;
mod inline;
mod linked;
mod operations;
mod patterns;
mod personal;
mod policies;
mod positions;
mod profiles;
mod roles;
mod saml;
mod simulate;
mod subjects;
mod tags;
mod users;

pub use operations::OPERATIONS;

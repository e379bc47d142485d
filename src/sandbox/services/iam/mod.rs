//! IAM: roles, users, groups, inline and managed policies, instance profiles, service-linked roles.

mod account;
mod attachments;
mod aws_managed;
mod certificates;
mod credentials;
mod details;
mod devices;
mod documents;
mod entity;
mod grammar;
mod groups;
mod inline;
mod linked;
mod operations;
mod personal;
mod policies;
mod profiles;
mod roles;
mod saml;
mod tags;
mod users;

pub use operations::OPERATIONS;

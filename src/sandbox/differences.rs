//! What is known to differ from AWS, by service and operation. `migrate sandbox differences` prints it.
//!
//! An entry belongs here when a client could notice: something is stricter, laxer, simpler or always the same.
//! Operations that are missing altogether need no entry; [`refused`] reads them off the API models.

mod a_to_k;
mod l_to_z;

use super::{
    codec::model,
    services::{SERVICES, Service},
};

/// One known difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The service's name in the sandbox; `*` for all of them.
    pub service: &'static str,
    /// The operation; `*` when the whole service is meant.
    pub operation: &'static str,
    /// How it differs.
    pub differs: &'static str,
}

/// All known differences, in the order of services and operations.
pub fn all() -> impl Iterator<Item = Difference> {
    let both = a_to_k::A_TO_K.iter().chain(l_to_z::L_TO_Z);
    both.map(|&(service, operation, differs)| Difference { service, operation, differs })
}

/// Operations that AWS has and the sandbox refuses, sorted: those in the trimmed model without behaviour, and
/// those the model was trimmed of.
#[must_use]
pub fn refused(service: &Service) -> Vec<&'static str> {
    let model = model(service);
    let implemented = |name: &str| service.operations.iter().any(|operation| operation.name == name);
    let modelled = model.operations.keys().filter(|name| !implemented(name));
    let mut names: Vec<&str> = modelled.chain(&model.unmodelled).map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The service of that name.
#[must_use]
pub fn service(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_names_an_implemented_operation() {
        for one in all() {
            assert!(one.differs.ends_with('.') && one.differs.len() > 20, "{one:?}");
            if one.service == "*" {
                assert_eq!(one.operation, "*", "{one:?}");
                continue;
            }
            let service = service(one.service).unwrap_or_else(|| panic!("no such service: {one:?}"));
            let known = one.operation == "*" || service.operations.iter().any(|o| o.name == one.operation);
            assert!(known, "not implemented: {one:?}");
        }
    }

    #[test]
    fn entries_are_sorted_and_said_once() {
        let all: Vec<_> = all().map(|one| (one.service, one.operation, one.differs)).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "sort them");
    }

    #[test]
    fn an_operation_is_implemented_or_refused_but_never_both() {
        for service in SERVICES {
            let refused = refused(service);
            assert!(service.operations.iter().all(|o| !refused.contains(&o.name)), "{}", service.name);
        }
        let ec2 = refused(service("ec2").unwrap());
        assert!(ec2.contains(&"RunScheduledInstances") && !ec2.contains(&"CreateVpc"));
    }
}

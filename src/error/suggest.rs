//! "Did you mean": the nearest of the names that would have been right.

/// The candidate that is most likely meant; `None` if none is near.
#[must_use]
pub fn suggest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = if other == lower {
                0
            } else if lower.len() >= 4 && other.starts_with(&lower) {
                // A name cut short (`prod` for `production`).
                allowed
            } else if lower.len() >= 4 && other.ends_with(&lower) {
                // The last word of a name (`Description` for `GroupDescription`).
                allowed
            } else if candidate.len().abs_diff(name.len()) <= allowed {
                strsim::damerau_levenshtein(&lower, &other)
            } else {
                return None;
            };
            (distance <= allowed).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean ...?`, or the list of what there is if it is short.
#[must_use]
pub fn hint<'c>(
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'c str> + Clone,
) -> Option<String> {
    if let Some(near) = suggest(name, candidates.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<&str> = candidates.into_iter().take(13).collect();
    match all.len() {
        0 => Some(format!("there are no {what}")),
        1..=12 => Some(format!("{what}: {}", all.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["CidrBlock", "EnableDnsSupport", "InstanceTenancy", "Tags"];
        assert_eq!(suggest("cidrblock", names), Some("CidrBlock"));
        assert_eq!(suggest("CidrBlok", names), Some("CidrBlock"));
        assert_eq!(suggest("EnableDNSSuport", names), Some("EnableDnsSupport"));
        assert_eq!(suggest("Tag", names), Some("Tags"));
        assert_eq!(suggest("Zebra", names), None);
        assert_eq!(suggest("prod", ["production", "staging"]), Some("production"));
        let group = ["GroupDescription", "GroupName", "SecurityGroupEgress", "VpcId"];
        assert_eq!(suggest("Description", group), Some("GroupDescription"));
        assert_eq!(
            hint("Zebra", "properties", names).unwrap(),
            "properties: CidrBlock, EnableDnsSupport, InstanceTenancy, Tags"
        );
    }
}

//! ACM: certificates.

use std::rc::Rc;

use aws_sdk_acm::types::{CertificateStatus, CertificateSummary, Filters, KeyAlgorithm};

use super::{Candidate, Query};
use crate::aws::{OpError, Sdk, op};

/// Without a filter `ListCertificates` shows RSA keys of 1024 and 2048 bits only: "Default filtering returns only RSA_1024
/// and RSA_2048 certificates", <https://docs.aws.amazon.com/acm/latest/APIReference/API_Filters.html>.
const ALGORITHMS: [KeyAlgorithm; 7] = [
    KeyAlgorithm::Rsa1024,
    KeyAlgorithm::Rsa2048,
    KeyAlgorithm::Rsa3072,
    KeyAlgorithm::Rsa4096,
    KeyAlgorithm::EcPrime256v1,
    KeyAlgorithm::EcSecp384r1,
    KeyAlgorithm::EcSecp521r1,
];

/// Certificates; only those that have been issued can be used.
pub(super) async fn certificates(sdk: &Rc<Sdk>, query: &Query) -> Result<Vec<Candidate>, OpError> {
    let algorithms = Filters::builder().set_key_types(Some(ALGORITHMS.to_vec())).build();
    let all = sdk.acm().list_certificates().includes(algorithms).into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("ListCertificates"))?;
    let mut found: Vec<Candidate> = all.iter().filter_map(one).collect();
    if !query.tags.is_empty() {
        let untagged = Query { tags: Default::default(), ..query.clone() };
        for certificate in found.iter_mut().filter(|certificate| certificate.matches(&untagged)) {
            let answer = sdk.acm().list_tags_for_certificate().certificate_arn(&certificate.id).send();
            let answer = answer.await.map_err(op("ListTagsForCertificate"))?;
            let pair = |tag: &aws_sdk_acm::types::Tag| {
                (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned())
            };
            certificate.tags = answer.tags().iter().map(pair).collect();
        }
    }
    Ok(found)
}

fn one(certificate: &CertificateSummary) -> Option<Candidate> {
    let arn = certificate.certificate_arn()?;
    let domain = certificate.domain_name().unwrap_or_default();
    let status = certificate.status().filter(|status| **status != CertificateStatus::Issued);
    let made = certificate.created_at().or(certificate.imported_at());
    let alternatives = certificate.subject_alternative_name_summaries();
    let mut names = vec![domain.to_owned()];
    names.extend(alternatives.iter().filter(|name| *name != domain).cloned());
    Some(Candidate {
        id: arn.to_owned(),
        // The last part of the ARN is what the console calls the certificate's id.
        aliases: arn.rsplit('/').next().map(ToOwned::to_owned).into_iter().collect(),
        about: vec![names.join(" ")],
        names,
        made: made.map(|at| format!("{:020}.{:09}", at.secs(), at.subsec_nanos())).unwrap_or_default(),
        unusable: status.map(|status| format!("status {}", status.as_str())),
        attributes: [("CertificateArn", arn.to_owned()), ("DomainName", domain.to_owned())].into(),
        ..Candidate::default()
    })
}

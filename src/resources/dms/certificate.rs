//! `AWS::DMS::Certificate`: a CA certificate, or an Oracle wallet, for the TLS of endpoints. All but the name is for
//! life: another certificate is another object.

use aws_sdk_databasemigration::types;
use aws_smithy_types::Blob;
use base64::Engine as _;
use serde_json::Value as Json;

use super::{
    support::{ABSENT, BUSY, filter},
    tags::Tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, NameRule, PhysicalId},
    props,
    resources::{
        Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare, described::alike, tags,
    },
};

/// `AWS::DMS::Certificate`.
pub struct Certificate;

props! {
    /// The properties. `CertificateWallet` is base64.
    pub struct Props { CertificateIdentifier: String, CertificatePem: String, CertificateWallet: String }
}

const BASE64: base64::engine::GeneralPurpose = base64::engine::general_purpose::STANDARD;

fn wallet(props: &Props) -> Result<Option<Blob>, OpError> {
    let Some(text) = &props.CertificateWallet else { return Ok(None) };
    let text: String = text.split_whitespace().collect();
    let bytes = BASE64.decode(text).map_err(|_| {
        OpError::not_sent("ImportCertificate", "CertificateWallet must be base64: `base64 -w0 cwallet.sso`")
    })?;
    Ok(Some(Blob::new(bytes)))
}

impl Described for Certificate {
    type Props = Props;
    type Live = types::Certificate;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "CertificateIdentifier", max: 255, lower: true, separator: '-' }),
        early: &["Ref", "CertificateArn"],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:DeleteCertificate",
            "dms:DescribeCertificates",
            "dms:ImportCertificate",
            "dms:ListTagsForResource",
        ],
        ..Facts::new("AWS::DMS::Certificate", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("CertificateIdentifier", Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        match (props["CertificatePem"].is_null(), props["CertificateWallet"].is_null()) {
            (true, true) => vec![("CertificatePem".into(), "give this or CertificateWallet".into())],
            (false, false) => {
                vec![("CertificateWallet".into(), "give this or CertificatePem, not both".into())]
            }
            _ => Vec::new(),
        }
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        const OP: &str = "DescribeCertificates";
        let call = cx.sdk.dms().describe_certificates().filters(filter(OP, "certificate-arn", id.as_str())?);
        Ok(call.send().await.map_err(op(OP))?.certificates.unwrap_or_default().into_iter().next())
    }

    /// By its name: the handle is the ARN, which DMS makes up.
    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Self::Live>, OpError> {
        const OP: &str = "DescribeCertificates";
        let Some(name) = props.CertificateIdentifier.as_deref() else { return Ok(Vec::new()) };
        let call = cx.sdk.dms().describe_certificates();
        let call = call.filters(filter(OP, "certificate-id", &name.to_lowercase())?);
        Ok(call.send().await.map_err(op(OP))?.certificates.unwrap_or_default())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let arn = live.certificate_arn().unwrap_or_default();
        Created { id: arn.into(), attributes: alike(&["Ref", "CertificateArn"], arn) }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.certificate_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { CertificateIdentifier: live.certificate_identifier, ..Props::default() })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "ImportCertificate";
        let call = cx.sdk.dms().import_certificate();
        let call = call
            .set_certificate_identifier(props.CertificateIdentifier.clone())
            .set_certificate_pem(props.CertificatePem.clone())
            .set_certificate_wallet(wallet(props)?)
            .set_tags(tags::create(cx, OP, None)?);
        let live = call.send().await.map_err(op(OP))?.certificate;
        let live = live.filter(|live| live.certificate_arn().is_some());
        Ok(Self::object(cx, &live.ok_or_else(|| OpError::missing(OP, "the certificate's ARN"))?))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_certificate().certificate_arn(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteCertificate"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law() {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIBszCCARygAwIBAgIBADANBgkqhkiG9w0BAQ==\n-----END CERTIFICATE-----\n";
        let by_pem = json!({"CertificateIdentifier": "Onprem-CA", "CertificatePem": pem});
        let wallet = json!({"CertificateIdentifier": "wallet", "CertificateWallet": "AAEC\nAwQ="});
        Bench::new().law_covering::<Certificate>(&[(by_pem, None), (wallet, None)]);
    }

    #[test]
    fn a_certificate_is_pem_or_wallet() {
        let wrong = |props: Json| Certificate::check(&props).len();
        assert_eq!((wrong(json!({})), wrong(json!({"CertificatePem": "x"}))), (1, 0));
        assert_eq!(wrong(json!({"CertificatePem": "x", "CertificateWallet": "eA=="})), 1);
        let broken = Props { CertificateWallet: Some("no base64!".into()), ..Props::default() };
        assert!(wallet(&broken).unwrap_err().message.contains("base64"));
    }
}

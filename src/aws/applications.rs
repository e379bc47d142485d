//! Applications of the AWS Serverless Application Repository: where the template of one is.
//!
//! `CreateCloudFormationTemplate` makes nothing of the account's: the repository copies the application's template and code
//! into a bucket of its own in the caller's region, where they expire by themselves ("Templates expire 1 hour after
//! creation", AWS Serverless Application Repository API Reference). Nothing costs, nothing can be left behind, and a second
//! call only makes a second copy. CloudFormation's transform makes the same call before there is a change set
//! (aws/serverless-application-model, `ServerlessAppPlugin`). So it is asked like a lookup, without a permit.

use std::time::Duration;

use aws_sdk_serverlessapplicationrepository::types::Status;

use super::{Cloud, OpError, cloud::patiently, op};
use crate::clock::Clock;

/// How often and how long a copy is waited for; the transform waits 105 seconds (`TEMPLATE_WAIT_TIMEOUT_SECONDS`).
const EVERY: Duration = Duration::from_secs(2);
const ROUNDS: u32 = 150;

/// A copy of an application's template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packaged {
    /// The application's version.
    pub version: String,
    /// The address of the template in S3, without the signature that the service puts behind it.
    pub url: String,
}

impl Cloud {
    /// Has the repository copy an application, and waits until template and code are there.
    ///
    /// # Errors
    /// When there is no such application or version, it is not shared with the account, or the service does not answer.
    pub async fn application(
        &self,
        clock: &dyn Clock,
        region: &str,
        id: &str,
        version: Option<&str>,
    ) -> Result<Packaged, OpError> {
        const OP: &str = "CreateCloudFormationTemplate";
        const GET: &str = "GetCloudFormationTemplate";
        let sdk = self.sdk(region);
        let make = async || {
            let call = sdk.applications().create_cloud_formation_template().application_id(id);
            call.set_semantic_version(version.map(ToOwned::to_owned)).send().await.map_err(op(OP))
        };
        let made = patiently(clock, make).await?;
        let template = made.template_id.ok_or_else(|| OpError::missing(OP, "the template's id"))?;
        let url = made.template_url.ok_or_else(|| OpError::missing(OP, "the template's address"))?;
        let version = made.semantic_version.or(version.map(ToOwned::to_owned)).unwrap_or_default();
        let url = url.split('?').next().unwrap_or_default().to_owned();
        let mut status = made.status;
        for _ in 0..ROUNDS {
            match status {
                Some(Status::Active) => return Ok(Packaged { version, url }),
                Some(Status::Expired) => return Err(OpError::not_sent(GET, "the copy has expired already")),
                _ => clock.sleep(EVERY).await,
            }
            let look = async || {
                let call = sdk.applications().get_cloud_formation_template().application_id(id);
                call.template_id(&template).send().await.map_err(op(GET))
            };
            status = patiently(clock, look).await?.status;
        }
        Err(OpError::not_sent(GET, "the application's code was not copied within five minutes"))
    }
}

//! Templates of nested stacks that are in S3, read before anything is planned.

use super::{
    args::Global,
    session::{Session, one},
    sign_in,
};
use crate::{
    aws::OpError,
    error::{Class, Diagnostic},
    template::{self, Environment, Loaded, Remote},
};

/// Largest template that CloudFormation takes from S3: "1 MB",
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
const MAX_BYTES: usize = 1 << 20;

/// The plan with all its nested templates.
///
/// # Errors
/// What cannot be read.
pub fn read(
    global: &Global,
    loaded: Loaded,
    environment: &Environment,
    session: &Session,
) -> Result<Loaded, Vec<Diagnostic>> {
    let mut loaded = loaded;
    loop {
        // Each template may name more of them; their number is bounded where they are taken in.
        let wanted = template::remote_templates(&loaded, environment);
        if wanted.is_empty() {
            return Ok(loaded);
        }
        let mut problems = Vec::new();
        for remote in &wanted {
            let place = (remote.bucket.as_str(), remote.key.as_str());
            let read = session.cloud.text(session.clock.as_ref(), &remote.region, place, MAX_BYTES);
            match session.block_on(read) {
                Ok(text) => problems.extend(loaded.nest(remote, text).err().unwrap_or_default()),
                Err(error) if error.code.is_some() || error.barrier.is_none() => {
                    problems.push(unread(remote, &error, session));
                }
                Err(error) => return Err(one(sign_in::access(&error, global, session))),
            }
        }
        if !problems.is_empty() {
            return Err(template::mask(problems, &loaded.sources()));
        }
    }
}

fn unread(remote: &Remote, error: &OpError, session: &Session) -> Diagnostic {
    let message = format!("the nested template {} cannot be read: {error}", remote.url);
    let help = if session.is_sandbox() {
        format!(
            "the sandbox holds what was put there: `aws s3 cp` it to s3://{}/{}; or copy the template beside this one and \
             name the file",
            remote.bucket, remote.key
        )
    } else {
        "check bucket, key, region and s3:GetObject; or copy the template beside this one and name the file"
            .to_owned()
    };
    Diagnostic::error("M1130", Class::Plan, message).span(Some(remote.span.clone())).help(help)
}

//! Templates of nested stacks that are in S3, and those of applications of the Serverless Application Repository, read before
//! anything is planned.

use super::{
    args::Global,
    session::{Session, one},
    sign_in,
};
use crate::{
    aws::OpError,
    error::{Class, Diagnostic},
    model::Found,
    template::{self, Application, Environment, Home, Loaded, Remote},
};

/// Largest template that CloudFormation takes from S3: "1 MB",
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
const MAX_BYTES: usize = 1 << 20;

/// The plan with all its nested templates, and what the repository told. What a saved change set was told is used as it was:
/// the repository copies an application's code to another place each time, and the place is part of the plan.
///
/// # Errors
/// What cannot be read; what a saved change set was told and is not there any more.
pub fn read(
    global: &Global,
    loaded: Loaded,
    environment: &Environment,
    session: &Session,
    saved: Option<&[Found]>,
) -> Result<(Loaded, Vec<Found>), Vec<Diagnostic>> {
    let (mut loaded, mut found) = (loaded, Vec::new());
    loop {
        // Each template may name more of them; their number is bounded where they are taken in.
        let wanted = template::remote_templates(&loaded, environment);
        if wanted.is_empty() {
            return Ok((loaded, found));
        }
        let mut problems = Vec::new();
        for remote in &wanted {
            let place = Reader { global, session, remote, saved };
            match place.text() {
                Ok((text, told)) => {
                    found.extend(told);
                    problems.extend(loaded.nest(remote, text).err().unwrap_or_default());
                }
                Err(Unread::This(problem)) => problems.push(*problem),
                Err(Unread::Everything(problem)) => return Err(one(*problem)),
            }
        }
        if !problems.is_empty() {
            return Err(template::mask(problems, &loaded.sources()));
        }
    }
}

/// Why a template was not read.
enum Unread {
    /// It cannot be read.
    This(Box<Diagnostic>),
    /// Nothing can be read.
    Everything(Box<Diagnostic>),
}

/// Reads one template.
struct Reader<'r> {
    global: &'r Global,
    session: &'r Session,
    remote: &'r Remote,
    saved: Option<&'r [Found]>,
}

impl Reader<'_> {
    fn text(&self) -> Result<(String, Option<Found>), Unread> {
        match &self.remote.home {
            Home::Object { .. } => {
                let text = self.object(&self.remote.home).map_err(|error| self.unread(&error))?;
                Ok((text, None))
            }
            Home::Application(application) => self.application(application),
        }
    }

    fn object(&self, home: &Home) -> Result<String, OpError> {
        let Home::Object { region, bucket, key } = home else {
            return Err(OpError::not_sent("GetObject", "the template has no place in S3"));
        };
        let cloud = &self.session.cloud;
        let place = (bucket.as_str(), key.as_str());
        self.session.block_on(cloud.text(self.session.clock.as_ref(), region, place, MAX_BYTES))
    }

    /// How reviews, change sets and ledgers name it.
    fn name(&self) -> String {
        format!("application of {}", self.remote.resource)
    }

    fn application(&self, application: &Application) -> Result<(String, Option<Found>), Unread> {
        let remote = self.remote;
        let before = self.saved.into_iter().flatten().find(|before| {
            before.stack == remote.parent
                && before.parameter == self.name()
                && before.objects.first() == Some(&application.id)
                // Another version is another plan.
                && application.version.as_ref().is_none_or(|version| *version == before.value)
        });
        let found = match before {
            Some(before) => before.clone(),
            None => {
                let cloud = &self.session.cloud;
                let version = application.version.as_deref();
                let asked =
                    cloud.application(self.session.clock.as_ref(), &remote.region, &application.id, version);
                let packaged = self.session.block_on(asked).map_err(|error| self.unread(&error))?;
                Found {
                    stack: remote.parent.clone(),
                    parameter: self.name(),
                    region: remote.region.clone(),
                    sought: format!("{} of the Serverless Application Repository", application.name()),
                    objects: vec![application.id.clone(), packaged.url],
                    value: packaged.version,
                }
            }
        };
        let url = found.objects.get(1).map_or("", String::as_str);
        let home = Home::object(url, &remote.region).ok_or_else(|| {
            self.unread(&OpError::not_sent("GetObject", format!("`{url}` is no address of S3")))
        })?;
        match self.object(&home) {
            Ok(text) => Ok((text, Some(found))),
            Err(error) if before.is_some() && error.code.is_some() => Err(self.expired(&found, &error)),
            Err(error) => Err(self.unread(&error)),
        }
    }

    fn expired(&self, found: &Found, error: &OpError) -> Unread {
        let message = format!(
            "the saved change set is no longer true: the copy of {} {} has expired ({error})",
            found.sought, found.value
        );
        let problem =
            Diagnostic::error("M5102", Class::Refused, message).span(Some(self.remote.span.clone()));
        Unread::This(Box::new(problem.help("review again with `migrate plan --out FILE`")))
    }

    fn unread(&self, error: &OpError) -> Unread {
        if error.code.is_none() && error.barrier.is_some() {
            return Unread::Everything(Box::new(sign_in::access(error, self.global, self.session)));
        }
        let sandbox = self.session.is_sandbox();
        let (message, help) = match &self.remote.home {
            Home::Object { bucket, key, .. } => (
                format!("the nested template {} cannot be read: {error}", self.remote.url),
                if sandbox {
                    format!(
                        "the sandbox holds what was put there: `aws s3 cp` it to s3://{bucket}/{key}; or copy the template \
                         beside this one and name the file"
                    )
                } else {
                    "check bucket, key, region and s3:GetObject; or copy the template beside this one and name the \
                     file"
                        .to_owned()
                },
            ),
            Home::Application(application) => (
                format!("the application {} cannot be read: {error}", application.id),
                if sandbox {
                    "the sandbox's repository has AWS's rotation functions for databases; others are not there"
                        .to_owned()
                } else {
                    "check its ARN and version, and serverlessrepo:CreateCloudFormationTemplate, \
                     serverlessrepo:GetCloudFormationTemplate and s3:GetObject"
                        .to_owned()
                },
            ),
        };
        let problem = Diagnostic::error("M1130", Class::Plan, message).span(Some(self.remote.span.clone()));
        Unread::This(Box::new(problem.help(help)))
    }
}

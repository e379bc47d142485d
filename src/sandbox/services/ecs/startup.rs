//! What keeps a Fargate task from starting: it does not reach what it needs before its containers run.
//!
//! What it needs: ECS Developer Guide, "Amazon ECS interface VPC endpoints (AWS PrivateLink)", and ECR User Guide,
//! "Amazon ECR interface VPC endpoints": up to platform version 1.3.0 `ecr.dkr` and S3, from 1.4.0 on `ecr.api` as well;
//! Secrets Manager, Systems Manager and CloudWatch Logs where the task definition uses them; other registries by the
//! internet. The words are those that tasks were seen to stop with: aws/copilot-cli#5927 and AndrewGuenther/fck-nat#99
//! (registry auth), deepfence/terraform-aws-cloud-scanner#13 (image), ECS Developer Guide, "Amazon ECS
//! ResourceInitializationError errors" (secrets, log group).

use serde_json::Value as Json;

use crate::sandbox::{
    World,
    services::{
        ec2::ways::{self, Place},
        logs,
    },
};

/// Where an image comes from.
#[derive(Debug, PartialEq, Eq)]
enum Registry {
    /// A private repository of ECR, in that region.
    Ecr { host: String, region: String },
    /// Anything else.
    Other { host: String },
}

/// The parts of an image's name: registry, repository, reference (a tag or a digest).
#[derive(Debug, PartialEq, Eq)]
struct Image {
    registry: Registry,
    repository: String,
    reference: String,
}

impl Image {
    /// Reads a name as the container runtime does: without a host it is Docker Hub's.
    fn parse(name: &str) -> Self {
        let (path, digest) = match name.split_once('@') {
            Some((path, digest)) => (path, Some(digest)),
            None => (name, None),
        };
        let (host, rest) = match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest.to_owned()),
            Some(_) => ("docker.io", path.to_owned()),
            None => ("docker.io", format!("library/{path}")),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) => (repository.to_owned(), tag.to_owned()),
            None => (rest, "latest".to_owned()),
        };
        let region = host
            .split_once(".dkr.ecr.")
            .and_then(|(_, tail)| tail.split_once(".amazonaws."))
            .map(|(region, _)| region.to_owned());
        let host = host.to_owned();
        let registry = match region {
            Some(region) => Registry::Ecr { host, region },
            None => Registry::Other { host },
        };
        Self { registry, repository, reference: digest.map_or(tag, ToOwned::to_owned) }
    }

    fn host(&self) -> &str {
        match &self.registry {
            Registry::Ecr { host, .. } | Registry::Other { host } => host,
        }
    }

    /// The image's name in full.
    fn full(&self) -> String {
        let between = if self.reference.contains(':') { '@' } else { ':' };
        format!("{}/{}{between}{}", self.host(), self.repository, self.reference)
    }

    fn unresolved(&self) -> String {
        let host = if self.host() == "docker.io" { "registry-1.docker.io" } else { self.host() };
        format!(
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {}: failed \
             to do request: Head \"https://{host}/v2/{}/manifests/{}\": dial tcp {}: i/o timeout",
            self.full(),
            self.repository,
            self.reference,
            address(host),
        )
    }
}

/// An address that stands for a host: the same one each time.
fn address(host: &str) -> String {
    let sum = host.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let [_, b, c, d] = sum.to_be_bytes();
    format!("52.{b}.{c}.{d}:443")
}

fn containers(definition: &Json) -> impl Iterator<Item = &Json> {
    definition["containerDefinitions"].as_array().into_iter().flatten()
}

/// The secrets that are read before the containers start, and the credentials of private registries.
fn secrets(definition: &Json) -> impl Iterator<Item = &str> {
    containers(definition).flat_map(|one| {
        let listed = [&one["secrets"], &one["logConfiguration"]["secretOptions"]].into_iter();
        let listed = listed.flat_map(|list| list.as_array().into_iter().flatten());
        let credentials = one["repositoryCredentials"]["credentialsParameter"].as_str();
        credentials.into_iter().chain(listed.filter_map(|secret| secret["valueFrom"].as_str()))
    })
}

/// Why a task of that definition does not start there; nothing if it does.
pub(super) fn hindrance(
    world: &World,
    definition: &Json,
    platform: &str,
    place: Place<'_>,
) -> Option<String> {
    if !ways::known(world, place) {
        return None;
    }
    let images: Vec<Image> =
        containers(definition).filter_map(|one| one["image"].as_str()).map(Image::parse).collect();
    // Up to 1.3.0 authorisation and secrets come over a network of Fargate's own (ECS Developer Guide, "Fargate Linux
    // platform versions").
    let own_network = !matches!(platform, "1.0.0" | "1.1.0" | "1.2.0" | "1.3.0");
    if own_network {
        for image in &images {
            let Registry::Ecr { region, .. } = &image.registry else { continue };
            if !ways::service(world, Place { region, ..place }, "ecr.api") {
                let host = format!("api.ecr.{region}.amazonaws.com");
                return Some(format!(
                    "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry \
                     auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task \
                     network configuration. RequestError: send request failed caused by: Post \"https://{host}/\": dial \
                     tcp {}: i/o timeout",
                    address(&host)
                ));
            }
            if let Some(action) = ways::denied(world, Place { region, ..place }, "ecr.api") {
                return Some(format!(
                    "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry \
                     auth from Amazon ECR: AccessDeniedException: {}",
                    refused(action)
                ));
            }
        }
        if let Some(reason) = secrets(definition).find_map(|secret| unread(world, secret, place)) {
            return Some(reason);
        }
    }
    images
        .iter()
        .find_map(|image| unpulled(world, image, place))
        .or_else(|| unlogged(world, definition, place))
}

/// What a service says where the policy of an endpoint is in the way (IAM User Guide, "Troubleshoot access denied error
/// messages").
fn refused(action: &str) -> String {
    format!(
        "User is not authorized to perform: {action} because no VPC endpoint policy allows the {action} action"
    )
}

/// Why a secret cannot be read.
fn unread(world: &World, secret: &str, place: Place<'_>) -> Option<String> {
    let manager = secret.split(':').nth(2) == Some("secretsmanager");
    let name = if manager { "secretsmanager" } else { "ssm" };
    if ways::service(world, place, name) {
        return ways::denied(world, place, name).map(|action| {
            let store = if manager { "secret from asm" } else { "secrets from ssm" };
            format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve {store}: \
                 AccessDeniedException: {}",
                refused(action)
            )
        });
    }
    let detail = if manager {
        format!(
            "unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets Manager. \
             Check your task network configuration. failed to fetch secret {secret} from secrets manager: \
             RequestCanceled: request context canceled caused by: context deadline exceeded"
        )
    } else {
        "unable to retrieve secrets from ssm: The task cannot pull secrets from AWS Systems Manager. There is a \
         connection issue between the task and AWS Systems Manager Parameter Store. Check your task network \
         configuration. RequestCanceled: request context canceled caused by: context deadline exceeded"
            .to_owned()
    };
    Some(format!("ResourceInitializationError: unable to pull secrets or registry auth: {detail}"))
}

/// Why an image cannot be pulled.
fn unpulled(world: &World, image: &Image, place: Place<'_>) -> Option<String> {
    let Registry::Ecr { region, .. } = &image.registry else {
        return (!ways::internet(world, place)).then(|| image.unresolved());
    };
    let place = Place { region, ..place };
    if !ways::service(world, place, "ecr.dkr") {
        return Some(image.unresolved());
    }
    if ways::denied(world, place, "ecr.dkr").is_some() {
        return Some(format!(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: \
             unexpected status from HEAD request to https://{}/v2/{}/manifests/{}: 403 Forbidden",
            image.full(),
            image.host(),
            image.repository,
            image.reference,
        ));
    }
    // The layers lie in S3 (ECR User Guide, "Create the Amazon S3 gateway endpoint").
    let bucket = format!("prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com");
    if ways::service(world, place, "s3") && ways::denied(world, place, "s3").is_some() {
        return Some(format!(
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: \
             unexpected status code https://{bucket}/: 403 Forbidden"
        ));
    }
    (!ways::service(world, place, "s3")).then(|| {
        format!(
            "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: \
             failed to do request: Get \"https://{bucket}/\": dial tcp {}: i/o timeout",
            address(&bucket)
        )
    })
}

/// Why the log stream of a container cannot be made.
fn unlogged(world: &World, definition: &Json, place: Place<'_>) -> Option<String> {
    containers(definition).map(|one| &one["logConfiguration"]).filter(|log| log["logDriver"] == "awslogs").find_map(
        |log| {
            let options = &log["options"];
            let region = options["awslogs-region"].as_str().unwrap_or(place.region);
            let start = "ResourceInitializationError: failed to validate logger args:";
            if !ways::service(world, Place { region, ..place }, "logs") {
                return Some(format!(
                    "{start} The task cannot find the Amazon CloudWatch log group defined in the task definition. There \
                     is a connection issue between the task and Amazon CloudWatch. Check your network configuration. : \
                     signal: killed"
                ));
            }
            let made = options["awslogs-create-group"] == "true";
            let group = options["awslogs-group"].as_str()?;
            (!made && !logs::is_there(world, region, group)).then(|| {
                format!(
                    "{start} create stream has been retried 1 times: failed to create Cloudwatch log stream: \
                     ResourceNotFoundException: The specified log group does not exist. : exit status 1"
                )
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_read_as_the_runtime_does() {
        let full = |name: &str| Image::parse(name).full();
        assert_eq!(full("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full("amazon/amazon-ecs-sample:1"), "docker.io/amazon/amazon-ecs-sample:1");
        assert_eq!(full("localhost:5000/app"), "localhost:5000/app:latest");
        assert_eq!(full("public.ecr.aws/nginx/nginx@sha256:ab"), "public.ecr.aws/nginx/nginx@sha256:ab");
        let own = Image::parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v2");
        let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com".to_owned();
        assert_eq!(own.registry, Registry::Ecr { host, region: "eu-west-1".into() });
        assert_eq!((own.repository.as_str(), own.reference.as_str()), ("team/app", "v2"));
    }
}

//! Nested stacks: the templates that resources of type `AWS::CloudFormation::Stack` name.
//!
//! As with `aws cloudformation package`, a template is named by its file, relative to the template that names it; what is
//! named by an address of S3 instead is read when there is an account to read it from ([`Remote`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    load::read_within,
    options::{Loaded, Nested, StackSource},
    serverless::{self, Application, application},
};
use crate::{
    error::{Class, Diagnostic, Problems},
    model::Span,
    resources::custom::STACK,
    syntax::{Entry, Tree},
};

/// Stacks within stacks; CloudFormation names no bound, and nobody needs so many.
const MAX_DEPTH: usize = 16;

/// Nested stacks of one plan: CloudFormation updates at most 2,500 in one operation,
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>.
const MAX_STACKS: usize = 2_500;

/// The name of a nested stack: the address of the resource that names it.
pub(super) fn name(parent: &str, resource: &str) -> String {
    let separator = if parent.contains('/') { '.' } else { '/' };
    format!("{parent}{separator}{resource}")
}

/// A nested stack as its parent gives it, with nothing passed yet.
pub(super) fn nested(parent: &StackSource, resource: &str, path: PathBuf, template: Tree) -> Nested {
    Nested {
        source: StackSource {
            name: name(&parent.name, resource),
            region: parent.region.clone(),
            path,
            template: Arc::new(template),
            parameters: BTreeMap::new(),
            tags: parent.tags.clone(),
            protected: parent.protected,
            lookups: BTreeMap::new(),
            made_up: BTreeSet::new(),
        },
        parent: parent.name.clone(),
        resource: resource.to_owned(),
        hidden: BTreeSet::new(),
        waits: BTreeSet::new(),
    }
}

/// The resources of a template that are nested stacks.
pub(super) fn stacks(template: &Tree) -> impl Iterator<Item = &Entry> {
    let all = template.get("Resources").and_then(Tree::as_map).unwrap_or_default();
    all.iter().filter(|entry| entry.value.get("Type").and_then(Tree::as_text) == Some(STACK))
}

/// The property that names the template.
pub(super) fn url(resource: &Tree) -> Option<&Tree> {
    resource.get("Properties")?.get("TemplateURL")
}

/// Whether the text names a file and nothing on the network.
pub(super) fn is_file(url: &str) -> bool {
    !url.is_empty() && !url.contains("://")
}

/// Reads the templates of all nested stacks that are files, and theirs.
pub(super) fn read(root: &Path, loaded: &mut Loaded, problems: &mut Problems) {
    let outer: Vec<StackSource> = loaded.stacks.clone();
    for stack in &outer {
        let found = files_of(root, stack, problems);
        loaded.nested.extend(found);
    }
    let mut at = 0;
    while let Some(source) = loaded.nested.get(at).map(|nested| nested.source.clone()) {
        at += 1;
        let found = files_of(root, &source, problems);
        if found.is_empty() {
            continue;
        }
        if loaded.nested.len() + found.len() > MAX_STACKS || source.name.matches('.').count() + 2 > MAX_DEPTH
        {
            let message = format!(
                "the nested stacks of this plan are more than {MAX_STACKS}, or more than {MAX_DEPTH} within each other"
            );
            problems
                .error("M1130", Some(&source.template.span), message)
                .help("does a template nest itself?");
            return;
        }
        loaded.nested.extend(found);
    }
}

/// Takes the transforms of a template that is nested or a stack's own.
pub(super) fn transformed(source: &mut StackSource, problems: &mut Problems) {
    if let Some(made) = serverless::expand(&source.name, &source.template, problems) {
        source.template = Arc::new(made);
    }
}

fn files_of(root: &Path, source: &StackSource, problems: &mut Problems) -> Vec<Nested> {
    let mut found = Vec::new();
    for entry in stacks(&source.template) {
        let Some(tree) = url(&entry.value) else { continue };
        let Some(file) = tree.as_text().filter(|text| is_file(text)) else { continue };
        if source.path.to_string_lossy().contains("://") {
            let message = format!("`{file}` is relative, but the template that names it was read from S3");
            problems
                .error("M1130", Some(&tree.span), message)
                .help("name it by its address: https://BUCKET.s3.REGION.amazonaws.com/KEY");
            continue;
        }
        let path = source.path.parent().unwrap_or(Path::new("")).join(file);
        match read_within(root, &path) {
            Ok(template) => {
                let mut inner = nested(source, &entry.key, path, template);
                transformed(&mut inner.source, problems);
                found.push(inner);
            }
            Err(mut errors) => {
                // A missing file is the fault of the template that names it, a broken one its own.
                for error in errors.iter_mut().filter(|error| error.span.is_none()) {
                    error.span = Some(tree.span.clone());
                }
                problems.extend(errors);
            }
        }
    }
    found
}

/// Where a template is that no file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Home {
    /// An object of S3.
    Object {
        /// The region of the bucket; the stack's own if the address names none.
        region: String,
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// The template of an application of the Serverless Application Repository.
    Application(Application),
}

impl Home {
    /// The object of an address of S3.
    #[must_use]
    pub fn object(url: &str, region: &str) -> Option<Self> {
        let (bucket, key, own) = parse(url)?;
        Some(Self::Object { region: own.unwrap_or_else(|| region.to_owned()), bucket, key })
    }

    /// What an address stands for that a template gives.
    pub(super) fn of(url: &str, region: &str, partition: &str) -> Option<Self> {
        match application(url) {
            Some(application) => Some(Self::Application(application.within(partition))),
            None => Self::object(url, region),
        }
    }
}

/// A template that has to be read from somewhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The name of the template that names it.
    pub parent: String,
    /// The logical id of the resource that names it.
    pub resource: String,
    /// The region of the stack.
    pub region: String,
    /// Where it is.
    pub home: Home,
    /// The address as the template has it.
    pub url: String,
    /// Where that is written.
    pub span: Span,
}

/// Takes an address of S3 apart, in both of its styles.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
fn parse(url: &str) -> Option<(String, String, Option<String>)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    let host = host.strip_suffix(".amazonaws.com.cn").or_else(|| host.strip_suffix(".amazonaws.com"))?;
    let decoded = |text: &str| {
        percent_encoding::percent_decode_str(text.split('?').next().unwrap_or_default())
            .decode_utf8_lossy()
            .into_owned()
    };
    // What follows the bucket: `s3`, `s3.REGION`, `s3-REGION`, `s3.dualstack.REGION`.
    let place = |text: &str| -> Option<Option<String>> {
        let region =
            text.strip_prefix("s3")?.trim_start_matches("-external-1").trim_start_matches(['.', '-']);
        let region = region.strip_prefix("dualstack.").unwrap_or(region);
        (!region.contains('.')).then(|| (!region.is_empty()).then(|| region.to_owned()))
    };
    if let Some(region) = place(host) {
        let (bucket, key) = path.split_once('/')?;
        return (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), decoded(key), region));
    }
    let (bucket, region) = host.match_indices(".s3").find_map(|(at, _)| {
        let region = place(&host[at + 1..])?;
        Some((host[..at].to_owned(), region))
    })?;
    (!bucket.is_empty() && !path.is_empty()).then(|| (bucket, decoded(path), region))
}

impl Loaded {
    /// Takes a template that was read from S3 as the nested stack that names it.
    ///
    /// # Errors
    /// What is wrong with its text.
    pub fn nest(&mut self, remote: &Remote, text: String) -> Result<(), Vec<Diagnostic>> {
        let sources = self.sources();
        let Some(parent) = sources.iter().find(|source| source.name == remote.parent) else { return Ok(()) };
        let template = crate::syntax::parse(Path::new(&remote.url), text)?;
        let mut problems = Problems::default();
        let name = name(&parent.name, &remote.resource);
        let template = serverless::expand(&name, &template, &mut problems).unwrap_or(template);
        problems.finish()?;
        if self.nested.len() >= MAX_STACKS || parent.name.matches('.').count() + 1 > MAX_DEPTH {
            let message = format!("{} is nested more than {MAX_DEPTH} levels deep", remote.url);
            let error = Diagnostic::error("M1130", Class::Plan, message).span(Some(remote.span.clone()));
            return Err(vec![error.help("does a template nest itself?")]);
        }
        let path = PathBuf::from(&remote.url);
        self.nested.push(nested(parent, &remote.resource, path, template));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_s3_are_taken_apart() {
        let parts = |bucket: &str, key: &str, region: Option<&str>| {
            Some((bucket.to_owned(), key.to_owned(), region.map(str::to_owned)))
        };
        for (url, wanted) in [
            ("https://s3.amazonaws.com/b/k/t.yaml", parts("b", "k/t.yaml", None)),
            ("https://s3.eu-west-1.amazonaws.com/b/t.yaml", parts("b", "t.yaml", Some("eu-west-1"))),
            ("https://s3-eu-west-1.amazonaws.com/b/t.yaml", parts("b", "t.yaml", Some("eu-west-1"))),
            ("https://b.c.s3.amazonaws.com/t.yaml", parts("b.c", "t.yaml", None)),
            ("https://b.s3.us-east-2.amazonaws.com/a%20b.yaml", parts("b", "a b.yaml", Some("us-east-2"))),
            ("https://b.s3.cn-north-1.amazonaws.com.cn/t", parts("b", "t", Some("cn-north-1"))),
            ("https://b.s3.dualstack.eu-west-1.amazonaws.com/t", parts("b", "t", Some("eu-west-1"))),
            ("https://example.com/b/t.yaml", None),
            ("https://ec2.amazonaws.com/b/t.yaml", None),
            ("https://s3.amazonaws.com/b", None),
        ] {
            assert_eq!(parse(url), wanted, "{url}");
        }
    }
}

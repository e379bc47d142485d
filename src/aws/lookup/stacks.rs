//! What stacks of the CloudFormation service say: exports for `Fn::ImportValue`, outputs for `Fn::GetStackOutput`. Only
//! `ListExports` and `DescribeStacks` are called, and `AssumeRole` where a template names a role.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use aws_sdk_cloudformation::{
    Client,
    config::Credentials,
    types::{Stack, StackStatus},
};

use crate::{
    aws::{Cloud, OpError, Sdk, op, patiently},
    clock::Clock,
};

/// What a plan wants to know of stacks that CloudFormation holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// `Fn::ImportValue`: "You can't create cross-stack references across Regions"
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-importvalue.html>).
    Export {
        /// Where it is imported.
        region: String,
        /// The export's name.
        name: String,
    },
    /// `Fn::GetStackOutput`: any output of a stack, of another region or by a role of another account too
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html>).
    Output {
        /// The stack's region.
        region: String,
        /// The stack's name.
        stack: String,
        /// The output's logical id.
        output: String,
        /// The role that may describe it: "Use this parameter when referencing a stack in a different AWS account".
        role: Option<String>,
    },
}

/// What CloudFormation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A value.
    Told {
        /// The value.
        value: String,
        /// The id of the stack that has it.
        stack: String,
    },
    /// None.
    Not {
        /// Why, after what is wanted.
        why: String,
        /// Names that it has instead.
        near: Vec<String>,
    },
}

impl Question {
    /// The function that asks, as reviews, change sets and ledgers name it.
    #[must_use]
    pub fn function(&self) -> String {
        match self {
            Self::Export { name, .. } => format!("Fn::ImportValue {name}"),
            Self::Output { stack, output, .. } => format!("Fn::GetStackOutput {stack}.{output}"),
        }
    }

    /// Where it is asked.
    #[must_use]
    pub fn region(&self) -> &str {
        match self {
            Self::Export { region, .. } | Self::Output { region, .. } => region,
        }
    }

    /// What is looked for, in words; `id` is that of the stack that has it.
    #[must_use]
    pub fn words(&self, id: &str) -> String {
        match self {
            // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID
            Self::Export { .. } => {
                format!("exported by the CloudFormation stack {}", id.split('/').nth(1).unwrap_or(id))
            }
            Self::Output { role: None, .. } => "an output of the account's CloudFormation stack".to_owned(),
            Self::Output { role: Some(role), .. } => {
                format!("an output of a CloudFormation stack, read as {role}")
            }
        }
    }
}

/// A refusal is an answer (nobody needs CloudFormation who imports nothing); that AWS cannot be reached is none.
fn refusal(error: OpError) -> Result<String, OpError> {
    let silent =
        error.code.is_none() || error.is_credentials() || error.is_throttle() || error.barrier.is_some();
    if silent { Err(error) } else { Ok(format!("CloudFormation does not tell: {error}")) }
}

impl Cloud {
    /// Answers to questions about stacks that CloudFormation holds. Each region's exports and each stack are read once.
    ///
    /// # Errors
    /// When AWS cannot be reached, or not with these credentials.
    pub async fn ask_stacks(
        &self,
        clock: &dyn Clock,
        questions: &BTreeSet<Question>,
    ) -> Result<BTreeMap<Question, Answer>, OpError> {
        let mut exports: BTreeMap<&str, Result<BTreeMap<String, Answer>, String>> = BTreeMap::new();
        let mut stacks: BTreeMap<(&str, &str, Option<&str>), Result<Seen, String>> = BTreeMap::new();
        let mut out = BTreeMap::new();
        for question in questions {
            let answer = match question {
                Question::Export { region, name } => {
                    if !exports.contains_key(region.as_str()) {
                        let read = patiently(clock, async || all_exports(&self.sdk(region)).await).await;
                        exports.insert(region, or_refusal(read)?);
                    }
                    match &exports[region.as_str()] {
                        Err(why) => Answer::Not { why: why.clone(), near: Vec::new() },
                        Ok(all) => all.get(name).cloned().unwrap_or_else(|| Answer::Not {
                            why: "no CloudFormation stack of the account exports it either".to_owned(),
                            near: all.keys().cloned().collect(),
                        }),
                    }
                }
                Question::Output { region, stack, output, role } => {
                    let key = (region.as_str(), stack.as_str(), role.as_deref());
                    if let Entry::Vacant(place) = stacks.entry(key) {
                        let read = patiently(clock, async || {
                            let sdk = self.sdk(region);
                            match role {
                                Some(role) => described(&as_role(&sdk, role).await?, stack).await,
                                None => described(sdk.cloudformation(), stack).await,
                            }
                        });
                        place.insert(or_refusal(read.await)?);
                    }
                    match &stacks[&key] {
                        Err(why) => Answer::Not { why: why.clone(), near: Vec::new() },
                        Ok(seen) => seen.answer(output),
                    }
                }
            };
            out.insert(question.clone(), answer);
        }
        Ok(out)
    }
}

fn or_refusal<T>(read: Result<T, OpError>) -> Result<Result<T, String>, OpError> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(error) => refusal(error).map(Err),
    }
}

async fn all_exports(sdk: &Sdk) -> Result<BTreeMap<String, Answer>, OpError> {
    let all = sdk.cloudformation().list_exports().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("ListExports"))?;
    let one = |export: aws_sdk_cloudformation::types::Export| {
        let (name, value) = (export.name?, export.value?);
        Some((name, Answer::Told { value, stack: export.exporting_stack_id.unwrap_or_default() }))
    };
    Ok(all.into_iter().filter_map(one).collect())
}

/// What was seen of a stack.
enum Seen {
    There {
        id: String,
        status: String,
        outputs: BTreeMap<String, String>,
    },
    /// The names of those that are there.
    Missing(Vec<String>),
}

impl Seen {
    fn answer(&self, output: &str) -> Answer {
        match self {
            Self::Missing(names) => {
                Answer::Not { why: "the account has no such stack either".to_owned(), near: names.clone() }
            }
            Self::There { id, status, outputs } => match outputs.get(output) {
                Some(value) => Answer::Told { value: value.clone(), stack: id.clone() },
                None => Answer::Not {
                    why: format!("CloudFormation has the stack ({status}), without that output"),
                    near: outputs.keys().cloned().collect(),
                },
            },
        }
    }
}

/// "If the stack doesn't exist, a ValidationError is returned"
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>); a stack that was deleted is
/// found by its id for 90 days, and has nothing to give any more.
async fn described(client: &Client, name: &str) -> Result<Seen, OpError> {
    let answer = match client.describe_stacks().stack_name(name).send().await.map_err(op("DescribeStacks")) {
        Err(error) if error.is(&["ValidationError"]) && error.message.contains("does not exist") => None,
        answer => answer?.stacks.unwrap_or_default().into_iter().next(),
    };
    if let Some(stack) = answer.filter(|stack| stack.stack_status() != Some(&StackStatus::DeleteComplete)) {
        let pair = |output: &aws_sdk_cloudformation::types::Output| {
            Some((output.output_key()?.to_owned(), output.output_value()?.to_owned()))
        };
        return Ok(Seen::There {
            id: stack.stack_id().unwrap_or_default().to_owned(),
            status: stack
                .stack_status()
                .map_or_else(|| "no status".to_owned(), |status| status.as_str().to_owned()),
            outputs: stack.outputs().iter().filter_map(pair).collect(),
        });
    }
    // Only for a hint: a role may be allowed to describe one stack and no other.
    let all = client.describe_stacks().into_paginator().items().send().try_collect().await;
    let name = |stack: &Stack| stack.stack_name().map(ToOwned::to_owned);
    Ok(Seen::Missing(all.unwrap_or_default().iter().filter_map(name).collect()))
}

/// CloudFormation as seen by a role: "The role must be assumable by the execution role of the stack being created".
async fn as_role(sdk: &Sdk, role: &str) -> Result<Client, OpError> {
    const SESSION: &str = "migrate-get-stack-output";
    let lent = sdk.sts().assume_role().role_arn(role).role_session_name(SESSION).send().await;
    let lent = lent.map_err(op("AssumeRole"))?;
    let keys = lent.credentials().ok_or_else(|| OpError::missing("AssumeRole", "the credentials"))?;
    let keys = Credentials::new(
        keys.access_key_id(),
        keys.secret_access_key(),
        Some(keys.session_token().to_owned()),
        None,
        "Fn::GetStackOutput",
    );
    Ok(Client::from_conf(sdk.cloudformation().config().to_builder().credentials_provider(keys).build()))
}

//! Exports and outputs of the account's CloudFormation stacks, asked where the plan's own do not answer. Reads only.

use std::collections::BTreeSet;

use super::{
    args::Global,
    session::{Session, one},
    sign_in,
};
use crate::{
    aws::lookup::{Answer, Question},
    error::{Class, Diagnostic},
    model::Found,
    template::{self, Asked, Environment, Loaded},
};

/// Asks what the plan's functions want to know, puts it into the environment, and says what was found. What has no answer is
/// a finding of the evaluation, with all others; what a saved change set holds must still be the answer.
///
/// # Errors
/// AWS cannot be reached; a saved change set holds another answer.
pub fn ask(
    global: &Global,
    loaded: &Loaded,
    environment: &mut Environment,
    session: &Session,
    saved: Option<&[Found]>,
) -> Result<Vec<Found>, Vec<Diagnostic>> {
    let asked = loop {
        // A name may be made of what another function was told.
        let asked = template::questions(loaded, environment);
        let open: BTreeSet<Question> = asked
            .iter()
            .map(|asked| &asked.question)
            .filter(|question| !environment.stacks.contains_key(question))
            .cloned()
            .collect();
        if open.is_empty() {
            break asked;
        }
        let answers = session
            .block_on(session.cloud.ask_stacks(session.clock.as_ref(), &open))
            .map_err(|error| one(sign_in::access(&error, global, session)))?;
        environment.stacks.extend(answers);
    };
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for asked in &asked {
        let now = match environment.stacks.get(&asked.question) {
            Some(Answer::Told { value, stack }) => Some(as_found(asked, value, stack)),
            _ => None,
        };
        let before = saved
            .into_iter()
            .flatten()
            .find(|before| before.stack == asked.stack && before.parameter == asked.question.function());
        match (before, now) {
            (Some(before), now) if now.as_ref() != Some(before) => {
                problems.push(changed(asked, before, now.as_ref()))
            }
            (_, Some(now)) => found.push(now),
            (_, None) => {}
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn as_found(asked: &Asked, value: &str, stack: &str) -> Found {
    Found {
        stack: asked.stack.clone(),
        parameter: asked.question.function(),
        region: asked.question.region().to_owned(),
        sought: asked.question.words(stack),
        objects: vec![stack.to_owned()],
        value: value.to_owned(),
    }
}

fn changed(asked: &Asked, before: &Found, now: Option<&Found>) -> Diagnostic {
    let now = match now {
        Some(now) => format!("it is {} now, {}", now.value, now.sought),
        None => "there is no answer now".to_owned(),
    };
    let message = format!(
        "the saved change set is no longer true: {} was {}, {}; {now}",
        before.parameter, before.value, before.sought
    );
    Diagnostic::error("M5102", Class::Refused, message)
        .span(Some(asked.span.clone()))
        .help("review again with `migrate plan --out FILE`")
}

//! In which account, region and environment something is done, and as whom: pinned, shown, asked, recorded.

use super::{Home, KEYS, terminal::Terminal};
use crate::{process::Place, support::write};

const TEMPLATE: &str = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}";

fn home(account: &str) -> Home {
    let home = Home::new("", "");
    write(&home.path().join("one.yaml"), TEMPLATE);
    let manifest = format!(
        "name: shop\nregion: eu-west-1\nstacks: [{{name: one, template: one.yaml}}]\nenvironments:\n  prod: {{account: \
         \"{account}\"}}\n  dev: {{}}\n"
    );
    write(&home.path().join("migration.yaml"), &manifest);
    home
}

#[test]
fn an_environment_pins_its_account() {
    let place = Place::new(TEMPLATE, 1);
    let mut env = KEYS.to_vec();
    env.push(("AWS_ENDPOINT_URL", &place.endpoint));
    let wrong = home("210987654321");
    wrong
        .run(&["up", "--yes", "-e", "prod"], &env)
        .refused("M6104", &["210987654321", "123456789012", "--profile"]);
    let dev = wrong.run(&["plan", "-e", "dev"], &env);
    assert_eq!(dev.0.status.code(), Some(0), "{}", dev.err());
    let right = home("123456789012").run(&["up", "--yes", "-e", "prod"], &env);
    assert_eq!(right.0.status.code(), Some(0), "{}", right.err());
    // A rehearsal becomes that account.
    let rehearsed = wrong.run(&["up", "--yes", "-e", "prod", "--sandbox", "--ledger", "l", "--json"], &[]);
    assert_eq!(rehearsed.0.status.code(), Some(0), "{}", rehearsed.err());
    assert!(rehearsed.out().contains("210987654321"), "{}", rehearsed.out());
    let odd = home("1234").run(&["validate", "-e", "prod"], &env);
    assert_eq!(odd.0.status.code(), Some(3), "{}", odd.err());
    assert!(odd.err().contains("`1234` is no AWS account"), "{}", odd.err());
}

#[test]
fn questions_name_account_region_environment_and_caller_and_the_history_keeps_the_caller() {
    let place = Place::new(TEMPLATE, 1);
    let home = home("123456789012");
    let mut env = KEYS.to_vec();
    env.push(("AWS_ENDPOINT_URL", &place.endpoint));
    env.push(("TERM", "dumb"));
    let arn = "arn:aws:iam::123456789012:user/sandbox";
    for (verb, question, answer) in [
        (
            "up",
            format!(
                "Apply these changes in account 123456789012, region eu-west-1, environment prod, as {arn}?"
            ),
            "yes",
        ),
        (
            "destroy",
            format!(
                "Everything above will be deleted in account 123456789012, region eu-west-1, environment prod, as {arn}."
            ),
            "shop-prod",
        ),
    ] {
        let mut session = Terminal::run(&home, &[verb, "-e", "prod"], &env);
        let source = if verb == "up" { "the plan" } else { "the ledger" };
        session.expect(&format!("AWS account 123456789012, region eu-west-1 ({source})"));
        session.expect(&question);
        session.answer(answer);
        session.end();
    }
    let history = home.run(&["ledger", "history", "-e", "prod", "--json"], &[]);
    assert_eq!(history.out().matches(arn).count(), 2, "{}", history.out());
}

//! A runbook as Markdown and as JSON.

use serde_json::{Value as Json, json};

use super::book::Runbook;

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// `2 h`, `20 min`, `30 s`.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        7_200..172_800 => format!("{} h", seconds.div_ceil(3_600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// The runbook as Markdown.
#[must_use]
pub fn markdown(book: &Runbook) -> String {
    let mut text = format!("# Runbook: {} ({})\n\n", book.migration, book.environment);
    text.push_str(&format!(
        "Account {}. The phase is **{}** (ledger serial {}).\n",
        book.account, book.phase, book.serial
    ));
    if !book.owners.is_empty() {
        text.push_str("\nContacts:\n\n");
        for (part, who) in &book.owners {
            text.push_str(&format!("- {part}: {who}\n"));
        }
    }
    text.push_str(&format!("\n**Point of no return**: {}.\n", book.point_of_no_return));
    text.push_str(
        "\nThe `migrate` commands measure the gates, journal every call and undo what fails. The AWS CLI's commands beside \
         them make the same calls by hand, with the values of this ledger; nothing measures, journals or undoes for you \
         there. After a step by hand, `migrate reconcile --accept all --reason TEXT` tells the ledger.\n",
    );
    if !book.reopen.is_empty() {
        text.push_str("\n## If this machine dies during the cutover\n\n");
        text.push_str(
            "As long as the names lead to the source, these commands reopen it from any machine. An answer \
             `InvalidPermission.Duplicate` means that the rule is there already.\n\n```sh\n",
        );
        text.push_str(&book.reopen.join("\n"));
        text.push_str("\n```\n");
    }
    text.push_str(&format!(
        "\n## Shell functions that the manual commands use\n\n```sh\n{}```\n",
        book.functions
    ));
    for (at, chapter) in book.chapters.iter().enumerate() {
        let done = chapter.done.as_ref().map(|done| format!(" (done {}, entry {})", done.at, done.entry));
        text.push_str(&format!("\n## {}. {}{}\n\n", at + 1, chapter.title, done.unwrap_or_default()));
        let mut row = |name: &str, value: &str| text.push_str(&format!("- {name}: {value}\n"));
        row("owner", &chapter.owner);
        row("precondition", &chapter.needs);
        row("command", &format!("`{}`", chapter.command));
        if let Some(preview) = &chapter.preview {
            row("dry run", &format!("`{preview}`"));
        }
        let limit = span(chapter.limit_s);
        let takes = match chapter.expected_s {
            _ if chapter.limit_s == 0 => "seconds".to_owned(),
            0 => format!("at most {limit}"),
            expected => format!("about {}, at most {limit}", span(expected)),
        };
        row("takes", &takes);
        if let Some(seconds) = chapter.refused_s {
            row("writes are refused", &format!("for about {} of it, if nothing goes wrong", span(seconds)));
        }
        row("it worked if", &chapter.worked);
        row("way back", &chapter.back);
        row("the way back loses", &chapter.loses);
        if !chapter.tell.is_empty() {
            row("tell", &chapter.tell.join(", "));
        }
        if !chapter.gates.is_empty() {
            text.push_str("\n| gate | verdict | measured | when |\n|---|---|---|---|\n");
            for gate in &chapter.gates {
                let verdict = gate.verdict.as_deref().unwrap_or("-");
                let at = gate.at.as_deref().unwrap_or("-");
                text.push_str(&format!(
                    "| {} | {verdict} | {} | {at} |\n",
                    gate.gate,
                    gate.summary.replace('|', r"\|")
                ));
            }
        }
        if !chapter.by_hand.is_empty() {
            text.push_str(
                "\nBy hand, one command at a time; stop at the first one that fails, also at `not within the limit`:\n\n```sh\n",
            );
            for step in &chapter.by_hand {
                text.push_str(&format!("# {}\n", step.words));
                for command in &step.commands {
                    text.push_str(&format!("{command}\n"));
                }
            }
            text.push_str("```\n");
        }
    }
    text
}

/// The runbook as a document for machines.
#[must_use]
pub fn as_json(book: &Runbook) -> Json {
    let mut value = serde_json::to_value(book).unwrap_or_default();
    let owners: serde_json::Map<String, Json> =
        book.owners.iter().map(|(part, who)| (part.clone(), json!(who))).collect();
    value["owners"] = Json::Object(owners);
    value["phase"] = json!(text_of(&value["phase"]));
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        assert_eq!(
            [60, 300, 7_200, 604_800].map(span),
            ["60 s", "5 min", "2 h", "7 days"].map(ToOwned::to_owned)
        );
    }
}

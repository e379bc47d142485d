//! Verbs of other tools: those with the same meaning work, with a tip; others are answered with the verb that is meant.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::ui::Printer;

/// Names from other tools (`cdk deploy`, `terraform apply`, `kubectl delete`), and the verb each one is here. The
/// argument tree has them as hidden aliases.
const ALIASES: &[(&str, &str)] = &[
    ("deploy", "up"),
    ("apply", "up"),
    ("diff", "plan"),
    ("preview", "plan"),
    ("down", "destroy"),
    ("delete", "destroy"),
];

/// Names that are no aliases, because the verb here does something else besides or takes other arguments.
const MEANT: &[(&str, &str)] = &[
    ("history", "ledger history"),
    ("log", "ledger history"),
    ("logs", "ledger history"),
    ("resolve", "ledger resolve"),
    ("rebuild", "ledger rebuild"),
    ("state", "ledger show"),
    ("ls", "status"),
    ("list", "status"),
    ("get", "outputs"),
    ("output", "outputs"),
    ("drift", "refresh"),
    ("synth", "validate"),
    ("lint", "validate"),
    ("check", "validate"),
    ("init", "plan"),
    ("create", "up"),
    ("update", "up"),
    ("execute", "up"),
    ("rm", "destroy"),
    ("remove", "destroy"),
    ("teardown", "destroy"),
    ("serve", "sandbox serve"),
    ("plant", "sandbox plant"),
    ("reset", "sandbox reset"),
    ("login", "whoami"),
    ("help", "--help"),
    ("switch", "cutover"),
    ("failback", "rollback"),
];

/// Verbs that end something: they are proposed to nobody who typed something else, but for a slip of the finger.
const ENDING: &[&str] = &["destroy", "forget", "rollback", "finalize", "cutover"];

/// Says what a verb of another tool is called here.
pub fn tip(canonical: &str, printer: &mut Printer) {
    let typed = std::env::args().skip(1);
    let alias = typed.into_iter().find_map(|word| {
        ALIASES.iter().find(|(alias, verb)| *alias == word && *verb == canonical).map(|(alias, _)| *alias)
    });
    if let Some(alias) = alias.filter(|_| !printer.is_json()) {
        printer.talk(&format!("Tip: `{alias}` is called `migrate {canonical}` here.\n"));
    }
}

/// Corrects what is proposed for a verb that there is not.
pub fn propose(error: &mut Error) {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand).cloned() else {
        return;
    };
    if let Some((_, meant)) = MEANT.iter().find(|(name, _)| *name == typed) {
        let meant = ContextValue::Strings(vec![(*meant).to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, meant);
        return;
    }
    let proposed = match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(all)) => all.clone(),
        _ => return,
    };
    let kept: Vec<String> = proposed.into_iter().filter(|verb| may_propose(&typed, verb)).collect();
    error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(kept));
}

fn may_propose(typed: &str, verb: &str) -> bool {
    !ENDING.contains(&verb) || strsim::damerau_levenshtein(typed, verb) <= 2
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::cli::args::Cli;

    fn parsed(words: &[&str]) -> Result<String, Error> {
        let matches =
            Cli::command().try_get_matches_from(std::iter::once("migrate").chain(words.iter().copied()))?;
        Cli::from_arg_matches(&matches)?;
        Ok(matches.subcommand_name().unwrap_or_default().to_owned())
    }

    fn proposed(word: &str) -> String {
        let mut error = parsed(&[word]).expect_err(word);
        propose(&mut error);
        error.to_string()
    }

    #[test]
    fn verbs_of_other_tools_are_understood() {
        for (alias, verb) in ALIASES {
            assert_eq!(parsed(&[alias, "plan.yaml"]).unwrap(), *verb, "{alias}");
        }
        assert_eq!(parsed(&["version"]).unwrap(), "version");
        let help = Cli::command().render_long_help().to_string();
        assert!(!help.contains("deploy ") && !help.contains("  apply"), "aliases are hidden");
    }

    #[test]
    fn what_is_meant_is_a_verb() {
        let tree = Cli::command();
        for (name, meant) in MEANT.iter().filter(|(_, meant)| !meant.starts_with('-')) {
            let mut at = &tree;
            for word in meant.split(' ') {
                at = at.find_subcommand(word).unwrap_or_else(|| panic!("{name}: no verb {meant}"));
            }
            assert!(proposed(name).contains(&format!("'{meant}'")), "{}", proposed(name));
        }
    }

    #[test]
    fn nothing_destructive_is_proposed_but_for_a_slip() {
        for word in ["deploi", "deployy", "redeploy", "rolback-all", "forge"] {
            let told = proposed(word);
            let ends = ENDING.iter().filter(|verb| told.contains(&format!("'{verb}'")));
            let slips = ENDING.iter().filter(|verb| may_propose(word, verb)).count();
            assert_eq!(ends.count(), slips.min(1), "{word}: {told}");
        }
        assert!(!proposed("deployy").contains("destroy"));
        assert!(proposed("destory").contains("'destroy'"));
    }
}

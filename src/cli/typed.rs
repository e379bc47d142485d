//! The command line as it was typed, to build the commands that are printed: complete, quoted for a POSIX shell, and
//! without the values of `NoEcho` parameters.

use std::{collections::BTreeSet, ffi::OsString, fmt, sync::OnceLock};

use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _};

use super::args::Cli;

/// Says which plan, account and ledger are meant; other commands about the same plan need them too.
const CONTEXT: &[&str] = &[
    "plan",
    "environment",
    "set",
    "set_env",
    "set_stdin",
    "stacks",
    "sandbox",
    "sandbox_dir",
    "faults",
    "ledger",
    "profile",
    "region",
];

/// Stands for the value of a `NoEcho` parameter, which is not printed.
///
/// Not quoted on purpose: a shell refuses it, so that nobody sets a password to a placeholder.
const WITHHELD: &str = "<value>";

/// The arguments of one invocation, as clap understood them.
#[derive(Debug, Clone, Default)]
pub struct Typed {
    verbs: Vec<String>,
    words: Vec<Word>,
    open: OnceLock<BTreeSet<String>>,
    /// The ledger that was found is a rehearsal's, though nobody said so.
    rehearsal: OnceLock<()>,
}

/// One argument with all its values.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    id: String,
    /// `--set`; `None` for positional arguments.
    flag: Option<String>,
    /// Nothing for switches.
    values: Vec<OsString>,
    times: usize,
}

impl Word {
    fn of(arg: &Arg, matches: &ArgMatches) -> Option<Self> {
        let id = arg.get_id().as_str();
        if matches.value_source(id)? != clap::parser::ValueSource::CommandLine {
            return None;
        }
        let flag = match (arg.get_long(), arg.get_short()) {
            (Some(long), _) => Some(format!("--{long}")),
            (None, Some(short)) => Some(format!("-{short}")),
            (None, None) => None,
        };
        let (values, times) = match arg.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => (Vec::new(), 1),
            ArgAction::Count => (Vec::new(), usize::from(matches.get_count(id))),
            _ => (matches.get_raw(id).into_iter().flatten().map(OsString::from).collect(), 1),
        };
        Some(Self { id: id.to_owned(), flag, values, times })
    }
}

impl Typed {
    /// What was typed.
    #[must_use]
    pub fn of(matches: &ArgMatches) -> Self {
        let mut command = Cli::command();
        command.build();
        let (mut command, mut matches, mut verbs) = (&command, matches, Vec::new());
        while let Some((verb, inner)) = matches.subcommand() {
            let Some(below) = command.find_subcommand(verb) else { break };
            (command, matches) = (below, inner);
            verbs.push(verb.to_owned());
        }
        let words = command.get_arguments().filter_map(|arg| Word::of(arg, matches)).collect();
        Self { verbs, words, ..Self::default() }
    }

    /// The verb, as it is called here.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.verbs.first().map_or("", String::as_str)
    }

    /// Parameters whose values may be printed, by name. Until this is known no value of `--set` is.
    pub fn may_print(&self, names: BTreeSet<String>) {
        let _ = self.open.set(names);
    }

    /// The ledger that was found is a rehearsal's: other commands find it with `--sandbox` only.
    pub fn rehearses(&self) {
        let _ = self.rehearsal.set(());
    }

    /// The same command again.
    #[must_use]
    pub fn again(&self) -> Line<'_> {
        Line { typed: self, verbs: self.verbs.clone(), words: self.words.clone() }
    }

    /// Another command about the same plan, account and ledger.
    #[must_use]
    pub fn other(&self, verb: &str) -> Line<'_> {
        let verbs: Vec<String> = verb.split(' ').map(str::to_owned).collect();
        let mut tree = Cli::command();
        tree.build();
        let takes = accepted(&tree, &verbs);
        let carried = |word: &&Word| CONTEXT.contains(&word.id.as_str()) && takes.contains(&word.id);
        // A command that needs no plan needs nothing that says which.
        let words = if takes.contains("plan") {
            self.words.iter().filter(carried).cloned().collect()
        } else {
            vec![]
        };
        let line = Line { typed: self, verbs, words };
        let said = line.words.iter().any(|word| word.id == "sandbox");
        match self.rehearsal.get().is_some() && !said && takes.contains("plan") && takes.contains("sandbox") {
            true => line.with("--sandbox"),
            false => line,
        }
    }

    /// A text in which commands in backticks (`` `migrate status` ``) are made complete, so that they can be typed as
    /// they stand. Placeholders in capitals stay.
    #[must_use]
    pub fn complete(&self, text: &str) -> String {
        const BEGIN: &str = "`migrate ";
        let (mut done, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, after)) = rest.split_once(BEGIN) {
            let Some((command, behind)) = after.split_once('`') else { break };
            done.push_str(before);
            match self.finished(command) {
                Some(whole) => done.push_str(&format!("`{whole}`")),
                None => done.push_str(&format!("{BEGIN}{command}`")),
            }
            rest = behind;
        }
        done + rest
    }

    /// A command whose context is filled in; `None` if it is no command of this program.
    fn finished(&self, rest: &str) -> Option<String> {
        let given = shlex::split(rest)?;
        let mut tree = Cli::command();
        tree.build();
        let (mut command, mut verbs, mut at) = (&tree, Vec::new(), 0);
        while let Some(below) = given.get(at).and_then(|word| command.find_subcommand(word)) {
            command = below;
            verbs.push(given[at].clone());
            at += 1;
        }
        if verbs.is_empty() {
            return None;
        }
        let tail = &given[at..];
        let flags: Vec<String> = command
            .get_arguments()
            .filter(|arg| arg.get_long().is_some_and(|long| tail.contains(&format!("--{long}"))))
            .map(|arg| arg.get_id().to_string())
            .collect();
        let mut line = self.other(&verbs.join(" "));
        // What the text gives itself is not given twice.
        line.words.retain(|word| !flags.contains(&word.id));
        let places: Vec<String> = command.get_positionals().map(|arg| arg.get_id().to_string()).collect();
        let first = places.first().cloned();
        // The text names the plan if it gives as many positional arguments as there are up to the plan's.
        let named = tail.iter().take_while(|word| !word.starts_with("--")).count();
        if places.iter().position(|id| id == "plan").is_some_and(|at| named > at) {
            line.words.retain(|word| word.id != "plan");
        }
        if line.words.is_empty() {
            return None;
        }
        let tail: String = tail.iter().map(|word| format!(" {}", again(word))).collect();
        let (before, after): (Vec<_>, Vec<_>) =
            line.words.iter().cloned().partition(|word| word.flag.is_none());
        let show = |words: Vec<Word>| Line { typed: self, verbs: Vec::new(), words }.arguments();
        // Positional arguments of the text come first where the plan is not the first one (`import ADDRESS ID PLAN`).
        let ordered = match first.as_deref() {
            Some("plan") => format!("{}{tail}{}", show(before), show(after)),
            _ => format!("{tail}{}{}", show(before), show(after)),
        };
        Some(format!("migrate {}{ordered}", verbs.join(" ")))
    }
}

/// Ids of the arguments that a command takes.
fn accepted(tree: &Command, verbs: &[String]) -> BTreeSet<String> {
    let command = verbs.iter().try_fold(tree, |command, verb| command.find_subcommand(verb));
    command.into_iter().flat_map(Command::get_arguments).map(|arg| arg.get_id().to_string()).collect()
}

/// A word as a POSIX shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@+%=".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return word.to_owned();
    }
    // Only a NUL byte cannot be quoted, and no argument holds one.
    shlex::try_quote(word).map_or_else(|_| "...".to_owned(), std::borrow::Cow::into_owned)
}

/// A word of a printed command, as it was there.
fn again(word: &str) -> String {
    match word.strip_suffix(WITHHELD).and_then(|key| key.strip_suffix('=')) {
        Some(key) => format!("{}={WITHHELD}", quoted(key)),
        None => quoted(word),
    }
}

/// A command to print.
#[derive(Debug, Clone)]
pub struct Line<'t> {
    typed: &'t Typed,
    verbs: Vec<String>,
    words: Vec<Word>,
}

impl Line<'_> {
    /// With a switch.
    #[must_use]
    pub fn with(mut self, flag: &str) -> Self {
        let id = flag.trim_start_matches('-').replace('-', "_");
        self.words.retain(|word| word.id != id);
        self.words.push(Word { id, flag: Some(flag.to_owned()), values: Vec::new(), times: 1 });
        self
    }

    /// With an option and its value.
    #[must_use]
    pub fn with_value(mut self, flag: &str, value: impl Into<OsString>) -> Self {
        let id = flag.trim_start_matches('-').replace('-', "_");
        self.words.retain(|word| word.id != id);
        self.words.push(Word { id, flag: Some(flag.to_owned()), values: vec![value.into()], times: 1 });
        self
    }

    /// With one more value of an option that may be given several times.
    #[must_use]
    pub fn and_value(mut self, flag: &str, value: impl Into<OsString>) -> Self {
        let id = flag.trim_start_matches('-').replace('-', "_");
        self.words.push(Word { id, flag: Some(flag.to_owned()), values: vec![value.into()], times: 1 });
        self
    }

    /// Without an argument.
    #[must_use]
    pub fn without(mut self, id: &str) -> Self {
        self.words.retain(|word| word.id != id);
        self
    }

    fn arguments(&self) -> String {
        let mut text = String::new();
        let (flagged, positional): (Vec<&Word>, Vec<&Word>) =
            self.words.iter().partition(|word| word.flag.is_some());
        for word in positional.into_iter().chain(flagged) {
            for value in &word.values {
                let value = self.printable(word, &value.to_string_lossy());
                match &word.flag {
                    Some(flag) => text.push_str(&format!(" {flag} {value}")),
                    // The current folder need not be named.
                    None if word.id == "plan" && value == "." => {}
                    None => text.push_str(&format!(" {value}")),
                }
            }
            if let (Some(flag), true) = (&word.flag, word.values.is_empty()) {
                text.push_str(&format!(" {flag}").repeat(word.times));
            }
        }
        text
    }

    fn printable(&self, word: &Word, value: &str) -> String {
        let Some((key, _)) = value.split_once('=').filter(|_| word.id == "set") else { return quoted(value) };
        let name = key.rsplit('.').next().unwrap_or(key);
        match self.typed.open.get().is_some_and(|open| open.contains(name)) {
            true => quoted(value),
            false => format!("{}={WITHHELD}", quoted(key)),
        }
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "migrate {}{}", self.verbs.join(" "), self.arguments())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Typed {
        let words = shlex::split(line).expect("a command line");
        let matches = Cli::command().try_get_matches_from(words).expect("it is understood");
        let typed = Typed::of(&matches);
        typed.may_print(["Retention".to_owned()].into());
        typed
    }

    #[test]
    fn the_same_command_is_whole() {
        let line = "migrate up 'my plan' -e prod --set Retention=90 --set a.Retention=7 --stack 'a*' --sandbox \
                    --ledger l --region eu-west-1 -vv --yes";
        let again = typed(line).again().to_string();
        let parse = |line: &str| {
            let words = shlex::split(line).expect("a command line");
            let matches = Cli::command().try_get_matches_from(words).expect("it is understood");
            Typed::of(&matches).words
        };
        assert_eq!(parse(&again), parse(line), "{again}");
        assert!(again.starts_with("migrate up 'my plan' --environment prod --set"), "{again}");
    }

    #[test]
    fn values_that_nobody_may_see_are_not_printed() {
        let again = typed("migrate up p --set Password=hunter2 --set Retention=90").again().to_string();
        assert_eq!(again, "migrate up p --set Password=<value> --set Retention=90");
    }

    #[test]
    fn another_verb_takes_what_says_where() {
        let typed =
            typed("migrate up p -e prod --set Retention=90 --sandbox --ledger 'a b' --refresh --yes --json");
        assert_eq!(
            typed.other("status").to_string(),
            "migrate status p --environment prod --sandbox --ledger 'a b'"
        );
        assert_eq!(typed.other("types").to_string(), "migrate types");
        assert_eq!(
            typed.other("plan").with_value("--out", "FILE").to_string(),
            "migrate plan p --environment prod --set Retention=90 --sandbox --ledger 'a b' --out FILE"
        );
    }

    #[test]
    fn commands_in_texts_are_completed() {
        let typed = typed("migrate destroy p -e prod --sandbox --yes");
        let said = typed.complete(
            "see `migrate status`, `migrate ledger resolve ADDRESS` or `migrate types NAME`; `cdk synth`",
        );
        assert_eq!(
            said,
            "see `migrate status p --environment prod --sandbox`, `migrate ledger resolve ADDRESS p --environment prod \
             --sandbox` or `migrate types NAME`; `cdk synth`"
        );
        let said = typed.complete("`migrate destroy --dry-run`, `migrate status other --sandbox`, `migrate`");
        assert_eq!(
            said,
            "`migrate destroy p --dry-run --environment prod --sandbox`, `migrate status other --sandbox --environment \
             prod`, `migrate`"
        );
    }

    /// Commands that a golden view prints: in backticks, or after `Next:`.
    fn printed(view: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let view = &view.replace(" \\\n", " ");
        // A command that was wrapped goes on in the next line.
        let joined = view.lines().map(str::trim).collect::<Vec<_>>().join(" ").replace("| ", "");
        let quoted = joined.split("`migrate ").skip(1).filter_map(|rest| rest.split('`').next());
        found.extend(quoted.map(|rest| format!("migrate {rest}")));
        let after = view.lines().filter_map(|line| line.split_once("Next: migrate "));
        found.extend(after.map(|(_, rest)| format!("migrate {rest}")));
        found.retain(|command| !command.contains('\u{2026}'));
        found.iter().flat_map(|line| line.split(" && ")).map(str::to_owned).collect()
    }

    /// Why a printed command cannot be typed as it stands; `None` if it can. A rehearsal's is one of a rehearsal.
    fn wrong(command: &str, rehearsal: bool) -> Option<String> {
        let filled = command.replace("PHYSICAL_ID", "vpc-1").replace("ADDRESS", "app/Thing");
        let filled = filled.replace("=REASON", "=agreed with the team on Monday");
        let words = shlex::split(&filled).unwrap_or_default();
        match Cli::command().try_get_matches_from(&words).map_err(|error| error.kind()) {
            Err(clap::error::ErrorKind::DisplayHelp) => return None,
            Err(error) => return Some(format!("{command}: {error}")),
            Ok(_) => {}
        }
        let mut tree = Cli::command();
        tree.build();
        let verbs: Vec<String> =
            words.iter().skip(1).take_while(|word| !word.starts_with('-')).cloned().collect();
        let depth = (1..=verbs.len()).rev().find(|depth| !accepted(&tree, &verbs[..*depth]).is_empty());
        let takes = accepted(&tree, &verbs[..depth.unwrap_or_default()]);
        let sandbox = !rehearsal || !takes.contains("plan") || filled.contains(" --sandbox");
        (!sandbox).then(|| format!("{command}: it leaves the sandbox"))
    }

    #[test]
    fn every_command_of_every_golden_view_can_be_typed() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let (mut tried, mut all) = (0, Vec::new());
        for folder in ["snapshots", "operations/snapshots"] {
            for entry in std::fs::read_dir(root.join(folder)).expect("golden views") {
                let path = entry.expect("an entry").path();
                let view = std::fs::read_to_string(&path).expect("a golden view");
                // Documents for machines hold texts that nobody has typed a command line for.
                if path.to_string_lossy().contains("-json") {
                    continue;
                }
                let rehearsal = view.contains("SANDBOX");
                for command in printed(&view) {
                    tried += 1;
                    all.extend(wrong(&command, rehearsal).map(|why| format!("{} ({})", why, path.display())));
                }
            }
        }
        assert!(all.is_empty(), "{}", all.join("\n"));
        assert!(tried > 60, "only {tried} commands were found");
    }
}

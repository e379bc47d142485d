//! The only writer of stdout and stderr. Stdout is data, stderr is talk.

use std::io::{self, BufRead as _, IsTerminal as _};

use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr;

use super::{
    diagnostics,
    review::{self, Styles},
    review_json::plan_json,
    text::{count, wrap_whole},
};
use crate::{
    error::{Diagnostic, Severity},
    planner::ChangeSet,
    printable,
    ui::Color,
};

/// A text wrapped to the width; all its lines keep the first one's indentation.
fn indented(text: &str, width: usize) -> String {
    let indent = " ".repeat(text.len() - text.trim_start_matches(' ').len());
    let lines = wrap_whole(text, width.saturating_sub(indent.len()).max(20));
    lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
}

fn put(mut to: impl io::Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// Talk that cannot be written is nobody's to read.
fn say(text: &str) {
    let _ = put(io::stderr().lock(), text);
}

/// How many rows the terminal has at the moment.
fn rows() -> usize {
    let measured = terminal_size::terminal_size_of(io::stderr());
    measured.map_or(usize::MAX, |(_, height)| usize::from(height.0))
}

/// How wide the terminal is at the moment; without one, what COLUMNS says.
fn columns() -> usize {
    let measured = terminal_size::terminal_size_of(io::stderr())
        .or_else(|| terminal_size::terminal_size_of(io::stdout()))
        .map(|(width, _)| usize::from(width.0));
    let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    measured.or_else(told).unwrap_or(100).clamp(40, 160)
}

/// Writes everything, knows what the terminal can do.
pub struct Printer {
    json: bool,
    color: bool,
    talk_color: bool,
    live: bool,
    width: usize,
    rehearsal: bool,
    /// Whether JSON comes out line by line.
    lines: bool,
    /// Whether tables and reviews leave nothing out (`-o wide`).
    wide: bool,
    /// Whether findings about the plan are only counted.
    brief: bool,
    /// Whether standard output is a terminal.
    terminal: bool,
    /// Why standard output could not be written.
    unwritten: Option<String>,
    complete: Option<Complete>,
}

/// Makes the commands in a text complete.
type Complete = Box<dyn Fn(&str) -> String>;

impl Printer {
    /// The line of a process that ends on the spot.
    pub fn last_words(text: &str) {
        say(&format!("{}\n", printable::lines(text)));
    }

    /// Looks at stdout, stderr, NO_COLOR and COLUMNS.
    #[must_use]
    pub fn from_environment(json: bool, color: Color) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        let decide = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        Self {
            json,
            color: decide(io::stdout().is_terminal()),
            talk_color: decide(io::stderr().is_terminal()),
            live: io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|v| v != "dumb"),
            width: columns(),
            rehearsal: false,
            lines: false,
            wide: false,
            brief: false,
            terminal: io::stdout().is_terminal(),
            unwritten: None,
            complete: None,
        }
    }

    /// Commands in advice (`` `migrate status` ``) are passed through this, so that they can be typed as they stand.
    pub fn complete_with(&mut self, complete: impl Fn(&str) -> String + 'static) {
        self.complete = Some(Box::new(complete));
    }

    /// A text whose commands can be typed as they stand.
    #[must_use]
    pub fn completed(&self, text: &str) -> String {
        match &self.complete {
            Some(complete) if text.contains("`migrate ") => complete(text),
            _ => text.to_owned(),
        }
    }

    fn advised(&self, list: &[Diagnostic]) -> Vec<Diagnostic> {
        let advised = |diagnostic: &Diagnostic| Diagnostic {
            message: self.completed(&diagnostic.message),
            help: diagnostic.help.as_deref().map(|help| self.completed(help)),
            ..diagnostic.clone()
        };
        list.iter().map(advised).collect()
    }

    /// Nothing is left out of tables and reviews from here on.
    pub fn widen(&mut self) {
        self.wide = true;
    }

    /// Standard output is read line by line: documents take one line.
    pub fn by_line(&mut self) {
        self.lines = true;
    }

    /// How wide a table may be: it is cut for a reader at a terminal only.
    #[must_use]
    pub fn table_width(&self) -> usize {
        if self.wide || !self.terminal { usize::MAX / 2 } else { self.width }
    }

    /// Why standard output could not be written, if it could not. A reader that went away (`| head`) is no error.
    #[must_use]
    pub fn unwritten(&self) -> Option<&str> {
        self.unwritten.as_deref()
    }

    fn put_out(&mut self, text: &str) {
        if let Err(error) = put(io::stdout().lock(), text)
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.unwritten.get_or_insert_with(|| error.to_string());
        }
    }

    /// Whether stdout is for machines.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Columns, measured anew: views that are drawn for long outlive a terminal's size.
    pub fn measure(&mut self) -> usize {
        self.width = columns();
        self.width
    }

    /// Rows, measured anew.
    #[must_use]
    pub fn rows(&self) -> usize {
        rows()
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether stderr may be redrawn.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live && !self.json
    }

    /// Whether talk may be coloured.
    #[must_use]
    pub fn talks_in_color(&self) -> bool {
        self.talk_color
    }

    /// Data.
    pub fn out(&mut self, text: &str) {
        self.put_out(&printable::lines(&self.completed(text)));
    }

    /// Data in sentences: lines that are too long are wrapped, but for commands, which are copied.
    pub fn prose(&mut self, text: &str) {
        let command = |line: &str| {
            let line = line.trim_start();
            ["aws ", "migrate ", "Next: "].iter().any(|start| line.starts_with(start))
        };
        let width = self.table_width();
        let text = &self.completed(text);
        let mut whole = String::with_capacity(text.len());
        for line in text.lines() {
            if line.width() <= width || command(line) {
                whole.push_str(line);
            } else {
                whole.push_str(&indented(line, width));
            }
            whole.push('\n');
        }
        self.out(&whole);
    }

    /// Data with styles, if there are any.
    fn out_styled(&mut self, text: &str) {
        if self.color {
            self.put_out(&printable::styled(&self.completed(text)));
        } else {
            self.out(text);
        }
    }

    /// One JSON document on a line of its own: from here on standard output is read line by line.
    pub fn json_line(&mut self, text: &str) {
        self.lines = true;
        self.put_out(&format!("{}\n", printable::json(text)));
    }

    /// A text as the command's result, wrapped to the width.
    pub fn paragraph(&mut self, text: &str) {
        let text = indented(&self.completed(text), self.width);
        self.out(&format!("{text}\n"));
    }

    /// Talk, wrapped to the width.
    pub fn advise(&mut self, text: &str) {
        let text = indented(&self.completed(text), self.width);
        self.talk(&format!("{text}\n"));
    }

    /// Talk.
    pub fn talk(&mut self, text: &str) {
        say(&printable::lines(&self.completed(text)));
    }

    /// Talk with styles or cursor movements, if there are any. Whoever calls this has cleaned what it puts between
    /// them.
    pub(super) fn talk_styled(&mut self, text: &str) {
        if self.talk_color || self.live {
            say(&printable::styled(&self.completed(text)));
        } else {
            self.talk(text);
        }
    }

    /// The line of an event, as a view rendered it.
    pub fn talk_event(&mut self, line: &str) {
        self.talk_styled(line);
    }

    /// A JSON document, pretty.
    pub fn json(&mut self, value: &Json) {
        let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
        self.put_out(&format!("{}\n", printable::json(&text)));
    }

    /// Says once, unmistakably, that this is no AWS.
    pub fn banner(&mut self, sandbox: bool) {
        self.rehearsal = sandbox;
        if sandbox && !self.json {
            let text = "SANDBOX: a rehearsal in virtual time; AWS is not touched.";
            if self.talk_color {
                self.talk_styled(&format!("\x1b[1;35m{text}\x1b[0m\n"));
            } else {
                self.talk(&format!("{text}\n"));
            }
        }
    }

    /// A change set before it is run: talk, because the run's data follows.
    pub fn review(&mut self, set: &ChangeSet) {
        if !self.json {
            // The command that goes on is this one.
            let styles = Styles { color: self.talk_color, verbose: self.wide, next: None };
            self.talk_styled(&review::render(set, self.width, &styles));
        }
    }

    /// A change set as the command's result.
    pub fn plan(&mut self, set: &ChangeSet, next: Option<&str>) {
        if self.json {
            self.json(&plan_json(set));
        } else {
            let styles = Styles { color: self.color, verbose: self.wide, next };
            self.out_styled(&review::render(set, self.width, &styles));
        }
    }

    /// Errors: on stderr for people; with `--json` also as one document on stdout, on one line if events came before it.
    pub fn diagnostics(&mut self, list: &[Diagnostic]) {
        let list = &self.advised(list);
        match diagnostics::as_json(list) {
            // Readers of events tell their lines apart by `event`.
            mut document if self.json && self.lines => {
                document["event"] = "diagnostics".into();
                self.json_line(&document.to_string());
            }
            document if self.json => self.json(&document),
            _ => {}
        }
        let text = diagnostics::render(list, self.width, self.talk_color);
        self.talk_styled(&text);
    }

    /// Warnings: talk only.
    pub fn warnings(&mut self, list: &[Diagnostic]) {
        let only = list.iter().all(|d| d.severity == Severity::Warning);
        assert!(only || !cfg!(strict), "errors end the command");
        if !list.is_empty() {
            self.talk_styled(&diagnostics::render(&self.advised(list), self.width, self.talk_color));
        }
    }

    /// Findings about a plan: in full, or only how many there are where they were read before (`up`).
    pub fn findings(&mut self, list: &[Diagnostic]) {
        if !self.brief || list.is_empty() {
            self.warnings(list);
        } else if !self.json {
            let text = format!(
                "{}; `migrate validate` shows {}.",
                count(list.len(), "warning"),
                if list.len() == 1 { "it in full" } else { "them in full" }
            );
            self.advise(&text);
        }
    }

    /// Findings about the plan are counted from here on.
    pub fn count_findings(&mut self) {
        self.brief = true;
    }

    /// Whether somebody is there to answer.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks on stderr, reads a line.
    pub fn ask(&mut self, question: &str) -> Option<String> {
        self.talk(question);
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).ok()?;
        Some(line)
    }
}

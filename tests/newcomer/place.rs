//! A folder with a template, and the program in it.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::support::write;

pub(super) struct Place(tempfile::TempDir);

impl Place {
    pub(super) fn new(template: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        write(&dir.path().join("app.yaml"), template);
        Self(dir)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
        command.args(args).current_dir(self.path()).env_clear().env("NO_COLOR", "1").env("HOME", self.path());
        command.env("COLUMNS", "80").env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    pub(super) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// Both streams as one text, if it ends with that code.
    pub(super) fn says(&self, code: i32, args: &[&str]) -> String {
        let output = self.run(args);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{text}");
        text
    }

    pub(super) fn up(&self) -> String {
        self.says(0, &["up", "app.yaml", "--sandbox", "--yes"])
    }
}

pub(super) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A text without its line breaks: where lines are broken is not what is tested.
pub(super) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

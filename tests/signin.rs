//! Signing in, and the way to AWS: proxies, certificates, profiles, sessions, and keys that run out.
//!
//! Offline, with real parts: the binary, a CONNECT proxy, TLS with a CA of the test's own, the served sandbox as STS,
//! config and credentials files, a pseudo-terminal.

mod expiry;
mod network;
mod places;
mod profiles;
#[cfg(target_os = "linux")]
mod reading;
mod roles;
mod servers;
mod terminal;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value as Json;

use crate::{process::program, support::write};

/// Somebody's home folder.
pub struct Home {
    pub dir: tempfile::TempDir,
}

/// Keys that the sandbox takes for its own user.
pub const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "example-secret-of-the-environment"),
];

impl Home {
    /// With these two files.
    pub fn new(config: &str, credentials: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join(".aws")).expect("a folder");
        write(&dir.path().join(".aws/config"), config);
        write(&dir.path().join(".aws/credentials"), credentials);
        Self { dir }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A command of somebody at home.
    pub fn command(&self, args: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = program();
        command
            .args(args)
            .current_dir(self.path())
            .env("HOME", self.path())
            .envs(env.iter().copied())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Said {
        Said(self.command(args, env).output().expect("the program runs"))
    }
}

/// What a command said.
pub struct Said(pub Output);

impl Said {
    pub fn err(&self) -> String {
        // Lines are wrapped to the width; words are what is compared.
        let text = String::from_utf8_lossy(&self.0.stderr).into_owned();
        text.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")
    }

    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Json {
        assert_eq!(self.0.status.code(), Some(0), "{}", self.err());
        serde_json::from_slice(&self.0.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.out()))
    }

    /// It is refused with this code, in these words, and nothing of the machinery shows.
    #[track_caller]
    pub fn refused(&self, code: &str, words: &[&str]) {
        let said = self.err();
        assert_eq!(self.0.status.code(), Some(6), "{said}");
        assert!(said.contains(&format!("[{code}]")), "{code}: {said}");
        for part in words {
            assert!(said.contains(part), "`{part}` is missing: {said}");
        }
        for machinery in [
            "Error {",
            "unhandled",
            "cargo",
            "dispatch failure",
            "ProviderError",
            "Some(",
            "aws_sdk",
            "example-secret",
        ] {
            assert!(!said.contains(machinery), "`{machinery}`: {said}");
        }
    }
}

//! A pseudo-terminal with somebody at it.

use std::{
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    process::Child,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use pty_process::{Size, blocking};

use super::Home;

/// How long something may take to appear.
const PATIENCE: u32 = 600;

/// A command that runs on a terminal of its own.
pub struct Terminal {
    keyboard: std::fs::File,
    screen: Arc<Mutex<String>>,
    child: Child,
    /// What was expected and seen already, in bytes.
    seen: usize,
}

#[expect(clippy::disallowed_methods, reason = "a terminal is watched in real time")]
fn pause() {
    thread::sleep(Duration::from_millis(100));
}

impl Terminal {
    /// Starts the program as somebody at home would.
    pub fn run(home: &Home, args: &[&str], env: &[(&str, &str)]) -> Self {
        let (pty, pts) = blocking::open().expect("a terminal");
        pty.resize(Size::new(50, 160)).expect("a size");
        let command = blocking::Command::new(env!("CARGO_BIN_EXE_migrate"))
            .args(args)
            .current_dir(home.path())
            .env_clear()
            .envs([("NO_COLOR", "1"), ("TERM", "dumb"), ("AWS_EC2_METADATA_DISABLED", "true")])
            .env("HOME", home.path())
            .envs(env.iter().copied());
        let child = command.spawn(pts).expect("the program starts");
        let pty: OwnedFd = pty.into();
        let keyboard = std::fs::File::from(pty);
        let mut output = keyboard.try_clone().expect("the terminal");
        let screen = Arc::<Mutex<String>>::default();
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut some = [0; 4096];
            // The last reader gets an error once the program has left.
            while let Ok(count @ 1..) = output.read(&mut some) {
                shown.lock().expect("the screen").push_str(&String::from_utf8_lossy(&some[..count]));
            }
        });
        Self { keyboard, screen, child, seen: 0 }
    }

    /// The screen with single blanks: lines are wrapped.
    fn screen(&self) -> String {
        let screen = self.screen.lock().expect("the screen");
        screen.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until this stands on the screen, after what was expected before.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        for _ in 0..PATIENCE {
            let screen = self.screen();
            if let Some(at) = screen.get(self.seen..).and_then(|rest| rest.find(text)) {
                self.seen += at + text.len();
                return;
            }
            pause();
        }
        panic!("`{text}` does not appear: {}", self.screen());
    }

    /// Somebody makes the window smaller or wider.
    #[cfg(target_os = "linux")]
    pub fn resize(&self, columns: u16) {
        let size = rustix::termios::Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&self.keyboard, size).expect("a size");
    }

    /// Types a line.
    pub fn answer(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).expect("the keyboard");
    }

    /// Waits for the program's end.
    #[track_caller]
    pub fn end(mut self) {
        for _ in 0..PATIENCE {
            if self.child.try_wait().expect("its state").is_some() {
                return;
            }
            pause();
        }
        let _ = self.child.kill();
        panic!("it does not end: {}", self.screen());
    }
}

/// What runs for long outlives a terminal's size: lines drawn after somebody made it narrow fit in it.
#[test]
#[cfg(target_os = "linux")]
fn a_live_view_follows_the_terminal() {
    let place = crate::process::Place::new(crate::process::QUICK, 4);
    let home = Home::new("", "");
    crate::support::write(&home.path().join("plan.yaml"), crate::process::QUICK);
    let mut env = super::KEYS.to_vec();
    env.extend([
        ("TERM", "xterm"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &place.endpoint),
        ("MIGRATE_SANDBOX_SPEED", "4"),
    ]);
    let mut session = Terminal::run(&home, &["up", "plan.yaml", "--yes"], &env);
    session.expect(" running, ");
    session.resize(44);
    // "3 of 20 done, 4 running, 13 waiting; 0.9s …": cut where the terminal ends now.
    let fits = |session: &Terminal| {
        let raw = session.screen.lock().expect("the screen").clone();
        let lines =
            raw.split(['\r', '\n']).filter_map(|line| line.rsplit("\x1b[J").next().map(str::to_owned));
        lines
            .filter(|line| line.contains(" running, "))
            .any(|line| line.ends_with('…') && line.chars().count() == 44)
    };
    for _ in 0..PATIENCE {
        if fits(&session) {
            break;
        }
        pause();
    }
    assert!(fits(&session), "{}", session.screen());
    session.end();
}

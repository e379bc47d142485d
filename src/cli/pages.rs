//! `migrate pages DIR`, for packagers: manual pages and completion scripts, from the argument tree itself.

use std::{io, path::Path};

use clap::{CommandFactory as _, ValueEnum as _};
use clap_complete::Shell;

use super::{
    Verdict,
    args::{Cli, PagesCommand},
    exit::Code,
    session::one,
};
use crate::{
    error::{Class, Diagnostic},
    ui::Printer,
};

/// Runs the verb.
pub fn run(args: &PagesCommand, printer: &mut Printer) -> Verdict {
    write(&args.dir).map_err(|error| {
        let message = format!("cannot write the pages to {}: {error}", args.dir.display());
        one(Diagnostic::error("M0003", Class::Usage, message).help("name a folder that can be written to"))
    })?;
    printer.advise(&format!(
        "Manual pages are in {0}/man1, completion scripts in {0}/completions.",
        args.dir.display()
    ));
    Ok(Code::Success)
}

fn write(dir: &Path) -> io::Result<()> {
    let (man, completions) = (dir.join("man1"), dir.join("completions"));
    for folder in [&man, &completions] {
        std::fs::create_dir_all(folder)?;
    }
    clap_mangen::generate_to(Cli::command(), &man)?;
    for shell in Shell::value_variants() {
        clap_complete::generate_to(*shell, &mut Cli::command(), "migrate", &completions)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Command;

    use super::*;

    /// `migrate`, `migrate-up`, `migrate-ledger-show`: every verb that help shows.
    fn verbs(command: &Command, name: &str, found: &mut BTreeSet<String>) {
        found.insert(format!("{name}.1"));
        for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
            verbs(verb, &format!("{name}-{}", verb.get_name()), found);
        }
    }

    #[test]
    fn every_verb_has_a_page_with_its_options_and_every_shell_a_script() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        let names = |folder: &str| -> BTreeSet<String> {
            let entries = std::fs::read_dir(dir.path().join(folder)).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let mut wanted = BTreeSet::new();
        verbs(&Cli::command(), "migrate", &mut wanted);
        assert_eq!(names("man1"), wanted);
        let up = std::fs::read_to_string(dir.path().join("man1/migrate-up.1")).unwrap();
        // roff writes a hyphen as `\-`.
        for option in ["sandbox", "allow\\-data\\-loss", "rollback\\-on\\-failure", "profile"] {
            assert!(up.contains(option), "{option}: {up}");
        }
        assert_eq!(
            names("completions"),
            ["_migrate", "_migrate.ps1", "migrate.bash", "migrate.elv", "migrate.fish"]
                .map(ToOwned::to_owned)
                .into()
        );
    }
}

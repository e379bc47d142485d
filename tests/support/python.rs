//! The Python that the tests with real clients run in.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The interpreter that `MIGRATE_TEST_PYTHON` names, or the one `.ci/run` made, if boto3 and the AWS CLI are there.
pub(crate) fn python() -> Result<PathBuf, String> {
    let given = env::var_os("MIGRATE_TEST_PYTHON").map(PathBuf::from);
    let cached = env::var_os("HOME").map(|home| Path::new(&home).join(".cache/migrate-ci/venv/bin/python"));
    let python = given.or(cached).ok_or("neither MIGRATE_TEST_PYTHON nor HOME is set")?;
    let probe = Command::new(&python).args(["-c", "import awscli, boto3"]).output();
    match probe {
        Ok(output) if output.status.success() => Ok(python),
        Ok(_) => Err(format!("{} has no boto3 and awscli", python.display())),
        Err(error) => Err(format!("{}: {error}", python.display())),
    }
}

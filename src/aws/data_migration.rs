//! The states of homogeneous data migrations.

/// A data migration's state in one word, as tasks have it. The API's model lists none; the user guide (Statuses of homogeneous
/// data migrations in AWS DMS) has four for one that runs: "Load running", "Load complete, replication ongoing", "Replication
/// ongoing" and "Reloading target". How the API spells them is not documented, so case and separators do not count.
#[must_use]
pub fn data_migration_state(told: &str) -> String {
    let words: Vec<String> = told
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let words = words.join(" ");
    match words.as_str() {
        "load running" | "load complete replication ongoing" | "replication ongoing" | "reloading target" => {
            "running".to_owned()
        }
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_spelling_one_that_runs_runs() {
        let running = [
            "running",
            "RUNNING",
            "Load running",
            "LOAD_RUNNING",
            "load-complete-replication-ongoing",
            "Load complete, replication ongoing",
            "replication ongoing",
            "Reloading target",
        ];
        for told in running {
            assert_eq!(data_migration_state(told), "running", "{told}");
        }
        for (told, state) in [("Ready", "ready"), ("STOPPED", "stopped"), ("Starting", "starting"), ("", "")]
        {
            assert_eq!(data_migration_state(told), state);
        }
    }
}

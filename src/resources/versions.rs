//! Engine versions as texts: `15`, `15.7`, `8.0.42`, `19.0.0.0.ru-2025-07.rur-2025-07.r1`.

use std::cmp::Ordering;

/// The numbers in a version, in order.
fn numbers(version: &str) -> impl Iterator<Item = u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok())
}

/// Compares as far as both say something: `15` is neither older nor newer than `15.7`.
fn compare(one: &str, two: &str) -> Ordering {
    numbers(one).zip(numbers(two)).map(|(a, b)| a.cmp(&b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// Whether `wanted` is an older version than `than`.
#[must_use]
pub fn is_older(wanted: &str, than: &str) -> bool {
    compare(wanted, than).is_lt()
}

/// Whether `live` is a later minor version than `recorded`: both begin with the same `major` numbers.
#[must_use]
pub fn is_later_minor(recorded: &str, live: &str, major: usize) -> bool {
    let same = numbers(recorded).take(major).eq(numbers(live).take(major));
    same && compare(recorded, live).is_lt()
}

/// How many numbers the major version of an RDS engine has: PostgreSQL `15`, but `9.6`; MySQL `8.0`.
#[must_use]
pub fn rds_major(engine: &str, version: &str) -> usize {
    match engine {
        _ if engine.contains("postgres") => {
            if numbers(version).next().is_some_and(|first| first < 10) {
                2
            } else {
                1
            }
        }
        _ if engine.starts_with("oracle") => 1,
        // `8.0.mysql_aurora.3.08.2`: 8.0, and Aurora's own major version.
        "aurora-mysql" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_their_numbers() {
        assert!(is_older("15.7", "15.14") && !is_older("15.14", "15.7"));
        assert!(!is_older("15", "15.7") && !is_older("15.7", "15"));
        assert!(is_older("14.19", "15") && is_older("8.0.42", "8.4.3"));
        let oracle = |month: &str| format!("19.0.0.0.ru-2025-{month}.rur-2025-{month}.r1");
        assert!(is_older(&oracle("04"), &oracle("07")));
        assert!(is_later_minor("15.7", "15.14", rds_major("postgres", "15.7")));
        assert!(!is_later_minor("15.7", "16.1", rds_major("postgres", "15.7")));
        assert!(!is_later_minor("15.14", "15.7", 1) && !is_later_minor("15.7", "15.7", 1));
        assert!(!is_later_minor("9.5.2", "9.6.1", rds_major("postgres", "9.5.2")));
        assert!(is_later_minor("8.0.35", "8.0.42", rds_major("mysql", "8.0.35")));
        assert!(!is_later_minor("8.0.35", "8.4.3", rds_major("mysql", "8.0.35")));
    }
}

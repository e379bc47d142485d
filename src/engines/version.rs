//! How RDS counts the versions of an engine, and names the parameter families.

/// The numbers in a version, in order.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// Whether one version is older than another, number by number.
#[must_use]
pub fn is_older(one: &str, two: &str) -> bool {
    numbers(one) < numbers(two)
}

/// The major version as `MajorEngineVersion` shows it: `14`, `9.6`, `8.0`, `19`, `15.00`, `11.5`.
#[must_use]
pub fn major_of(engine: &str, version: &str) -> String {
    let first = numbers(version).first().copied().unwrap_or_default();
    let one = match engine {
        _ if engine.contains("postgres") => first >= 10,
        // 11.2, 12.1 and 12.2 were releases of their own.
        _ if engine.starts_with("oracle") => first >= 18,
        _ => false,
    };
    version.split('.').take(if one { 1 } else { 2 }).collect::<Vec<_>>().join(".")
}

/// The parameter family: `postgres14`, `mysql8.0`, `oracle-ee-19`, `sqlserver-se-15.0`, `db2-se-11.5`.
#[must_use]
pub fn family_of(engine: &str, version: &str) -> String {
    let dash =
        if ["oracle", "sqlserver", "db2"].iter().any(|one| engine.starts_with(one)) { "-" } else { "" };
    let major = major_of(engine, version);
    // SQL Server's versions have two digits there (15.00.4365), its families one (sqlserver-se-15.0).
    let major = if engine.starts_with("sqlserver") { major.replace(".00", ".0") } else { major };
    format!("{engine}{dash}{major}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_and_families_are_spelt_as_rds_spells_them() {
        for (engine, version, major, family) in [
            ("postgres", "14.19", "14", "postgres14"),
            ("postgres", "9.6.24", "9.6", "postgres9.6"),
            ("mysql", "8.0.46-rds.20260624", "8.0", "mysql8.0"),
            ("mariadb", "10.11.18", "10.11", "mariadb10.11"),
            ("aurora-mysql", "8.0.mysql_aurora.3.10.5", "8.0", "aurora-mysql8.0"),
            ("aurora-postgresql", "16.9-limitless", "16", "aurora-postgresql16"),
            ("oracle-ee-cdb", "21.0.0.0.ru-2025-07.rur-2025-07.r1", "21", "oracle-ee-cdb-21"),
            ("oracle-se2", "12.1.0.2.v9", "12.1", "oracle-se2-12.1"),
            ("sqlserver-se", "15.00.4365.2.v1", "15.00", "sqlserver-se-15.0"),
            ("db2-se", "11.5.9.0.sb00085791.r1", "11.5", "db2-se-11.5"),
        ] {
            assert_eq!(
                (major_of(engine, version).as_str(), family_of(engine, version).as_str()),
                (major, family)
            );
        }
        assert!(is_older("16.9", "16.10") && !is_older("8.4.3", "8.0.46"));
    }
}

//! Backup and maintenance windows (API reference, CreateDBInstance: "at least 30 minutes", "must not conflict with the
//! preferred maintenance window"; "Days must be one of Mon | Tue | Wed | Thu | Fri | Sat | Sun").

use super::store::invalid;
use crate::sandbox::Fault;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: i64 = 1_440;
const WEEK: i64 = 7 * DAY;
/// Defaults, the first that leaves the other window alone.
const BACKUPS: [&str; 2] = ["03:00-03:30", "09:30-10:00"];
const MAINTENANCE: [&str; 2] = ["sun:05:00-sun:05:30", "tue:11:00-tue:11:30"];

/// Minutes of `hh:mi`.
fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number =
        |text: &str, below: i64| text.parse().ok().filter(|n| text.len() == 2 && (0..below).contains(n));
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

/// Start and length in minutes of a window of days, each within `span`.
fn window(text: &str, span: i64, at: impl Fn(&str) -> Option<i64>) -> Option<(i64, i64)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (at(from)?, at(to)?);
    Some((from, (to - from).rem_euclid(span)))
}

fn backup(text: &str) -> Result<(i64, i64), Fault> {
    let found = window(text, DAY, minutes).ok_or_else(|| {
        invalid(format!(
            "Invalid backup window format: {text}. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC)."
        ))
    })?;
    if found.1 < 30 { Err(invalid("The backup window must be at least 30 minutes.")) } else { Ok(found) }
}

fn maintenance(text: &str) -> Result<(i64, i64), Fault> {
    let moment = |text: &str| {
        let (day, time) = text.split_once(':')?;
        let day = DAYS.iter().position(|one| one.eq_ignore_ascii_case(day))?;
        Some(i64::try_from(day).ok()? * DAY + minutes(time)?)
    };
    let found = window(text, WEEK, moment).ok_or_else(|| {
        invalid(format!(
            "Invalid maintenance window format: {text}. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock \
             UTC). Example: Sun:23:45-Mon:00:15"
        ))
    })?;
    match found.1 {
        0..30 => Err(invalid("The maintenance window must be at least 30 minutes.")),
        DAY.. => Err(invalid("Maintenance window must be less than 24 hours.")),
        _ => Ok(found),
    }
}

fn overlap(backup: (i64, i64), maintenance: (i64, i64)) -> bool {
    // The backup comes every day; the day before the week's first is the last.
    (-1..8).any(|day| {
        let from = day * DAY + backup.0;
        let clash = |shift: i64| {
            from < maintenance.0 + shift + maintenance.1 && maintenance.0 + shift < from + backup.1
        };
        clash(0) || clash(-WEEK) || clash(WEEK)
    })
}

/// Both windows of an instance: what was sent, or what it has, or a default beside the other one.
///
/// # Errors
/// One is no window, too short or too long, or they overlap.
pub fn chosen(
    backup_sent: Option<&str>,
    maintenance_sent: Option<&str>,
    had: Option<(&str, &str)>,
) -> Result<(String, String), Fault> {
    let sent = (backup_sent.map(backup).transpose()?, maintenance_sent.map(maintenance).transpose()?);
    if let (Some(one), Some(other)) = sent
        && overlap(one, other)
    {
        return Err(invalid("The backup window and maintenance window must not overlap."));
    }
    if let Some((had_backup, had_maintenance)) = had {
        let both = (backup_sent.unwrap_or(had_backup), maintenance_sent.unwrap_or(had_maintenance));
        if overlap(backup(both.0)?, maintenance(both.1)?) {
            return Err(invalid("The backup window and maintenance window must not overlap."));
        }
        return Ok((both.0.to_lowercase(), both.1.to_lowercase()));
    }
    let free = |one: &str, other: &str| match (backup(one), maintenance(other)) {
        (Ok(one), Ok(other)) => !overlap(one, other),
        _ => false,
    };
    let maintenance = maintenance_sent.map(str::to_lowercase).unwrap_or_else(|| {
        let other = backup_sent.unwrap_or(BACKUPS[0]);
        MAINTENANCE.into_iter().find(|one| free(other, one)).unwrap_or(MAINTENANCE[0]).to_owned()
    });
    let backup = backup_sent.map(str::to_lowercase).unwrap_or_else(|| {
        BACKUPS.into_iter().find(|one| free(one, &maintenance)).unwrap_or(BACKUPS[0]).to_owned()
    });
    Ok((backup, maintenance))
}

/// API reference, Port: "Valid values: 1150-65535".
///
/// # Errors
/// The port is not among them.
pub fn port(port: Option<i64>) -> Result<(), Fault> {
    match port {
        Some(port) if !(1150..=65_535).contains(&port) => {
            Err(invalid(format!("Invalid port {port}: the valid range is 1150-65535.")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_rds_takes() {
        let both = |backup, maintenance| chosen(backup, maintenance, None).map_err(|fault| fault.message);
        for (backup, maintenance) in [
            (None, Some("sim:16:00-mon:16:30")),
            (None, Some("mon:16:00-mon:16:05")),
            (None, Some("mon:16:00-tue:16:30")),
            (None, Some("mon:16:00")),
            (None, Some("mon:24:00-tue:01:00")),
            (Some("20:00-20:10"), None),
            (Some("25:00-25:40"), None),
            (Some("20:00-20:30"), Some("wed:18:00-wed:22:00")),
            (Some("23:45-00:30"), Some("tue:00:00-tue:01:00")),
            (Some("00:10-00:50"), Some("sun:23:50-mon:00:30")),
        ] {
            assert!(both(backup, maintenance).is_err(), "{backup:?} {maintenance:?}");
        }
        assert_eq!(both(Some("23:45-00:30"), Some("Tue:00:30-Tue:01:00")).unwrap().1, "tue:00:30-tue:01:00");
        let (backup, maintenance) = both(None, Some("sun:02:50-sun:03:40")).unwrap();
        assert_eq!((backup.as_str(), maintenance.as_str()), ("09:30-10:00", "sun:02:50-sun:03:40"));
        assert!(chosen(Some("05:00-05:30"), None, Some(("03:00-03:30", "sun:05:00-sun:05:30"))).is_err());
    }
}

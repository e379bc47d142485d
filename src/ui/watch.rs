//! The live view of a migration: one calm picture that fits into 80 columns, from values to text.

use serde::Serialize;

use unicode_width::UnicodeWidthStr as _;

use super::{
    tables::duration,
    text::{fit, wrap},
};

/// A gate's state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateState {
    /// Which.
    pub gate: String,
    /// `open`, `closed`, `unknown`.
    pub verdict: String,
    /// In words.
    pub summary: String,
}

/// The weights of a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weights {
    /// The name.
    pub name: String,
    /// Of the source; `None` if the record is not there.
    pub source: Option<u64>,
    /// Of the target.
    pub target: Option<u64>,
}

/// The lag of one side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lag {
    /// `source` or `target`.
    pub side: &'static str,
    /// The latest minutes, in seconds, newest last.
    pub points: Vec<f64>,
}

/// What a serverless replication or a data migration is doing: DMS takes it through states that a task does not have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Running {
    /// Its address.
    pub address: String,
    /// Its state, in DMS's word.
    pub status: String,
    /// For how long it has been that, in seconds.
    pub since_s: Option<f64>,
    /// How long that state usually takes, for states on the way to `running`.
    pub usually: Option<String>,
    /// Its capacity: how much, whether another one is available, and why.
    pub capacity: Option<String>,
    /// What DMS announced of it last.
    pub event: Option<String>,
}

impl Running {
    /// The state in words.
    fn state(&self) -> String {
        let since = self.since_s.map(|seconds| format!(" for {}", duration(seconds))).unwrap_or_default();
        let usually = self.usually.as_ref().map(|takes| format!(", usually {takes}")).unwrap_or_default();
        format!("{}{since}{usually}", self.status)
    }
}

/// One look at a migration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// When, RFC 3339.
    pub at: String,
    /// The migration and its environment.
    pub name: String,
    /// The phase.
    pub phase: String,
    /// For how long it has been that, in seconds.
    pub phase_s: Option<f64>,
    /// The replication that leads to where writes are copied: `forward`, or `reverse` once the target serves.
    pub direction: &'static str,
    /// What runs there, if that is no task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<Running>,
    /// Its lag.
    pub lag: Vec<Lag>,
    /// The limit of the lag's gate, in seconds.
    pub limit_s: f64,
    /// Changes that were captured and not applied.
    pub backlog: Option<i64>,
    /// The weights.
    pub weights: Vec<Weights>,
    /// The gates.
    pub gates: Vec<GateState>,
    /// For how long writes have been refused, in seconds; `None` if they are taken.
    pub refused_s: Option<f64>,
    /// What going back now would lose.
    pub at_risk: String,
}

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Points as bars; the highest bar is the limit, or the highest point where that is more.
#[must_use]
pub fn sparkline(points: &[f64], limit: f64, width: usize) -> String {
    let shown = &points[points.len().saturating_sub(width)..];
    let top = shown.iter().copied().fold(limit.max(1.0), f64::max);
    let bar = |value: &f64| {
        let share = (value / top).clamp(0.0, 1.0) * 7.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 7")]
        let at = share.round() as usize;
        BARS[at.min(7)]
    };
    shown.iter().map(bar).collect()
}

/// The lags: on one line where there is room, else each side on its own.
fn lag_lines(look: &Look, room: usize) -> Vec<String> {
    let mut sides: Vec<String> = look
        .lag
        .iter()
        .map(|lag| match lag.points.last() {
            Some(last) => format!("{} {} {last:.1} s", lag.side, sparkline(&lag.points, look.limit_s, 12)),
            None => format!("{} no data", lag.side),
        })
        .collect();
    sides.push(format!("limit {:.0} s", look.limit_s));
    let whole = sides.join("   ");
    if whole.width() <= room { vec![whole] } else { sides }
}

/// The gates, as many on a line as there is room for: none is cut off, a closed one least of all.
fn gate_lines(look: &Look, room: usize, color: bool) -> Vec<String> {
    let (mut lines, mut used) = (Vec::<String>::new(), 0);
    for gate in &look.gates {
        let text = format!("{} {}", gate.gate, gate.verdict);
        let wide = text.width();
        let painted = match gate.verdict.as_str() {
            _ if !color => text,
            "open" => format!("\x1b[32m{text}\x1b[0m"),
            _ => format!("\x1b[1;31m{text}\x1b[0m"),
        };
        match lines.last_mut() {
            Some(line) if used + 2 + wide <= room => {
                line.push_str(", ");
                line.push_str(&painted);
                used += 2 + wide;
            }
            _ => {
                lines.push(painted);
                used = wide;
            }
        }
    }
    lines
}

/// The picture.
#[must_use]
pub fn picture(look: &Look, width: usize, color: bool) -> String {
    let room = width.saturating_sub(10).max(10);
    let mut text = String::new();
    let since = look.phase_s.map(|seconds| format!(" for {}", duration(seconds))).unwrap_or_default();
    let time = look.at.get(11..19).unwrap_or_default();
    let whole = format!("{}  {}{since}", look.name, look.phase);
    // The phase is never cut: where there is no room beside the name, it has a line of its own.
    let beside = whole.width() <= width.saturating_sub(10);
    let head = if beside { whole } else { fit(&look.name, width.saturating_sub(10)) };
    let left = width.saturating_sub(8);
    text.push_str(&format!("{head:<left$}{time}\n"));
    let mut row = |label: &str, value: &str| text.push_str(&format!("{label:<10}{value}\n"));
    let mut rows = |label: &str, lines: &[String]| {
        for (at, line) in lines.iter().enumerate() {
            row(if at == 0 { label } else { "" }, line);
        }
    };
    let lag: Vec<String> = lag_lines(look, room).iter().map(|line| fit(line, room)).collect();
    if !beside {
        rows("phase", &[format!("{}{since}", look.phase)]);
    }
    rows(look.direction, &lag);
    for one in &look.running {
        // Of several, each is named.
        let name = if look.running.len() > 1 { format!("{}: ", one.address) } else { String::new() };
        rows("state", &wrap(&format!("{name}{}", one.state()), room));
        if let Some(capacity) = &one.capacity {
            rows("capacity", &wrap(capacity, room));
        }
        if let Some(event) = &one.event {
            rows("event", &wrap(event, room));
        }
    }
    let backlog =
        look.backlog.map_or_else(|| "not known".to_owned(), |count| format!("{count} changes on the way"));
    rows("backlog", &[fit(&backlog, room)]);
    for weights in &look.weights {
        let number =
            |weight: Option<u64>| weight.map_or_else(|| "gone".to_owned(), |weight| weight.to_string());
        // The name may be cut, the numbers never.
        let numbers = format!("source {}, target {}", number(weights.source), number(weights.target));
        let whole = format!("{}  {numbers}", weights.name);
        if whole.width() <= room {
            rows("weights", &[whole]);
        } else {
            rows("weights", &[fit(&weights.name, room), fit(&numbers, room)]);
        }
    }
    rows("gates", &gate_lines(look, room, color));
    for gate in look.gates.iter().filter(|gate| gate.verdict != "open") {
        rows("", &[fit(&format!("{}: {}", gate.gate, gate.summary), room)]);
    }
    match look.refused_s {
        Some(seconds) if color => {
            rows("writes", &[format!("\x1b[1;31mREFUSED for {}\x1b[0m", duration(seconds))]);
        }
        Some(seconds) => rows("writes", &[format!("REFUSED for {}", duration(seconds))]),
        None => rows("writes", &["taken".to_owned()]),
    }
    rows("at risk", &wrap(&look.at_risk, room));
    text
}

/// One line for logs: only what a reader would want to know has changed.
#[must_use]
pub fn line(look: &Look) -> String {
    let latest: Vec<String> = look
        .lag
        .iter()
        .map(|lag| {
            lag.points
                .last()
                .map_or_else(|| format!("{} -", lag.side), |last| format!("{} {last:.1} s", lag.side))
        })
        .collect();
    let closed: Vec<&str> =
        look.gates.iter().filter(|gate| gate.verdict != "open").map(|gate| gate.gate.as_str()).collect();
    let gates = if closed.is_empty() {
        "all gates open".to_owned()
    } else {
        format!("not open: {}", closed.join(", "))
    };
    let writes = look
        .refused_s
        .map_or_else(String::new, |seconds| format!(", writes REFUSED for {}", duration(seconds)));
    let states: String = look
        .running
        .iter()
        .filter(|one| one.status != "running")
        .map(|one| format!(", {}", one.state()))
        .collect();
    format!(
        "{} {}{states}, lag {}, {gates}{writes}\n",
        look.at.get(11..19).unwrap_or_default(),
        look.phase,
        latest.join(" / ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look {
            at: "2026-01-01T12:03:07Z".into(),
            name: "payments-multi-stack (dev)".into(),
            phase: "shifting(25)".into(),
            phase_s: Some(200.0),
            direction: "forward",
            running: Vec::new(),
            lag: vec![
                Lag { side: "target", points: (0..20).map(f64::from).collect() },
                Lag { side: "source", points: vec![0.0; 20] },
            ],
            limit_s: 10.0,
            backlog: Some(12),
            weights: vec![Weights {
                name: "api.payments.example.com".into(),
                source: Some(75),
                target: Some(25),
            }],
            gates: ["task", "lag", "backlog", "reading", "alarms", "target-health"]
                .map(|gate| GateState {
                    gate: gate.into(),
                    verdict: if gate == "lag" { "closed" } else { "open" }.into(),
                    summary: "CDCLatencyTarget 19.0 s, CDCLatencySource 0.0 s; limit 10 s, 5 points".into(),
                })
                .to_vec(),
            refused_s: Some(57.0),
            at_risk: "nothing: the source has every write".into(),
        }
    }

    #[test]
    fn what_dms_does_with_a_serverless_replication_is_shown() {
        let running = vec![Running {
            address: "Shop-dev/Replication".into(),
            status: "provisioning_capacity".into(),
            since_s: Some(200.0),
            usually: Some("15 to 20 min".into()),
            capacity: Some("2 DCU provisioning, new provisioning available (the load needs more)".into()),
            event: None,
        }];
        let look = Look { running, ..look() };
        let text = picture(&look, 80, false);
        for row in [
            "state     provisioning_capacity for 3m 20s, usually 15 to 20 min",
            "capacity  2 DCU provisioning, new provisioning available (the load needs more)",
        ] {
            assert!(text.contains(row), "{row}\n{text}");
        }
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(line(&look).contains("shifting(25), provisioning_capacity for 3m 20s"), "{}", line(&look));
        let json = serde_json::to_value(&look).unwrap();
        assert_eq!(json["running"][0]["usually"], "15 to 20 min");
    }

    #[test]
    fn the_picture_is_calm_at_80_columns() {
        let text = picture(&look(), 80, false);
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(text.starts_with("payments-multi-stack (dev)  shifting(25) for 3m 20s"), "{text}");
        assert!(text.lines().next().is_some_and(|line| line.ends_with("12:03:07")), "{text}");
        for row in ["weights   api.payments.example.com  source 75, target 25", "writes    REFUSED for 57s"] {
            assert!(text.contains(row), "{row}\n{text}");
        }
        // A closed gate says why, and no gate is cut off.
        assert!(text.contains("lag closed") && text.contains("target-health open"), "{text}");
        assert!(text.contains("lag: CDCLatencyTarget 19.0 s"), "{text}");
    }

    #[test]
    fn the_picture_is_whole_at_40_columns() {
        let text = picture(&look(), 40, false);
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        for part in [
            "phase     shifting(25) for 3m 20s",
            "source 75, target 25",
            "target-health open",
            "lag closed",
            "source ▁",
            "limit 10 s",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        // Each redraw takes away as many lines as it drew: none may be broken by the terminal.
        let painted = picture(&look(), 40, true);
        assert_eq!(painted.lines().count(), text.lines().count(), "{painted}");
    }

    #[test]
    fn every_phase_is_whole_at_40_columns_however_long_it_lasts() {
        let phases =
            ["deployed", "following", "shifting(99)", "fenced", "rolling-back", "rolled-back", "finalized"];
        for phase in phases {
            let look = Look {
                phase: phase.into(),
                phase_s: Some(10_000_000.0),
                refused_s: Some(100_000.0),
                ..look()
            };
            let text = picture(&look, 40, false);
            assert!(text.lines().all(|line| line.width() <= 40), "{text}");
            assert!(text.contains(&format!("{phase} for ")), "{text}");
        }
    }

    #[test]
    fn bars_end_at_the_limit() {
        assert_eq!(sparkline(&[0.0, 5.0, 10.0], 10.0, 12), "▁▅█");
        assert_eq!(sparkline(&[0.0, 20.0], 10.0, 1), "█");
        assert_eq!(sparkline(&[], 10.0, 12), "");
    }
}

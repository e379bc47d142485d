//! The evidence as one page for people: no script, nothing loaded from elsewhere.

use serde_json::Value as Json;

use super::{
    charts::{Band, Series, Span, bands, lines},
    html::{text, value},
    tables::duration,
};
use crate::clock::{from_rfc3339, millis};

const STYLE: &str = "\
:root{--fg:#1b1f24;--bg:#fff;--soft:#57606a;--edge:#d8dee4;--card:#f6f8fa;--good:#116329;--bad:#a40e26;--warn:#7d4e00;\
--a:#0969da;--b:#bc4c00;--phase:#8250df;--shut:#a40e26}\
@media (prefers-color-scheme:dark){:root{--fg:#e6edf3;--bg:#0d1117;--soft:#9198a1;--edge:#30363d;--card:#161b22;\
--good:#3fb950;--bad:#ff7b72;--warn:#d29922;--a:#58a6ff;--b:#f0883e;--phase:#a371f7;--shut:#ff7b72}}\
*{box-sizing:border-box}body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1.5rem;\
color:var(--fg);background:var(--bg)}h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2rem 0 .6rem}\
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.7rem;margin:1rem 0}\
.card{background:var(--card);border:1px solid var(--edge);border-radius:6px;padding:.6rem .8rem}\
.card b{display:block;font-size:1.1rem}.card span,.none,caption{color:var(--soft)}\
table{border-collapse:collapse;width:100%;font-size:14px}td,th{text-align:left;vertical-align:top;\
padding:.3rem .6rem;border-bottom:1px solid var(--edge)}td.t{white-space:nowrap;color:var(--soft)}\
code{font:12px ui-monospace,monospace;overflow-wrap:anywhere}pre{font:12px ui-monospace,monospace;white-space:pre-wrap;\
overflow-wrap:anywhere;background:var(--card);padding:.5rem;margin:.3rem 0}\
.open,.landed,.found{color:var(--good)}.closed,.unknown,.refused{color:var(--bad)}.unresolved,.absent{color:var(--warn)}\
svg{width:100%;height:auto;display:block;margin:.3rem 0}.grid{stroke:var(--edge)}.tick{fill:var(--soft);font-size:11px}\
.in{fill:#fff;font-size:12px}.line{fill:none;stroke-width:2}.line.a,.dot.a{stroke:var(--a)}.line.b,.dot.b{stroke:var(--b)}\
.dot.a{fill:var(--a)}.dot.b{fill:var(--b)}.limit{stroke:var(--bad);stroke-dasharray:5 4}\
rect.phase{fill:var(--phase)}rect.phase.alt{fill:var(--phase);opacity:.75}rect.shut{fill:var(--shut)}\
rect.call{fill:var(--a)}summary{cursor:pointer}@media print{details{display:none}}";

/// Seconds since the epoch of a moment.
fn seconds(at: &Json) -> Option<f64> {
    let at = from_rfc3339(at.as_str()?)?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
    Some(millis(at) as f64 / 1_000.0)
}

fn list<'j>(bundle: &'j Json, path: &str) -> &'j [Json] {
    bundle.pointer(path).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What happened, of one kind.
fn of<'j>(timeline: &'j [Json], did: &'static str) -> impl Iterator<Item = &'j Json> {
    timeline.iter().filter(move |moment| moment["did"] == did)
}

/// The points of a metric over all measurements of the lag.
fn measured(timeline: &[Json], metric: &str) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = of(timeline, "measured")
        .filter(|moment| moment["gate"] == "lag")
        .flat_map(|moment| list(moment, &format!("/samples/values/{metric}")))
        .filter_map(|point| Some((point[0].as_f64()?, point[1].as_f64()?)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.dedup_by(|a, b| (a.0 - b.0).abs() < 0.5);
    all
}

/// A name's weight of the target in percent, each time it was set.
fn weights(bundle: &Json, timeline: &[Json], from: f64) -> Vec<Series> {
    let mut all = Vec::new();
    for (record, class) in list(bundle, "/records").iter().zip(["a", "b"].into_iter().cycle()) {
        let share = |source: &Json, target: &Json| {
            let (source, target) = (source["Weight"].as_f64()?, target["Weight"].as_f64()?);
            Some(100.0 * target / (source + target).max(1.0))
        };
        let mut points = Vec::new();
        if let Some(first) = share(&record["source"]["before"], &record["target"]["before"]) {
            points.push((from, first));
        }
        for moment in of(timeline, "called") {
            let done = moment["outcome"] == "landed" || moment["outcome"] == "found";
            let changes = list(moment, "/request/input/ChangeBatch/Changes");
            let [source, target] = changes else { continue };
            let set = |change: &Json, side: &str| {
                change["ResourceRecordSet"]["SetIdentifier"] == record[side]["before"]["SetIdentifier"]
                    && change["ResourceRecordSet"]["Name"] == record[side]["before"]["Name"]
            };
            if !done || !set(source, "source") || !set(target, "target") {
                continue;
            }
            let now = share(&source["ResourceRecordSet"], &target["ResourceRecordSet"]);
            points.extend(seconds(&moment["at"]).zip(now));
        }
        let name = format!("{} to the target", record["name"].as_str().unwrap_or_default());
        all.push(Series { name, class, points });
    }
    all
}

/// Phases, refused writes and calls over time.
fn rows(bundle: &Json, timeline: &[Json], end: f64) -> Vec<(&'static str, Vec<Band>)> {
    let (mut phases, mut class) = (Vec::<Band>::new(), "phase");
    for moment in of(timeline, "phase") {
        let Some(at) = seconds(&moment["at"]) else { continue };
        if let Some(last) = phases.last_mut() {
            last.to = at;
        }
        let name = moment["to"].as_str().unwrap_or_default().to_owned();
        phases.push(Band { from: at, to: end, name, class });
        class = if class == "phase" { "phase alt" } else { "phase" };
    }
    let shut = list(bundle, "/refusals").iter().filter_map(|refusal| {
        let from = seconds(&refusal["from"])?;
        let name = refusal["seconds"]
            .as_f64()
            .map_or_else(|| "refused".to_owned(), |s| format!("refused for {}", duration(s)));
        Some(Band { from, to: seconds(&refusal["to"]).unwrap_or(end), name, class: "shut" })
    });
    let calls = of(timeline, "called").filter_map(|moment| {
        let at = seconds(&moment["at"])?;
        let name = moment["name"].as_str().unwrap_or_default().to_owned();
        Some(Band { from: at, to: at, name, class: "call" })
    });
    vec![("phase", phases), ("writes", shut.collect()), ("calls", calls.collect())]
}

fn card(name: &str, what: &str) -> String {
    format!("<div class=\"card\"><span>{name}</span><b>{what}</b></div>")
}

fn cards(bundle: &Json) -> String {
    let refusals = list(bundle, "/refusals");
    let longest = refusals.iter().filter_map(|one| one["seconds"].as_f64()).fold(0.0_f64, f64::max);
    let refused = match (refusals.len(), refusals.iter().any(|one| one["to"].is_null())) {
        (0, _) => "never".to_owned(),
        (_, true) => "<span class=\"closed\">still refused</span>".to_owned(),
        (1, _) => duration(longest),
        (count, _) => format!("{count} times, longest {}", duration(longest)),
    };
    let mut by: Vec<&str> =
        list(bundle, "/people/verbs").iter().filter_map(|one| one["by"].as_str()).collect();
    by.dedup();
    let approved: Vec<String> =
        list(bundle, "/people/approvals").iter().map(|one| value(&one["by"])).collect();
    let overrides = list(bundle, "/people/overrides").len();
    [
        card("phase", &value(&bundle["phase"])),
        card("writes refused", &refused),
        card("ticket", &value(&bundle["ticket"])),
        card("approved by", &if approved.is_empty() { "nobody".to_owned() } else { approved.join(", ") }),
        card("gates passed over", &overrides.to_string()),
        card("account", &format!("{}, {}", value(&bundle["account"]), value(&bundle["region"]))),
        card("realm", &value(&bundle["realm"])),
        card("run by", &by.iter().map(|who| text(who)).collect::<Vec<_>>().join("<br>")),
    ]
    .concat()
}

/// The gates as they were measured last before the writes were refused.
fn gates(timeline: &[Json]) -> String {
    // Those of the last cutover: a rollback refuses writes too.
    let cutover = |moment: &Json| moment["did"] == "began" && moment["verb"] == "cutover";
    let began = timeline.iter().rposition(cutover).unwrap_or(0);
    let refused = timeline[began..].iter().position(|moment| moment["did"] == "refusal-started");
    let refused = refused.map_or(timeline.len(), |at| began + at);
    let mut seen: Vec<&Json> = Vec::new();
    for moment in timeline[..refused].iter().rev().filter(|moment| moment["did"] == "measured") {
        if seen.iter().all(|known| known["gate"] != moment["gate"]) {
            seen.push(moment);
        }
    }
    if seen.is_empty() {
        return "<p class=\"none\">No gate was measured.</p>".to_owned();
    }
    let row = |moment: &&Json| {
        let passed = of(timeline, "override").find(|one| one["gate"] == moment["gate"]);
        let passed =
            passed.map(|one| format!("passed over by {}: {}", value(&one["by"]), value(&one["reason"])));
        let verdict = value(&moment["verdict"]);
        format!(
            "<tr><td>{}</td><td class=\"{verdict}\">{verdict}</td><td>{}</td><td class=\"t\">{}</td><td>{}</td></tr>",
            value(&moment["gate"]),
            value(&moment["summary"]),
            value(&moment["at"]),
            passed.unwrap_or_default()
        )
    };
    let rows: Vec<String> = seen.iter().rev().map(row).collect();
    format!(
        "<table><tr><th>gate</th><th>verdict</th><th>measured</th><th>when</th><th></th></tr>{}</table>",
        rows.concat()
    )
}

fn calls(timeline: &[Json]) -> String {
    let row = |moment: &Json| {
        let request = &moment["request"];
        let outcome = value(&moment["outcome"]);
        let input = serde_json::to_string_pretty(&request["input"]).unwrap_or_default();
        let change = moment["change_id"]
            .as_str()
            .map(|id| format!("<br><code>{}</code>", text(id)))
            .unwrap_or_default();
        format!(
            "<tr><td class=\"t\">{}</td><td>{}<details><summary><code>{}:{}</code></summary><pre>{}</pre></details></td>\
             <td class=\"{outcome}\">{outcome}</td><td><code>{}</code>{change}</td></tr>",
            value(&moment["at"]),
            value(&moment["name"]),
            value(&request["service"]),
            value(&request["operation"]),
            text(&input),
            value(&moment["request_id"]),
        )
    };
    let rows: Vec<String> = of(timeline, "called").map(row).collect();
    if rows.is_empty() {
        return "<p class=\"none\">No call was made.</p>".to_owned();
    }
    format!(
        "<table><tr><th>time</th><th>call</th><th>outcome</th><th>AWS request id</th></tr>{}</table>",
        rows.concat()
    )
}

/// One entry in words.
fn line(moment: &Json) -> String {
    let word = |name: &str| value(&moment[name]);
    let what = match moment["did"].as_str().unwrap_or_default() {
        "began" => format!("<b>migrate {}</b> by {}", word("verb"), word("by")),
        "ended" => format!("ended: {}", word("outcome")),
        "phase" => format!("phase {} &#8594; <b>{}</b>: {}", word("from"), word("to"), word("why")),
        "measured" => format!(
            "gate {} <span class=\"{1}\">{1}</span>: {2}",
            word("gate"),
            word("verdict"),
            word("summary")
        ),
        "override" => format!("gate {} passed over by {}: {}", word("gate"), word("by"), word("reason")),
        "confirmed" => format!("typed by {}: <b>{}</b>", word("by"), word("text")),
        "approved" => format!("approved by {}", word("by")),
        "called" => format!(
            "{} (<code>{}</code>): {}",
            word("name"),
            value(&moment["request"]["operation"]),
            word("outcome")
        ),
        "hook" => format!("hook {} ended with exit code {}", word("name"), word("exit")),
        "refusal-started" => "<b>writes are refused from here on</b>".to_owned(),
        "refusal-ended" => format!("<b>writes are taken again, after {} s</b>", word("seconds")),
        "reconciled" => format!("{} accepted by {}: {}", word("what"), word("by"), word("reason")),
        _ => format!("{}: <code>{}</code>", word("name"), word("value")),
    };
    format!("<tr><td class=\"t\">{}</td><td class=\"t\">{}</td><td>{what}</td></tr>", word("at"), word("seq"))
}

/// The time around the last refusal: ten minutes before it, and half an hour after it began.
fn window(bundle: &Json, whole: Span) -> Option<Span> {
    let last = list(bundle, "/refusals").last()?;
    let from = seconds(&last["from"])?;
    let to = seconds(&last["to"]).unwrap_or(whole.to);
    Some(Span::new((from - 600.0).max(whole.from), (to + 1_200.0).min(whole.to)))
}

/// The page.
#[must_use]
pub fn render(bundle: &Json) -> String {
    let timeline = list(bundle, "/timeline");
    let times: Vec<f64> = timeline.iter().filter_map(|moment| seconds(&moment["at"])).collect();
    let whole =
        Span::new(times.first().copied().unwrap_or_default(), times.last().copied().unwrap_or_default());
    let near = window(bundle, whole).unwrap_or(whole);
    let title = format!("{} ({})", value(&bundle["migration"]), value(&bundle["environment"]));
    let rows = rows(bundle, timeline, whole.to);
    let lag = [("target", "CDCLatencyTarget", "a"), ("source", "CDCLatencySource", "b")].map(
        |(name, metric, class)| Series {
            name: format!("latency of the {name}"),
            class,
            points: measured(timeline, metric),
        },
    );
    let limit = of(timeline, "measured").filter(|moment| moment["gate"] == "lag").last();
    let limit = limit.and_then(|moment| moment["samples"]["limit"].as_f64());
    let entries: Vec<String> = timeline.iter().map(line).collect();
    let picture = |span: Span| bands(span, &rows, "phases, refused writes and calls over time");
    let zoom = if near == whole {
        String::new()
    } else {
        format!("<h2>The last time that writes were refused</h2>{}", picture(near))
    };
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'\"><title>Evidence: {title}</title><style>{STYLE}</style></head><body>\n\
         <h1>Evidence: {title}</h1>\n<div class=\"cards\">{}</div>\n<h2>Timeline</h2>{}\n{zoom}\n\
         <h2>Lag</h2>{}\n<h2>Weights</h2>{}\n<h2>Gates before writes were refused</h2>{}\n<h2>Calls</h2>{}\n\
         <h2>Every entry</h2><details><summary>{} entries</summary><table><tr><th>time</th><th>entry</th><th>what</th></tr>\
         {}</table></details>\n<h2>How to check this</h2><p>The page shows <code>evidence.json</code>. \
         <code>migrate evidence verify DIR --head {}</code> checks that file without an account: every entry is chained to the \
         one before it, and the samples are those that each gate was judged by. Ledger {}, serial {}, head <code>{}</code>; \
         declaration <code>{}</code>; migrate {}.</p></body></html>\n",
        cards(bundle),
        picture(whole),
        lines(near, &lag, " s", limit, false, "lag in seconds"),
        lines(
            near,
            &weights(bundle, timeline, whole.from),
            " %",
            None,
            true,
            "share of the target in percent"
        ),
        gates(timeline),
        calls(timeline),
        entries.len(),
        entries.concat(),
        value(&bundle["head"]),
        value(&bundle["ledger"]["lineage"]),
        value(&bundle["ledger"]["serial"]),
        value(&bundle["ledger"]["head"]),
        value(&bundle["declaration_sha256"]),
        value(&bundle["tool"]["version"]),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_the_bundle_becomes_markup() {
        let bundle = json!({"migration": "<script>alert(1)</script>", "people": {"verbs": [{"by": "<img src=x>"}]},
        "timeline": [
            {"did": "began", "seq": 1, "at": "2026-01-01T00:00:00Z", "verb": "cutover", "by": "<img src=x>"},
            {"did": "override", "seq": 2, "at": "2026-01-01T00:01:00Z", "gate": "lag", "by": "me", "reason": "a & b < c"},
            {"did": "phase", "seq": 3, "at": "2026-01-01T00:02:00Z", "from": "synced", "to": "<b>", "why": "\" onload=x"},
        ]});
        let page = render(&bundle);
        assert!(
            !page.contains("<script") && !page.contains("<img") && !page.contains("to\u{a0}<b>"),
            "{page}"
        );
        assert!(page.contains("a &amp; b &lt; c"));
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded from elsewhere");
    }

    #[test]
    fn weights_follow_the_calls_that_took_effect() {
        let set = |name: &str, weight: u64| json!({"Name": "api", "SetIdentifier": name, "Weight": weight});
        let change = |s: u64, t: u64| json!({"ChangeBatch": {"Changes": [{"ResourceRecordSet": set("s", s)}, {"ResourceRecordSet": set("t", t)}]}});
        let call = |at: &str, outcome: &str, input: Json| json!({"did": "called", "at": at, "outcome": outcome, "request": {"input": input}});
        let timeline = [
            call("1970-01-01T00:00:10Z", "refused", change(50, 50)),
            call("1970-01-01T00:00:20Z", "landed", change(0, 100)),
        ];
        let bundle = json!({"records": [{"name": "api", "source": {"before": set("s", 100)},
            "target": {"before": set("t", 0)}}]});
        let all = weights(&bundle, &timeline, 0.0);
        assert_eq!(all[0].points, [(0.0, 0.0), (20.0, 100.0)]);
    }
}

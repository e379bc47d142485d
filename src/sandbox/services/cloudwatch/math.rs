//! Metric math: arithmetic over series, and the functions that gates and alarms use.

use std::collections::BTreeMap;

use super::queries::Series;

/// Why an expression has no value.
pub(super) enum Problem {
    /// It refers to something not computed (yet).
    Unknown(String),
    /// It is not an expression.
    Syntax(String),
}

/// A number or a series.
enum Value {
    Number(f64),
    Series(Series),
}

/// Evaluates an expression over known series.
pub(super) fn evaluate(text: &str, known: &BTreeMap<String, Series>) -> Result<Series, Problem> {
    let mut parser = Parser { rest: text.trim(), known };
    let value = parser.sum()?;
    if !parser.rest.is_empty() {
        return Err(Problem::Syntax(format!("unexpected '{}'", parser.rest)));
    }
    match value {
        Value::Series(series) => Ok(series),
        // A constant is drawn wherever something else has a point.
        Value::Number(number) => {
            Ok(known.values().flat_map(|series| series.keys()).map(|at| (*at, number)).collect())
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
    known: &'t BTreeMap<String, Series>,
}

impl<'t> Parser<'t> {
    fn eat(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word
    }

    fn sum(&mut self) -> Result<Value, Problem> {
        let mut left = self.product()?;
        loop {
            if self.eat('+') {
                left = combine(left, self.product()?, |a, b| a + b);
            } else if self.eat('-') {
                left = combine(left, self.product()?, |a, b| a - b);
            } else {
                return Ok(left);
            }
        }
    }

    fn product(&mut self) -> Result<Value, Problem> {
        let mut left = self.atom()?;
        loop {
            if self.eat('*') {
                left = combine(left, self.atom()?, |a, b| a * b);
            } else if self.eat('/') {
                left = combine(left, self.atom()?, |a, b| a / b);
            } else {
                return Ok(left);
            }
        }
    }

    fn atom(&mut self) -> Result<Value, Problem> {
        if self.eat('-') {
            return Ok(combine(Value::Number(0.0), self.atom()?, |a, b| a - b));
        }
        if self.eat('(') {
            let inner = self.sum()?;
            return if self.eat(')') {
                Ok(inner)
            } else {
                Err(Problem::Syntax("a parenthesis is open".into()))
            };
        }
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let word = self.take(|c| c.is_ascii_digit() || c == '.');
            return word
                .parse()
                .map(Value::Number)
                .map_err(|_| Problem::Syntax(format!("'{word}' is no number")));
        }
        let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() {
            return Err(Problem::Syntax(format!("unexpected '{}'", self.rest)));
        }
        if self.eat('(') {
            return self.function(name);
        }
        match self.known.get(name) {
            Some(series) => Ok(Value::Series(series.clone())),
            None => Err(Problem::Unknown(name.to_owned())),
        }
    }

    fn function(&mut self, name: &str) -> Result<Value, Problem> {
        let mut arguments = Vec::new();
        let listed = self.eat('[');
        while !self.rest.starts_with([')', ']']) && !self.rest.is_empty() {
            if self.rest.starts_with("REPEAT") || self.rest.starts_with("LINEAR") {
                let word = self.take(|c| c.is_ascii_alphabetic());
                arguments.push(Value::Number(if word == "REPEAT" { f64::NAN } else { f64::INFINITY }));
            } else {
                arguments.push(self.sum()?);
            }
            self.eat(',');
        }
        if listed && !self.eat(']') {
            return Err(Problem::Syntax("a list is open".into()));
        }
        if !self.eat(')') {
            return Err(Problem::Syntax("a parenthesis is open".into()));
        }
        call(name, arguments, self.known)
    }
}

fn combine(left: Value, right: Value, act: impl Fn(f64, f64) -> f64) -> Value {
    // A division by zero leaves no point.
    let finite = |series: Series| Value::Series(series.into_iter().filter(|(_, v)| v.is_finite()).collect());
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Value::Number(act(a, b)),
        (Value::Series(s), Value::Number(b)) => finite(s.into_iter().map(|(t, a)| (t, act(a, b))).collect()),
        (Value::Number(a), Value::Series(s)) => finite(s.into_iter().map(|(t, b)| (t, act(a, b))).collect()),
        (Value::Series(a), Value::Series(b)) => {
            finite(a.into_iter().filter_map(|(t, x)| Some((t, act(x, *b.get(&t)?)))).collect())
        }
    }
}

fn call(name: &str, arguments: Vec<Value>, known: &BTreeMap<String, Series>) -> Result<Value, Problem> {
    let all: Vec<Series> = arguments
        .iter()
        .filter_map(|value| match value {
            Value::Series(series) => Some(series.clone()),
            Value::Number(_) => None,
        })
        .collect();
    let number = arguments.iter().find_map(|value| match value {
        Value::Number(number) => Some(*number),
        Value::Series(_) => None,
    });
    let merged = |act: fn(f64, f64) -> f64| {
        let mut out = Series::new();
        for series in &all {
            for (at, value) in series {
                out.entry(*at).and_modify(|old| *old = act(*old, *value)).or_insert(*value);
            }
        }
        out
    };
    let first = all.first().cloned().unwrap_or_default();
    Ok(Value::Series(match name {
        "SUM" => merged(|a, b| a + b),
        "MAX" => merged(f64::max),
        "MIN" => merged(f64::min),
        "AVG" => {
            let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
            all.iter().flat_map(|s| s.keys()).for_each(|at| *counts.entry(*at).or_default() += 1.0);
            merged(|a, b| a + b).into_iter().map(|(at, sum)| (at, sum / counts[&at])).collect()
        }
        "ABS" => first.into_iter().map(|(at, v)| (at, v.abs())).collect(),
        "CEIL" => first.into_iter().map(|(at, v)| (at, v.ceil())).collect(),
        "FLOOR" => first.into_iter().map(|(at, v)| (at, v.floor())).collect(),
        "RATE" | "DIFF" => {
            let points: Vec<(i64, f64)> = first.into_iter().collect();
            points
                .windows(2)
                .map(|pair| {
                    let step = pair[1].1 - pair[0].1;
                    #[expect(clippy::cast_precision_loss, reason = "seconds between two points")]
                    let seconds = (pair[1].0 - pair[0].0) as f64;
                    (pair[1].0, if name == "RATE" { step / seconds } else { step })
                })
                .collect()
        }
        "FILL" => {
            let mut out = first;
            let times: Vec<i64> = known.values().flat_map(|s| s.keys().copied()).collect();
            for at in times {
                if !out.contains_key(&at) {
                    let before = out.range(..at).next_back().map(|(_, v)| *v);
                    match number {
                        Some(value) if value.is_finite() => drop(out.insert(at, value)),
                        _ => drop(before.map(|value| out.insert(at, value))),
                    }
                }
            }
            out
        }
        // The upper edge of the band: the mean and so many standard deviations.
        "ANOMALY_DETECTION_BAND" => {
            #[expect(clippy::cast_precision_loss, reason = "the number of points")]
            let count = first.len().max(1) as f64;
            let mean = first.values().sum::<f64>() / count;
            let spread = (first.values().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt();
            let edge = mean + number.unwrap_or(2.0) * spread;
            first.into_keys().map(|at| (at, edge)).collect()
        }
        other => return Err(Problem::Syntax(format!("the function {other} is not known"))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeMap<String, Series> {
        BTreeMap::from([
            ("a".to_owned(), Series::from([(0, 10.0), (60, 20.0)])),
            ("b".to_owned(), Series::from([(0, 2.0), (60, 0.0)])),
        ])
    }

    #[test]
    fn arithmetic_follows_precedence_and_drops_divisions_by_zero() {
        let value = |text| evaluate(text, &known()).ok();
        assert_eq!(value("100 * a / (a + b)"), Some(Series::from([(0, 1000.0 / 12.0), (60, 100.0)])));
        assert_eq!(value("a / b"), Some(Series::from([(0, 5.0)])));
        assert_eq!(value("MAX([a, b]) - 1"), Some(Series::from([(0, 9.0), (60, 19.0)])));
        assert!(matches!(evaluate("c + 1", &known()), Err(Problem::Unknown(name)) if name == "c"));
        assert!(matches!(evaluate("a +", &known()), Err(Problem::Syntax(_))));
    }
}

//! The layers of the program: which module may import which. Arrows go down only, so there are no circles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Every module of the crate, the lowest first, and what it imports. A row names rows above it only.
const ALLOWED: &[(&str, &str)] = &[
    ("clock", ""),
    ("engines", ""),
    ("files", ""),
    ("model", ""),
    ("parallel", ""),
    ("printable", ""),
    ("error", "model"),
    ("schema", "model"),
    ("syntax", "error files model"),
    ("graph", "error model"),
    ("aws", "clock files model printable"),
    ("ledger", "aws clock files model"),
    ("resources", "aws graph ledger model schema"),
    ("lint", "error graph model syntax"),
    ("codes", "error lint"),
    ("check", "error graph lint model parallel resources schema syntax"),
    ("template", "aws error files graph model resources schema syntax"),
    ("planner", "aws error graph ledger model resources schema"),
    ("engine", "aws clock graph ledger model planner resources schema"),
    ("operations", "aws clock engine error graph ledger model syntax"),
    ("runs", "aws clock engine error graph ledger model planner resources"),
    ("sandbox", "clock engines error files schema"),
    ("ui", "aws clock codes engine error graph model parallel planner printable"),
    (
        "cli",
        "aws check clock codes engine error files graph ledger lint model operations planner resources runs sandbox schema \
         syntax template ui",
    ),
];

/// The engine's own files, the lowest first. What one run's steps share is methods of one type, so a file also uses what
/// the files above its imports add to it; what a file names of another is here.
const ENGINE: &[(&str, &str)] = &[
    ("critical", ""),
    ("lag", ""),
    ("rate", ""),
    ("limit", "rate"),
    ("pace", ""),
    ("looking", ""),
    ("schedule", ""),
    ("secrets", ""),
    ("stop", ""),
    ("urgency", ""),
    ("event", "critical"),
    ("reads", "limit"),
    ("operate", "event limit reads secrets stop"),
    ("late", "event lag limit looking reads"),
    ("protect", "looking"),
    ("recover", "event lag late limit looking operate reads"),
    ("evidence", "looking recover"),
    ("gather", "looking reads"),
    ("refresh", "gather lag limit looking reads"),
    ("naming", ""),
    ("run", "critical event limit naming secrets stop"),
    ("life", "event limit reads run"),
    ("outputs", "run"),
    ("owned", "lag life run"),
    ("taken", "life run"),
    ("way", "event life run"),
    ("call", "event lag life looking owned reads run"),
    ("wait", "event life pace reads run"),
    ("parts", "lag life run"),
    ("altered", "lag life looking run"),
    ("step", "call event lag life run"),
    ("together", "call event life reads run"),
    ("drive", "critical event limit run schedule stop urgency"),
];

/// Whose methods of the run a file of the engine calls besides those of what it imports; a row names files above it only.
const CALLS: &[(&str, &str)] = &[
    ("call", "taken way"),
    ("step", "altered parts wait"),
    ("together", "step"),
    ("drive", "outputs step together"),
];

/// Benchmarks and tests build worlds for themselves: they are compiled for tests only.
fn is_test(path: &Path) -> bool {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let parts: BTreeSet<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    name.ends_with("tests.rs") || matches!(&*name, "testing.rs" | "bench.rs") || parts.contains("tests")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
}

/// The modules that a source text names after `crate::`, or another prefix, alone or in a group, tests at its end left
/// out.
fn imports(text: &str, prefix: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for rest in code.split(prefix).skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut begins) = (1, true);
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 1 => break,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                _ if begins && depth == 1 && character.is_alphabetic() => {
                    begins = false;
                    found.insert(word(&group[at..]));
                }
                _ => {}
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// What stands wrong: an import that the table does not allow, a row that is not true any more, an arrow that goes up.
fn wrong(table: &[(&str, &str)], root: &Path, leave: &[&str], prefixes: &[&str]) -> Vec<String> {
    let known: BTreeSet<&str> = table.iter().map(|(module, _)| *module).collect();
    let mut files = Vec::new();
    sources(root, &mut files);
    let (mut seen, mut used): (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>) = Default::default();
    let mut wrong = Vec::new();
    for path in files {
        let inner = path.strip_prefix(root).expect("a path below the folder");
        let module = inner
            .iter()
            .next()
            .expect("a path below the folder, and text")
            .to_string_lossy()
            .trim_end_matches(".rs")
            .to_owned();
        if leave.contains(&module.as_str()) {
            continue;
        }
        seen.insert(module.clone());
        let allowed = table.iter().find(|(name, _)| *name == module).map(|(_, list)| *list);
        let Some(allowed) = allowed else {
            wrong.push(format!("{module} has no row in the table"));
            continue;
        };
        let text = fs::read_to_string(&path).expect("a source");
        for import in prefixes.iter().flat_map(|prefix| imports(&text, prefix)) {
            if import == module || !known.contains(import.as_str()) {
                continue;
            }
            if !allowed.split(' ').any(|name| name == import) {
                wrong.push(format!("{module} may not import {import} ({})", inner.display()));
            }
            used.entry(module.clone()).or_default().insert(import);
        }
    }
    for (at, (module, allowed)) in table.iter().enumerate() {
        for name in allowed.split_whitespace() {
            if !table[..at].iter().any(|(below, _)| *below == name) {
                wrong.push(format!("{name} does not stand below {module}"));
            }
            if !used.get(*module).is_some_and(|used| used.contains(name)) {
                wrong.push(format!("{module} no longer imports {name}: take it out of the table"));
            }
        }
        if !seen.contains(*module) {
            wrong.push(format!("there is no {module}"));
        }
    }
    wrong
}

#[test]
fn imports_go_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let wrong = wrong(ALLOWED, &root, &["lib", "main"], &["crate::"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn inside_the_engine_too() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let wrong = wrong(ENGINE, &root, &["mod"], &["super::", "engine::"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Methods of the run are spread over the engine's files: who calls one uses its file, whether it imports anything or not.
#[test]
fn methods_of_a_run_are_called_downwards_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let texts: BTreeMap<String, String> = files
        .iter()
        .filter(|path| path.parent() == Some(root.as_path()))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(path).expect("a source");
            (name, text.split("#[cfg(test)]\nmod ").next().expect("a text").to_owned())
        })
        .filter(|(_, text)| text.contains("impl Run<"))
        .collect();
    let mut defined: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (file, text) in &texts {
        for block in text.split("\nimpl Run<").skip(1).filter_map(|rest| rest.split("\n}").next()) {
            for line in block.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ")) {
                let Some((before, after)) = line.split_once("fn ") else { continue };
                if before.trim_start().starts_with("//") {
                    continue;
                }
                let name = after.split(['(', '<']).next().expect("a name");
                defined.entry(name).or_default().insert(file);
            }
        }
    }
    assert!(defined.len() > 60, "only {} methods were found", defined.len());
    let mut wrong = Vec::new();
    for (file, text) in &texts {
        let place = |one: &str| ENGINE.iter().position(|(name, _)| *name == one);
        let row = |table: &'static [(&str, &str)]| {
            table.iter().filter(|(name, _)| name == file).flat_map(|(_, below)| below.split(' '))
        };
        let below: BTreeSet<&str> = row(ENGINE).chain(row(CALLS)).collect();
        assert!(row(CALLS).all(|one| place(one) < place(file)), "{file} calls upwards");
        for call in text.split("self.").skip(1).filter_map(|rest| rest.split_once('(')) {
            let Some(owners) = defined.get(call.0) else { continue };
            if !owners.contains(file.as_str()) && !owners.iter().any(|owner| below.contains(owner)) {
                wrong.push(format!("{file} calls {} of {owners:?}", call.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A `mod.rs` is a table of contents: who looks for a function finds it in a file that is named after what it does.
#[test]
fn no_function_stands_in_a_mod_file() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    files.retain(|path| path.ends_with("mod.rs"));
    assert!(files.len() > 40, "{} files", files.len());
    let starts = ["fn ", "async fn ", "const fn ", "impl ", "impl<"];
    let logic = files.iter().flat_map(|path| {
        let text = fs::read_to_string(path).expect("a source");
        let lines = text.lines().map(|line| line.trim_start().trim_start_matches("pub ").to_owned());
        let lines =
            lines.map(|line| match line.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")) {
                Some((_, rest)) => rest.to_owned(),
                None => line,
            });
        let found: Vec<String> =
            lines.filter(|line| starts.iter().any(|start| line.starts_with(start))).collect();
        found.into_iter().map(move |line| format!("{}: {line}", path.display()))
    });
    let logic: Vec<String> = logic.collect();
    assert!(logic.is_empty(), "{}", logic.join("\n"));
}

#[test]
fn the_map_in_lib_rs_names_every_module_from_the_top_down() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rows: Vec<String> = lib.lines().filter_map(|line| line.strip_prefix("//! | [`")).map(word).collect();
    let layers: Vec<&str> = ALLOWED.iter().rev().map(|(module, _)| *module).collect();
    assert_eq!(rows, layers);
}

#[test]
fn imports_are_seen_in_every_form() {
    let text = "use crate::{\n    aws::{Op, op},\n    model,\n    ui::Color as Paint,\n};\nuse crate::graph;\n// crate::cli\n\
                fn f() { crate::error::x() }\n#[cfg(test)]\nmod tests { use crate::engine; }";
    let expected = ["aws", "error", "graph", "model", "ui"].map(str::to_owned);
    assert_eq!(imports(text, "crate::"), expected.into());
}

/// Files, or folders of them, that name types, and why. What is known of a type stands with the type otherwise: in its
/// facts, and in `orders.rs` of its service.
const NAMES_TYPES: &[(&str, &str)] = &[
    (
        "aws/objects.rs",
        "values of the language's parameter types (`AWS::EC2::Subnet::Id`), which are no resources",
    ),
    (
        "check/apart.rs",
        "resources that are objects of other types are taken apart before their types see them",
    ),
    ("check/inherited.rs", "what comes with a database's data is left out before its type sees it"),
    ("check/link.rs", "the help for security groups in a circle names the types that open it"),
    ("cli/operate/", "which of a migration's objects operations change"),
    ("codes/", "examples of mistakes"),
    ("lint/", "lints are rules about types"),
    ("model/secret.rs", "below the registry: what may hold a secret is asked before there is a type"),
    ("operations/", "a cutover operates tasks, databases, records and services, and knows what they are"),
    (
        "planner/interrupts.rs",
        "one table of what interrupts service, with AWS's words, to be read as a whole",
    ),
    ("resources/", "the types themselves"),
    ("sandbox/", "the other side"),
    ("template/assembly/", "what the CDK's artifacts stand for"),
    ("template/evaluate/", "the language's parameter types, and the CDK's metadata, which is no resource"),
    ("template/serverless/", "what SAM's resources and hosted rotation functions stand for"),
];

/// Types that a source text names in its code: `AWS::Service::Type`.
fn types(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = Vec::new();
    for rest in code.flat_map(|line| line.split("AWS::").skip(1)) {
        let service = word(rest);
        let kind = rest[service.len()..].strip_prefix("::").map(word).unwrap_or_default();
        // `AWS::SERVICE::TYPE` stands for one in help.
        if kind.starts_with(char::is_uppercase) && kind.contains(char::is_lowercase) {
            found.push(format!("AWS::{service}::{kind}"));
        }
    }
    found
}

#[test]
fn what_is_known_of_a_type_stands_with_the_type() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut wrong, mut needed) = (Vec::new(), BTreeSet::new());
    for path in files {
        let inner = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let named = types(&fs::read_to_string(&path).unwrap());
        if named.is_empty() {
            continue;
        }
        match NAMES_TYPES.iter().find(|(place, _)| inner.starts_with(place)) {
            Some((place, _)) => _ = needed.insert(*place),
            None => wrong.push(format!("src/{inner} names {}", named.join(", "))),
        }
    }
    let stale = NAMES_TYPES.iter().filter(|(place, _)| !needed.contains(place));
    wrong.extend(stale.map(|(place, _)| format!("{place} names no type any more: take it out of the list")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn types_are_seen_where_code_names_them() {
    let text = "// AWS::EC2::VPC\nlet a = \"AWS::EC2::Subnet\"; AWS::SERVICE::TYPE AWS::Region AWS::SSM::Parameter::Value\n\
                #[cfg(test)]\nmod tests { AWS::S3::Bucket }";
    assert_eq!(types(text), ["AWS::EC2::Subnet", "AWS::SSM::Parameter"]);
}

//! Every finding about a plan by its code, explained.

/// Code, title, explanation; sorted by code. Codes are never reused for something else.
pub static CODES: &[(&str, &str, &str)] = &[
    (
        "M1001",
        "a file cannot be read",
        "The plan's path, or a template the manifest names, is missing or not readable. Template paths are relative to the manifest's folder.",
    ),
    (
        "M1002",
        "a file is not UTF-8",
        "Plan files are UTF-8, with or without a byte order mark. Save the file as UTF-8.",
    ),
    (
        "M1003",
        "a file is neither valid YAML nor JSON",
        "The place is where the parser had to give up; the mistake is there or just before it.",
    ),
    (
        "M1004",
        "a key is there twice",
        "Objects have unique keys. CloudFormation silently takes the last one, so one of the two would have no effect.",
    ),
    (
        "M1005",
        "YAML that CloudFormation does not know",
        "Merge keys, several documents in one file, keys that are not texts, and tags other than the short forms of functions are refused.",
    ),
    (
        "M1006",
        "a file is too large or too deep",
        "Files, nesting and the growth by aliases are bounded so that no file can exhaust the memory.",
    ),
    (
        "M1010",
        "an unknown key in the manifest",
        "The manifest, its environments and its stacks take a fixed set of keys; the message lists them.",
    ),
    (
        "M1011",
        "a wrong or missing value in the manifest",
        "A stack needs at least `name` and `template`; texts, lists and objects must stand where they belong.",
    ),
    (
        "M1012",
        "an unknown environment",
        "--environment, or `environment` in the manifest, must name one of `environments`.",
    ),
    (
        "M1013",
        "an unknown parameter",
        "A value is given for a parameter that neither the template nor the manifest declares, or for a stack that is not there.",
    ),
    (
        "M1014",
        "a malformed --set",
        "Write --set Key=Value for a parameter of the manifest or, if it has none of that name, of all templates; --set stack.Key=Value for one stack. A stack's own `parameters` win over the manifest's.",
    ),
    (
        "M1015",
        "no region, or none that exists",
        "A stack's own `region` wins, then --region, then the environment's, then the manifest's, then the AWS configuration's.",
    ),
    (
        "M1016",
        "a name that cannot be used",
        "Names of migrations, environments and stacks are letters, digits and hyphens; stack names are unique in a plan.",
    ),
    (
        "M1017",
        "an unknown ${Parameter} in the manifest",
        "Names, regions, tags and parameter values of stacks may use the manifest's own parameters. `${!Text}` is kept as it is.",
    ),
    (
        "M1018",
        "a parameter of the manifest that no stack uses",
        "It has no effect: no template declares it and no `${...}` uses it.",
    ),
    ("M1020", "an unknown section", "A template has a fixed set of sections."),
    (
        "M1021",
        "a part of the template has the wrong form",
        "A section, a resource, an output or one of their attributes is not what CloudFormation defines.",
    ),
    (
        "M1022",
        "a part of CloudFormation that is not supported",
        "Transforms, macros, hooks, creation and update policies need CloudFormation itself. Everything unsupported is refused by name, never ignored.",
    ),
    (
        "M1023",
        "a name that CloudFormation does not allow",
        "Logical ids and names of parameters, conditions, mappings and outputs are letters and digits.",
    ),
    (
        "M1024",
        "a wrong DeletionPolicy or UpdateReplacePolicy",
        "Delete, Retain, RetainExceptOnCreate (deletion only) and, for types AWS can take a snapshot of, Snapshot.",
    ),
    (
        "M1030",
        "a malformed parameter declaration",
        "A parameter needs a `Type`; its constraints are plain values.",
    ),
    (
        "M1031",
        "a parameter without a value",
        "It has no default, and neither manifest nor command line give a value.",
    ),
    (
        "M1032",
        "a value its parameter does not allow",
        "AllowedValues, AllowedPattern, lengths, bounds or the type itself refuse it. Values of NoEcho parameters are not shown.",
    ),
    (
        "M1033",
        "an unknown parameter type",
        "String, Number, CommaDelimitedList, List<Number>, the AWS types and their lists, and AWS::SSM::Parameter::Value of a single value.",
    ),
    ("M1040", "an unknown function", "The name is no intrinsic function of CloudFormation."),
    (
        "M1041",
        "a function with wrong arguments",
        "The number or form of the arguments is not what the function takes, or the function is not the only key of its object.",
    ),
    (
        "M1042",
        "a function or name in the wrong place",
        "Conditions and rules are decided before any resource exists; condition functions stand in `Conditions` only.",
    ),
    (
        "M1043",
        "an unknown name",
        "Ref, Fn::GetAtt or Fn::Sub name something that is neither parameter, pseudo parameter nor resource of the template.",
    ),
    ("M1044", "an unknown attribute", "Fn::GetAtt names an attribute that the resource type does not have."),
    (
        "M1045",
        "an unknown mapping or key",
        "Fn::FindInMap names a mapping or a key in it that is not there, and gives no DefaultValue.",
    ),
    ("M1046", "an unknown condition", "A condition is used that `Conditions` does not declare."),
    ("M1047", "a condition that depends on itself", "Conditions refer to each other in a circle."),
    (
        "M1048",
        "a use of a resource that is not made",
        "The resource's condition does not hold, so it has no Ref and no attributes. Guard the use with the same condition.",
    ),
    (
        "M1049",
        "a function cannot be computed",
        "The arguments are known, but do not fit: a list is too short, a block too small, a list stands where a text is wanted.",
    ),
    (
        "M1050",
        "a value that must be known while planning",
        "Conditions, indexes, mapping keys, regions and export names cannot wait for a resource or for a secret.",
    ),
    ("M1051", "a name that is exported twice", "Export names are unique within a region."),
    (
        "M1052",
        "an import of something nobody exports",
        "No output of the plan's stacks has that export name, and no other plan is known to export it.",
    ),
    (
        "M1053",
        "values that lead back to themselves",
        "Outputs import each other in a circle, or properties read each other by Fn::GetAtt.",
    ),
    (
        "M1054",
        "a malformed dynamic reference",
        "{{resolve:ssm:NAME[:VERSION]}}, {{resolve:ssm-secure:NAME[:VERSION]}} or {{resolve:secretsmanager:ID[:SecretString[:KEY[:STAGE[:VERSION]]]]}}.",
    ),
    (
        "M1055",
        "a computation with a secret",
        "Values of NoEcho parameters and dynamic references are read only at the moment of the call. They can be passed on, joined and substituted, and NoEcho parameters compared in conditions; no other function can see them.",
    ),
    ("M1056", "the parameters break a rule", "An assertion of the template's `Rules` does not hold."),
    ("M1057", "a wrong DependsOn", "It names no resource of the template, or the resource itself."),
    ("M1060", "an unused parameter", "Nothing refers to it."),
    ("M1061", "an unused condition", "Nothing refers to it."),
    ("M1062", "an unused mapping", "Nothing refers to it."),
    (
        "M1063",
        "a region whose availability zones are not known",
        "Fn::GetAZs needs a region of the account's partition.",
    ),
    ("M1099", "a defect of migrate", "Please report it with the template."),
    ("M2001", "an unsupported resource type", "`migrate types` lists what is supported."),
    ("M2002", "an unknown property", "The official schema of the resource type has no such property."),
    (
        "M2003",
        "a property that is not implemented",
        "CloudFormation knows the property, migrate does not. It is refused rather than ignored.",
    ),
    ("M2004", "a missing property", "The official schema requires it."),
    (
        "M2005",
        "a value of the wrong type",
        "Texts, numbers and booleans are converted as CloudFormation does; lists and objects are not.",
    ),
    ("M2006", "a value that is not allowed", "The official schema lists the allowed values."),
    ("M2007", "a text that does not match its pattern", "The official schema gives the pattern."),
    ("M2008", "a number out of range", "The official schema gives the bounds."),
    ("M2009", "a text that is too short or too long", "The official schema gives the bounds."),
    ("M2010", "a list with too few or too many items", "The official schema gives the bounds."),
    ("M2011", "an item that is there twice", "The official schema wants unique items."),
    ("M2012", "properties of which one is needed", "Exactly one, or at least one, of them must be set."),
    ("M2013", "a property that needs another", "They are set together or not at all."),
    ("M2014", "properties that exclude each other", "Only one of them may be set."),
    ("M2015", "a property that AWS decides", "It can be read with Fn::GetAtt, not set."),
    ("M2016", "a text that should be JSON", "The property holds a JSON document, and this is none."),
    ("M2017", "a rule of the resource type", "The type has rules that its schema cannot express."),
    (
        "M2018",
        "a reserved tag",
        "AWS reserves tag keys that start with `aws:`; those that start with `migrate:` say whose an object is.",
    ),
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    fn sources(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("codes.rs") {
                out.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_code_in_use_is_explained_and_every_explained_one_is_in_use() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut text = String::new();
        sources(&root.join("template"), &mut text);
        sources(&root.join("schema"), &mut text);
        let used: BTreeSet<&str> = text
            .match_indices("\"M")
            .filter_map(|(at, _)| text.get(at + 1..at + 6))
            .filter(|code| code[1..].bytes().all(|b| b.is_ascii_digit()))
            .collect();
        let explained: BTreeSet<&str> = CODES.iter().map(|(code, ..)| *code).collect();
        assert_eq!(used, explained);
        assert!(CODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

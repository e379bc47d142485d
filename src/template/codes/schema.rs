//! Resources against their official schemas.

use super::Code;

pub(super) static CODES: &[Code] = &[
    Code::error("M2001", "an unsupported resource type", "`migrate types` lists what is supported."),
    Code::error(
        "M2002",
        "an unknown property",
        "The official schema of the resource type has no such property.",
    ),
    Code::error(
        "M2003",
        "a property that is not implemented",
        "CloudFormation knows the property, migrate does not. It is refused rather than ignored.",
    ),
    Code::error("M2004", "a missing property", "The official schema requires it."),
    Code::error(
        "M2005",
        "a value of the wrong type",
        "Texts, numbers and booleans are converted as CloudFormation does; lists and objects are not.",
    ),
    Code::error("M2006", "a value that is not allowed", "The official schema lists the allowed values."),
    Code::error("M2007", "a text that does not match its pattern", "The official schema gives the pattern."),
    Code::error("M2008", "a number out of range", "The official schema gives the bounds."),
    Code::error("M2009", "a text that is too short or too long", "The official schema gives the bounds."),
    Code::error("M2010", "a list with too few or too many items", "The official schema gives the bounds."),
    Code::error("M2011", "an item that is there twice", "The official schema wants unique items."),
    Code::error(
        "M2012",
        "properties of which one is needed",
        "Exactly one, or at least one, of them must be set.",
    ),
    Code::error("M2013", "a property that needs another", "They are set together or not at all."),
    Code::error("M2014", "properties that exclude each other", "Only one of them may be set."),
    Code::error("M2015", "a property that AWS decides", "It can be read with Fn::GetAtt, not set."),
    Code::error(
        "M2016",
        "a text that should be JSON",
        "The property holds a JSON document, and this is none.",
    ),
    Code::error("M2017", "a rule of the resource type", "The type has rules that its schema cannot express."),
    Code::error(
        "M2018",
        "a reserved tag",
        "AWS reserves tag keys that start with `aws:`; those that start with `migrate:` say whose an object is.",
    ),
];

//! Codes about allowing lints; the lints themselves are registered in [`crate::lint`].

use crate::error::{Code, Example};

pub(super) static CODES: &[Code] = &[
    Code::warning(
        "M8001",
        "a malformed permission",
        "`Metadata: {Migrate: {Allow: [...]}}` lists objects with `Code`, the name of a lint that warns, and `Reason`, why it does not matter here. Nothing is allowed without a reason.",
    )
    .example(Example::Template(
        "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Metadata: {Migrate: {Allow: [{Code: open-database-port}]}}
",
    )),
    Code::warning(
        "M8002",
        "a permission that permits nothing",
        "What it allows was corrected, or is not there. Remove it, so that it does not hide something later.",
    )
    .example(Example::Template(
        "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Metadata: {Migrate: {Allow: [{Code: open-database-port, Reason: a database for everybody}]}}
",
    )),
];

//! Runtimes: those that functions can be created and updated with, and those that were (LocalStack's recordings of AWS of
//! January 2026, `TestRuntimeValidation`, `test_create_lambda_exceptions`).

use super::invalid;
use crate::sandbox::Fault;

const SUPPORTED: &[&str] = &[
    "custom",
    "java17.al2023",
    "java11.al2023",
    "java8.al2023",
    "dotnet10",
    "dotnet6",
    "dotnet8",
    "java11",
    "java17",
    "java21",
    "java25",
    "java8.al2",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "provided.al2",
    "provided.al2023",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "python3.8",
    "python3.9",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

const RETIRED: &[&str] = &[
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "java8",
    "nodejs",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "provided",
    "python2.7",
    "python3.6",
    "python3.7",
    "ruby2.5",
    "ruby2.7",
];

/// Refuses a runtime that Lambda does not take, or no longer.
pub(super) fn check(name: &str) -> Result<(), Fault> {
    // Newer ones than this list knows are in the API's model, and named by ARN all are.
    if SUPPORTED.contains(&name) || name.starts_with("arn:") {
        return Ok(());
    }
    if RETIRED.contains(&name) {
        return Err(invalid(format!(
            "The runtime parameter of {name} is no longer supported for creating or updating AWS Lambda functions. We \
             recommend you use a supported runtime while creating or updating functions."
        )));
    }
    Err(invalid(format!(
        "Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] or be a valid \
         ARN",
        SUPPORTED.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{codec::model, services::SERVICES};

    #[test]
    fn every_runtime_of_the_model_is_supported_or_retired() {
        let service = SERVICES.iter().find(|service| service.name == "lambda").unwrap();
        let shape = model(service).named("Runtime").unwrap();
        for name in &shape.values {
            let known = SUPPORTED.contains(&name.as_str()) != RETIRED.contains(&name.as_str());
            assert!(known, "{name}");
        }
        assert!(check("nodejs14.x").unwrap_err().message.contains("no longer supported"));
        assert!(check("PYTHON3.9").unwrap_err().message.starts_with("Value PYTHON3.9 at 'runtime'"));
        assert!(check("python3.13").is_ok());
    }
}

//! Exports and who imports them ("ListExports" and "ListImports", CloudFormation API Reference).

use serde_json::{Value as Json, json};

use super::stacks::{PAGE, all, invalid, is_there};
use crate::sandbox::{Reply, Request, World};

/// Exported outputs of a region, by name: stack and output.
pub(super) fn of<'w>(world: &'w World, region: &str) -> impl Iterator<Item = (&'w Json, &'w Json)> + use<'w> {
    all(world, region).filter(|row| is_there(row)).flat_map(|row| {
        let outputs = row["Outputs"].as_array().into_iter().flatten();
        outputs.filter(|output| output["ExportName"].is_string()).map(move |output| (row, output))
    })
}

/// `ListExports`.
pub(super) fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let one = |(row, output): (&Json, &Json)| json!({"ExportingStackId": row["StackId"], "Name": output["ExportName"], "Value": output["OutputValue"]});
    let mut found: Vec<Json> = of(world, rq.region).map(one).collect();
    found.sort_by(|one, two| one["Name"].as_str().cmp(&two["Name"].as_str()));
    let (page, next) = rq.page(found, "", "NextToken", PAGE, "ValidationError")?;
    let mut answer = json!({"Exports": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// `ListImports`: names of stacks. One that nobody imports is a refusal, in these words (guardian/deploy-tools-platform and
/// other programs look for them).
pub(super) fn importers(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = rq.text("ExportName");
    let imports = |row: &&Json| {
        is_there(row) && row["_imports"].as_array().into_iter().flatten().any(|import| import == name)
    };
    let found: Vec<Json> =
        all(world, rq.region).filter(imports).map(|row| row["StackName"].clone()).collect();
    if found.is_empty() {
        return Err(invalid(format!("Export '{name}' is not imported by any stack.")));
    }
    let (page, next) = rq.page(found, "", "NextToken", PAGE, "ValidationError")?;
    let mut answer = json!({"Imports": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

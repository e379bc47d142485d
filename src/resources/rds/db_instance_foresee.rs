//! What RDS can be asked before a database goes to make room for another one: whether it offers that engine, version,
//! class and storage, and whether the parameter group fits.

use serde_json::Value as Json;

use crate::{
    aws::{OpError, op},
    resources::{Cx, versions},
};

type Problems = Vec<(String, String)>;

fn text<'p>(props: &'p Json, name: &str) -> Option<&'p str> {
    props[name].as_str().filter(|text| !text.is_empty() && !text.contains("{{resolve:"))
}

/// Whether `offered` is the version asked for, or one of it.
fn fits(wanted: Option<&str>, offered: &str) -> bool {
    wanted.is_none_or(|wanted| {
        offered == wanted || offered.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
    })
}

/// `DescribeOrderableDBInstanceOptions`: "a list of orderable DB instance options for the specified engine".
pub(super) async fn foresee(cx: &Cx<'_>, props: &Json) -> Result<Problems, OpError> {
    let (Some(engine), Some(class)) = (text(props, "Engine"), text(props, "DBInstanceClass")) else {
        // Made from a snapshot or another database, which decide.
        return Ok(Problems::new());
    };
    let mut problems = Problems::new();
    let (version, storage) = (text(props, "EngineVersion"), text(props, "StorageType"));
    let (mut of_version, mut offered) = (false, false);
    let mut marker = None;
    loop {
        let call =
            cx.sdk.rds().describe_orderable_db_instance_options().engine(engine).db_instance_class(class);
        let answer =
            call.set_marker(marker).send().await.map_err(op("DescribeOrderableDBInstanceOptions"))?;
        for option in answer.orderable_db_instance_options() {
            let has_version = fits(version, option.engine_version().unwrap_or_default());
            of_version |= has_version;
            offered |= has_version && storage.is_none_or(|wanted| option.storage_type() == Some(wanted));
        }
        marker = answer.marker;
        if offered || marker.is_none() {
            break;
        }
    }
    if !of_version {
        let what = version.map_or_else(|| engine.to_owned(), |version| format!("{engine} {version}"));
        problems.push(("DBInstanceClass".into(), format!("RDS offers no {class} with {what} here")));
    } else if !offered {
        let storage = storage.unwrap_or_default();
        problems.push((
            "StorageType".into(),
            format!("RDS offers no {storage} storage with {class} and {engine}"),
        ));
    }
    problems.extend(group(cx, props, engine, version).await?);
    Ok(problems)
}

async fn group(
    cx: &Cx<'_>,
    props: &Json,
    engine: &str,
    version: Option<&str>,
) -> Result<Option<(String, String)>, OpError> {
    let (Some(name), Some(version)) = (text(props, "DBParameterGroupName"), version) else { return Ok(None) };
    let call = cx.sdk.rds().describe_db_parameter_groups().db_parameter_group_name(name);
    let family = match call.send().await.map_err(op("DescribeDBParameterGroups")) {
        Err(error) if error.is(&["DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"]) => {
            return Ok(Some(("DBParameterGroupName".into(), format!("there is no parameter group {name}"))));
        }
        answer => {
            let groups = answer?.db_parameter_groups.unwrap_or_default();
            groups.into_iter().next().and_then(|group| group.db_parameter_group_family)
        }
    };
    let Some(family) = family else { return Ok(None) };
    let count = versions::rds_major(engine, version);
    let major: Vec<&str> = version.split('.').take(count).collect();
    // `postgres15`, `mysql8.0`; the families of other engines are spelt in other ways.
    let expected = format!("{engine}{}", major.join("."));
    let spelt_so = ["postgres", "mysql", "mariadb"].contains(&engine);
    Ok((spelt_so && family != expected).then(|| {
        let why = format!("the parameter group {name} is of {family}, {engine} {version} needs {expected}");
        ("DBParameterGroupName".into(), why)
    }))
}

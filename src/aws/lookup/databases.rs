//! RDS: instances and clusters.

use std::{collections::BTreeMap, rc::Rc};

use aws_sdk_rds::types::Tag;

use super::Candidate;
use crate::aws::{OpError, Sdk, op};

fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    tags.iter().filter_map(pair).collect()
}

/// What is being deleted is nothing to refer to.
fn going(status: Option<&str>) -> Option<String> {
    status.filter(|status| *status == "deleting").map(|status| format!("status {status}"))
}

fn texts<const N: usize>(texts: [Option<&str>; N]) -> Vec<String> {
    texts.into_iter().flatten().map(ToOwned::to_owned).collect()
}

fn known<const N: usize>(pairs: [(&'static str, Option<String>); N]) -> BTreeMap<&'static str, String> {
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

pub(super) async fn instances(sdk: &Rc<Sdk>) -> Result<Vec<Candidate>, OpError> {
    let all = sdk.rds().describe_db_instances().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("DescribeDBInstances"))?;
    let one = |instance: &aws_sdk_rds::types::DbInstance| {
        let id = instance.db_instance_identifier()?;
        let text = |text: Option<&str>| text.map(ToOwned::to_owned);
        let endpoint = instance.endpoint();
        let port = endpoint.and_then(|endpoint| endpoint.port()).map(|port| port.to_string());
        Some(Candidate {
            id: id.to_owned(),
            aliases: texts([instance.db_instance_arn(), instance.dbi_resource_id()]),
            names: vec![id.to_owned()],
            tags: tags(instance.tag_list()),
            unusable: going(instance.db_instance_status()),
            about: texts([instance.engine(), instance.engine_version()]),
            attributes: known([
                ("DBInstanceIdentifier", Some(id.to_owned())),
                ("DBInstanceArn", text(instance.db_instance_arn())),
                ("DbiResourceId", text(instance.dbi_resource_id())),
                ("Endpoint.Address", text(endpoint.and_then(|endpoint| endpoint.address()))),
                ("Endpoint.Port", port),
            ]),
            ..Candidate::default()
        })
    };
    Ok(all.iter().filter_map(one).collect())
}

pub(super) async fn clusters(sdk: &Rc<Sdk>) -> Result<Vec<Candidate>, OpError> {
    let all = sdk.rds().describe_db_clusters().into_paginator().items().send();
    let all = all.try_collect().await.map_err(op("DescribeDBClusters"))?;
    let one = |cluster: &aws_sdk_rds::types::DbCluster| {
        let id = cluster.db_cluster_identifier()?;
        let text = |text: Option<&str>| text.map(ToOwned::to_owned);
        Some(Candidate {
            id: id.to_owned(),
            aliases: texts([cluster.db_cluster_arn(), cluster.db_cluster_resource_id()]),
            names: vec![id.to_owned()],
            tags: tags(cluster.tag_list()),
            unusable: going(cluster.status()),
            about: texts([cluster.engine(), cluster.engine_version()]),
            attributes: known([
                ("DBClusterIdentifier", Some(id.to_owned())),
                ("DBClusterArn", text(cluster.db_cluster_arn())),
                ("DBClusterResourceId", text(cluster.db_cluster_resource_id())),
                ("Endpoint.Address", text(cluster.endpoint())),
                ("Endpoint.Port", cluster.port().map(|port| port.to_string())),
                ("ReadEndpoint.Address", text(cluster.reader_endpoint())),
            ]),
            ..Candidate::default()
        })
    };
    Ok(all.iter().filter_map(one).collect())
}

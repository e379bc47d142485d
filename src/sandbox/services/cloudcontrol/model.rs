//! A type as its published schema describes it, read for the twin alone.

use serde_json::Value as Json;

use crate::{sandbox::Fault, schema};

/// A type.
#[derive(Clone, Copy)]
pub struct Model {
    /// The schema.
    pub document: &'static Json,
}

/// `/properties/A/B` as a pointer into properties: `/A/B`.
pub fn pointer(path: &str) -> String {
    path.strip_prefix("/properties").unwrap_or(path).replace("/properties/", "/")
}

impl Model {
    /// The type of that name, as a request for an action on it finds it.
    pub fn of(name: &str, action: &str) -> Result<Self, Fault> {
        let missing = || Fault::new("TypeNotFoundException", format!("The type '{name}' cannot be found."));
        if schema::kinds().any(|kind| kind == name) {
            let message = format!(
                "{name} is modelled by its own service in this sandbox; Cloud Control does not reach it"
            );
            return Err(Fault::new("UnsupportedActionException", message));
        }
        let model = Self { document: schema::of(name).ok_or_else(missing)?.document() };
        let handler = &model.document["handlers"][action.to_lowercase()];
        if handler.is_null() {
            let message = format!("Resource type {name} does not support {action} action");
            return Err(Fault::new("UnsupportedActionException", message));
        }
        Ok(model)
    }

    /// The type's name.
    pub fn name(self) -> &'static str {
        self.document["typeName"].as_str().unwrap_or_default()
    }

    /// Paths under a key of the schema, as pointers into properties.
    pub fn pointers(self, key: &str) -> Vec<String> {
        self.document[key].as_array().into_iter().flatten().filter_map(Json::as_str).map(pointer).collect()
    }

    /// A schema node with references followed.
    pub fn follow(self, node: &'static Json) -> &'static Json {
        let mut node = node;
        while let Some(name) = node["$ref"].as_str().and_then(|to| to.strip_prefix("#/definitions/")) {
            node = &self.document["definitions"][name];
        }
        node
    }

    /// The node of a property by its pointer, without list items.
    pub fn node(self, pointer: &str) -> &'static Json {
        let mut node = self.document;
        for part in pointer.split('/').filter(|part| !part.is_empty()) {
            node = self.follow(&node["properties"][part]);
        }
        node
    }

    /// The service's part of the name, in lower case, as ARNs have it.
    pub fn service(self) -> String {
        let service = self.name().split("::").nth(1).unwrap_or_default().to_lowercase();
        let other = match service.as_str() {
            "apigatewayv2" => "apigateway",
            "certificatemanager" => "acm",
            "efs" => "elasticfilesystem",
            "elasticloadbalancingv2" => "elasticloadbalancing",
            "kinesisfirehose" => "firehose",
            "msk" => "kafka",
            "opensearchservice" => "es",
            "opensearchserverless" => "aoss",
            "stepfunctions" => "states",
            "cognito" => "cognito-idp",
            _ => return service,
        };
        other.to_owned()
    }

    /// The last part of the name.
    pub fn noun(self) -> &'static str {
        self.name().rsplit("::").next().unwrap_or_default()
    }

    /// Milliseconds that requests take.
    pub fn millis(self, action: &str) -> i64 {
        // Objects with servers of their own take minutes; the rest seconds.
        let slow = [
            "AWS::AmazonMQ::Broker",
            "AWS::CloudFront::Distribution",
            "AWS::EKS::Cluster",
            "AWS::ElastiCache::CacheCluster",
            "AWS::ElastiCache::ReplicationGroup",
            "AWS::FSx::FileSystem",
            "AWS::MSK::Cluster",
            "AWS::MemoryDB::Cluster",
            "AWS::Neptune::DBInstance",
            "AWS::OpenSearchService::Domain",
            "AWS::Redshift::Cluster",
        ];
        match (slow.contains(&self.name()), action) {
            (true, "CREATE") => 300_000,
            (true, _) => 120_000,
            (false, "CREATE") => 12_000,
            (false, "UPDATE") => 8_000,
            (false, _) => 6_000,
        }
    }
}

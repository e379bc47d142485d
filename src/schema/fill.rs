//! Texts that became known late: as the schema wants them.

use serde_json::Value as Json;

use super::{Node, boolean, decimal, whole};

/// Converts texts where the schema wants a number or a boolean and no text: what a dynamic reference or
/// another resource's attribute turned out to be is a text, whatever the property is. What does not fit stays
/// as it is, for the service to refuse.
pub fn convert(kind: &str, properties: &mut Json) {
    if let Some(schema) = super::of(kind) {
        walk(schema.root(), properties);
    }
}

fn walk(node: Node<'_>, value: &mut Json) {
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                if let Some(node) = node.member(key) {
                    walk(node, value);
                }
            }
        }
        Json::Array(items) => {
            if let Some(node) = node.items() {
                items.iter_mut().for_each(|item| walk(node, item));
            }
        }
        Json::String(text) => {
            let types = node.types();
            let takes = |name: &str| types.contains(&name);
            if types.is_empty() || takes("string") {
                return;
            }
            let number = takes("integer").then(|| whole(text)).flatten();
            let number = number.or_else(|| takes("number").then(|| decimal(text)).flatten());
            let truth = takes("boolean").then(|| boolean(text)).flatten();
            if let Some(converted) = number.map(Json::Number).or(truth.map(Json::Bool)) {
                *value = converted;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_become_what_the_schema_wants() {
        let mut ingress = json!({"IpProtocol": "6", "FromPort": "5432", "ToPort": " 5433 ", "CidrIp": "80"});
        convert("AWS::EC2::SecurityGroupIngress", &mut ingress);
        let wanted = json!({"IpProtocol": "6", "FromPort": 5432, "ToPort": 5433, "CidrIp": "80"});
        assert_eq!(ingress, wanted);
        let mut vpc = json!({"EnableDnsSupport": "true", "CidrBlock": "10.0.0.0/16"});
        convert("AWS::EC2::VPC", &mut vpc);
        assert_eq!(vpc, json!({"EnableDnsSupport": true, "CidrBlock": "10.0.0.0/16"}));
        let mut group = json!({"SecurityGroupIngress": [{"FromPort": "no number", "ToPort": "1"}]});
        convert("AWS::EC2::SecurityGroup", &mut group);
        assert_eq!(group["SecurityGroupIngress"], json!([{"FromPort": "no number", "ToPort": 1}]));
    }
}

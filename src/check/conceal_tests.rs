use serde_json::{Value as Json, json};

use super::*;
use crate::{graph::testing::graph, resources::registry, schema};

fn concealed(kind: &str, properties: Json) -> Result<(Json, Graph), Vec<Diagnostic>> {
    let mut graph = graph(&[("app/A", kind, properties), ("app/Other", "AWS::EC2::VPC", json!({}))]);
    conceal(&mut graph, || Ok(Key::new(b"a key")))?;
    let lookup = |_: &crate::model::Reference| Some(json!("live"));
    let json = graph.nodes[0].properties.resolve(&lookup).expect("properties");
    Ok((json, graph))
}

/// The properties with every secret in its place again, as a call gets them.
fn filled(json: &Json, graph: &Graph) -> Json {
    match json {
        Json::String(text) => {
            let mut text = text.clone();
            for (reference, value) in &graph.secrets.0 {
                text = text.replace(reference.as_str(), value);
            }
            text.into()
        }
        Json::Array(items) => items.iter().map(|item| filled(item, graph)).collect(),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(name, item)| (name.clone(), filled(item, graph))).collect())
        }
        other => other.clone(),
    }
}

#[test]
fn literals_in_secret_properties_are_digests_until_the_call() {
    for (kind, properties) in [
        ("AWS::RDS::DBInstance", json!({"MasterUsername": "app", "MasterUserPassword": "hunter2hunter2"})),
        ("AWS::RDS::DBInstance", json!({"TdeCredentialPassword": "hunter2"})),
        ("AWS::DMS::Endpoint", json!({"Password": "hunter2", "MongoDbSettings": {"Password": "hunter2"}})),
        ("AWS::DMS::Endpoint", json!({"ExtraConnectionAttributes": "asmPassword=hunter2"})),
        ("AWS::DMS::Endpoint", json!({"OracleSettings": {"SecurityDbEncryption": "hunter2"}})),
        (
            "AWS::ElasticLoadBalancingV2::Listener",
            json!({"DefaultActions": [{"AuthenticateOidcConfig": {"ClientId": "me", "ClientSecret": "hunter2"}}]}),
        ),
        ("AWS::SecretsManager::Secret", json!({"SecretString": "{\"password\": \"hunter2\"}"})),
        (
            "AWS::SecretsManager::Secret",
            json!({"SecretString": {"Concat": ["{\"p\": \"hunter2\", \"vpc\": \"", {"Ref": "app/Other"}, "\"}"]}}),
        ),
        (
            "AWS::Lambda::Function",
            json!({"Environment": {"Variables": {"DB_PASSWORD": "hunter2", "STAGE": "dev"}}}),
        ),
        (
            "AWS::ECS::TaskDefinition",
            json!({"ContainerDefinitions": [{"Name": "app", "Environment": [{"Name": "API_KEY", "Value": "hunter2"}]}]}),
        ),
    ] {
        let (kept, graph) = concealed(kind, properties.clone()).unwrap();
        assert!(!kept.to_string().contains("hunter2"), "{kind}: {kept}");
        assert!(!format!("{:?}", graph.nodes[0].properties).contains("hunter2"), "{kind}");
        let plain = crate::graph::testing::graph(&[("app/A", kind, properties)]);
        let wanted = plain.nodes[0].properties.resolve(&|_| Some(json!("live"))).unwrap();
        assert_eq!(filled(&kept, &graph), wanted, "{kind}");
        // What is no secret stays readable.
        for shown in ["app", "dev", "me"] {
            let needle = format!("\"{shown}\"");
            assert_eq!(
                kept.to_string().contains(&needle),
                wanted.to_string().contains(&needle),
                "{kind} {shown}"
            );
        }
    }
}

#[test]
fn references_to_secrets_stay_what_they_are() {
    let reference = "{{resolve:secretsmanager:db:SecretString:password}}";
    let (kept, graph) = concealed(
        "AWS::RDS::DBInstance",
        json!({"MasterUserPassword": reference, "ManageMasterUserPassword": false}),
    )
    .unwrap();
    assert_eq!(kept, json!({"MasterUserPassword": reference, "ManageMasterUserPassword": false}));
    assert!(graph.secrets.0.is_empty());
}

#[test]
fn a_reference_whose_parts_are_put_together_stays_whole() {
    let parts = json!(["{{resolve:secretsmanager:", {"Ref": "app/Other"}, ":SecretString:password}}"]);
    let (kept, graph) =
        concealed("AWS::RDS::DBInstance", json!({"MasterUserPassword": {"Concat": parts}})).unwrap();
    assert_eq!(kept, json!({"MasterUserPassword": "{{resolve:secretsmanager:live:SecretString:password}}"}));
    assert!(graph.secrets.0.is_empty());
    let parts = json!(["hunter2{{resolve:ssm:", {"Ref": "app/Other"}, "}}hunter3{{resolve:ssm:x}}"]);
    let (kept, graph) =
        concealed("AWS::SecretsManager::Secret", json!({"SecretString": {"Concat": parts}})).unwrap();
    assert!(
        !kept.to_string().contains("hunter") && kept.to_string().contains("{{resolve:ssm:live}}"),
        "{kept}"
    );
    assert_eq!(
        filled(&kept, &graph),
        json!({"SecretString": "hunter2{{resolve:ssm:live}}hunter3{{resolve:ssm:x}}"})
    );
}

#[test]
fn the_key_is_not_asked_for_without_a_secret() {
    let mut graph = graph(&[("app/A", "AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16"}))]);
    conceal(&mut graph, || panic!("there is no secret")).unwrap();
}

#[test]
fn parameters_get_digests_by_the_key_wherever_they_stand() {
    let make = |key: &'static [u8], value: &str| {
        let text = "{{resolve:parameter:Password:0000}}";
        let mut graph = graph(&[("app/A", "AWS::SNS::Topic", json!({"DisplayName": format!("x {text}")}))]);
        graph.nodes[0].metadata = json!({"Note": text});
        graph.secrets.0.insert(text.into(), value.into());
        conceal(&mut graph, || Ok(Key::new(key))).unwrap();
        graph
    };
    let one = make(b"a", "hunter2");
    assert_eq!(one.nodes[0].properties, make(b"a", "hunter2").nodes[0].properties);
    assert_ne!(one.nodes[0].properties, make(b"a", "hunter3").nodes[0].properties);
    assert_ne!(one.nodes[0].properties, make(b"b", "hunter2").nodes[0].properties);
    assert!(!one.nodes[0].metadata.to_string().contains(":0000}}"), "{}", one.nodes[0].metadata);
    let kept = one.nodes[0].properties.known().unwrap();
    assert_eq!(filled(&kept, &one), json!({"DisplayName": "x hunter2"}));
}

/// Every text that AWS never returns is a secret, or known to be none.
#[test]
fn no_write_only_text_of_any_type_is_a_secret_that_nobody_knows() {
    let mut suspicious = Vec::new();
    for ty in registry::TYPES {
        let facts = ty.facts();
        let document = schema::of(facts.kind).unwrap().document();
        for path in document["writeOnlyProperties"].as_array().into_iter().flatten() {
            let path = path.as_str().unwrap().trim_start_matches("/properties/").replace('/', ".");
            let told = ["pass", "secret", "token", "credential", "encryption", "pwd"]
                .iter()
                .any(|word| path.to_lowercase().rsplit('.').next().unwrap().contains(word));
            if told && !secret::is_secret_place(facts.kind, &path) {
                suspicious.push(format!("{} {path}", facts.kind));
            }
        }
    }
    suspicious.sort();
    // A name, ids and ARNs; what a generator is told; settings.
    let harmless = [
        "AWS::DMS::Endpoint DocDbSettings.SecretsManagerSecretId",
        "AWS::DMS::Endpoint OracleSettings.SecurityDbEncryptionName",
        "AWS::KMS::Key BypassPolicyLockoutSafetyCheck",
        "AWS::SecretsManager::RotationSchedule HostedRotationLambda.MasterSecretArn",
        "AWS::SecretsManager::RotationSchedule HostedRotationLambda.MasterSecretKmsKeyArn",
        "AWS::SecretsManager::RotationSchedule HostedRotationLambda.SuperuserSecretArn",
        "AWS::SecretsManager::RotationSchedule HostedRotationLambda.SuperuserSecretKmsKeyArn",
        "AWS::SecretsManager::Secret GenerateSecretString",
    ];
    suspicious.retain(|one| !harmless.contains(&one.as_str()) && !one.contains("Encryption"));
    assert_eq!(suspicious, Vec::<String>::new());
    for (kind, place) in [
        ("AWS::RDS::DBInstance", "MasterUserPassword"),
        ("AWS::RDS::DBInstance", "TdeCredentialPassword"),
        ("AWS::DMS::Endpoint", "Password"),
        ("AWS::DMS::Endpoint", "OracleSettings.AsmPassword"),
        ("AWS::DMS::Endpoint", "OracleSettings.SecurityDbEncryption"),
        ("AWS::DMS::Endpoint", "KafkaSettings.SaslPassword"),
        ("AWS::DMS::Endpoint", "RedisSettings.AuthPassword"),
        ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions.0.AuthenticateOidcConfig.ClientSecret"),
        ("AWS::SecretsManager::Secret", "SecretString"),
        ("AWS::Lambda::Function", "Environment.Variables.DB_PASSWORD"),
    ] {
        assert!(secret::is_secret_place(kind, place), "{kind} {place}");
    }
}

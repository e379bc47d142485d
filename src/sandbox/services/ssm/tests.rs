//! The parameter store through the SDK.

use aws_sdk_ssm::types::ParameterType;

use crate::resources::bench::Bench;

#[test]
fn versions_labels_paths_and_sealed_values() {
    let bench = Bench::new();
    bench.run(async {
        let ssm = bench.sdk().ssm();
        let put = |value: &str, overwrite: bool| {
            ssm.put_parameter()
                .name("/payments/db/password")
                .value(value)
                .r#type(ParameterType::SecureString)
                .overwrite(overwrite)
                .send()
        };
        assert_eq!(put("one", false).await.unwrap().version(), 1);
        let twice = put("two", false).await.unwrap_err().into_service_error();
        assert!(twice.is_parameter_already_exists());
        assert_eq!(put("two", true).await.unwrap().version(), 2);
        ssm.label_parameter_version()
            .name("/payments/db/password")
            .parameter_version(1)
            .labels("first")
            .send()
            .await
            .unwrap();
        let get = |name: &str, open: bool| ssm.get_parameter().name(name).with_decryption(open).send();
        let value = |answer: aws_sdk_ssm::operation::get_parameter::GetParameterOutput| {
            answer.parameter().and_then(|p| p.value()).unwrap_or_default().to_owned()
        };
        assert_eq!(value(get("/payments/db/password", true).await.unwrap()), "two");
        assert_eq!(value(get("/payments/db/password:first", true).await.unwrap()), "one");
        assert_eq!(value(get("/payments/db/password:1", true).await.unwrap()), "one");
        assert_ne!(value(get("/payments/db/password", false).await.unwrap()), "two");
        let shallow = ssm.get_parameters_by_path().path("/payments").send().await.unwrap();
        assert!(shallow.parameters().is_empty());
        let deep = ssm.get_parameters_by_path().path("/payments").recursive(true).send().await.unwrap();
        assert_eq!(deep.parameters().len(), 1);
        ssm.delete_parameter().name("/payments/db/password").send().await.unwrap();
        let gone = get("/payments/db/password", true).await.unwrap_err().into_service_error();
        assert!(gone.is_parameter_not_found());
    });
}

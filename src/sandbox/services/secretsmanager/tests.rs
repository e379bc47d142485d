//! Secrets Manager through the SDK.

use crate::resources::bench::Bench;

#[test]
fn stages_move_and_tokens_are_idempotent() {
    let bench = Bench::new();
    bench.run(async {
        let secrets = bench.sdk().secrets();
        let tokens = ["a".repeat(32), "b".repeat(32), "c".repeat(32)];
        secrets
            .create_secret()
            .name("s")
            .client_request_token(&tokens[0])
            .secret_string("one")
            .send()
            .await
            .unwrap();
        let put = |token: &str, value: &str| {
            secrets.put_secret_value().secret_id("s").client_request_token(token).secret_string(value).send()
        };
        put(&tokens[1], "two").await.unwrap();
        put(&tokens[1], "two").await.unwrap();
        let other = put(&tokens[1], "three").await.unwrap_err().into_service_error();
        assert!(other.is_resource_exists_exception());
        put(&tokens[2], "three").await.unwrap();
        let get = |stage: &str| secrets.get_secret_value().secret_id("s").version_stage(stage).send();
        assert_eq!(get("AWSCURRENT").await.unwrap().secret_string(), Some("three"));
        assert_eq!(get("AWSPREVIOUS").await.unwrap().secret_string(), Some("two"));
        let all =
            secrets.list_secret_version_ids().secret_id("s").include_deprecated(true).send().await.unwrap();
        assert_eq!(all.versions().len(), 3);
        let staged = secrets.describe_secret().secret_id("s").send().await.unwrap();
        assert_eq!(staged.version_ids_to_stages().map(std::collections::HashMap::len), Some(2));
    });
}

#[test]
fn a_deleted_secret_keeps_its_name_until_it_is_restored_or_forced_away() {
    let bench = Bench::new();
    bench.run(async {
        let secrets = bench.sdk().secrets();
        let create = || secrets.create_secret().name("s").secret_string("x").send();
        create().await.unwrap();
        secrets.delete_secret().secret_id("s").recovery_window_in_days(7).send().await.unwrap();
        assert!(
            secrets
                .get_secret_value()
                .secret_id("s")
                .send()
                .await
                .unwrap_err()
                .into_service_error()
                .is_invalid_request_exception()
        );
        assert!(create().await.unwrap_err().into_service_error().is_invalid_request_exception());
        assert!(secrets.list_secrets().send().await.unwrap().secret_list().is_empty());
        secrets.restore_secret().secret_id("s").send().await.unwrap();
        assert_eq!(
            secrets.get_secret_value().secret_id("s").send().await.unwrap().secret_string(),
            Some("x")
        );
        for _ in 0..2 {
            secrets.delete_secret().secret_id("s").force_delete_without_recovery(true).send().await.unwrap();
        }
        create().await.unwrap();
    });
}

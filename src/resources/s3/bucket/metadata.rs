//! Metadata tables: a live inventory and a journal of the bucket's objects, which S3 keeps in a table bucket.

use aws_sdk_s3::{Client, types as sdk};
use serde_json::{Value as Json, json};

use super::parts::{Outcome, unless};
use crate::{
    aws::{OpError, op},
    model::Attributes,
    resources::mirror::sent,
};

const ABSENT: &[&str] = &["MetadataConfigurationNotFound", "MetadataTableConfigurationNotFound"];

/// The operations of the older kind say this of a bucket that has the newer one.
const NEWER: &str = "MethodNotAllowed";

crate::words!(
    sdk::AnnotationConfigurationState,
    sdk::ExpirationState,
    sdk::InventoryConfigurationState,
    sdk::TableSseAlgorithm,
);

crate::mirrored! {
    /// The tables about a bucket's objects.
    pub struct Metadata: sdk::MetadataConfiguration = sdk::MetadataConfiguration::builder().build() => {
        AnnotationTableConfiguration/annotation_table_configuration: AnnotationTable,
        InventoryTableConfiguration/inventory_table_configuration: InventoryTable,
        JournalTableConfiguration/journal_table_configuration: JournalTable,
    }
    /// The table of annotations.
    pub struct AnnotationTable: sdk::AnnotationTableConfiguration = sdk::AnnotationTableConfiguration::builder()
        .configuration_state(sdk::AnnotationConfigurationState::Disabled).build()? => {
        ConfigurationState/configuration_state: String, EncryptionConfiguration/encryption_configuration: TableEncryption,
        Role/role: String,
    }
    /// The table of objects.
    pub struct InventoryTable: sdk::InventoryTableConfiguration = sdk::InventoryTableConfiguration::builder()
        .configuration_state(sdk::InventoryConfigurationState::Disabled).build()? => {
        ConfigurationState/configuration_state: String, EncryptionConfiguration/encryption_configuration: TableEncryption,
    }
    /// The table of events.
    pub struct JournalTable: sdk::JournalTableConfiguration = sdk::JournalTableConfiguration::builder().build() => {
        EncryptionConfiguration/encryption_configuration: TableEncryption, RecordExpiration/record_expiration: Expiration,
    }
    /// When events are forgotten.
    pub struct Expiration: sdk::RecordExpiration
        = sdk::RecordExpiration::builder().expiration(sdk::ExpirationState::Disabled).build()? => {
        Days/days: i32, Expiration/expiration: String,
    }
    /// How a table is encrypted.
    pub struct TableEncryption: sdk::MetadataTableEncryptionConfiguration
        = sdk::MetadataTableEncryptionConfiguration::builder().sse_algorithm(sdk::TableSseAlgorithm::Aes256).build()? => {
        KmsKeyArn/kms_key_arn: String, SseAlgorithm/sse_algorithm: String,
    }
    /// The table of the older kind of metadata.
    pub struct MetadataTable: sdk::MetadataTableConfiguration = sdk::MetadataTableConfiguration::builder().build() => {
        S3TablesDestination/s3_tables_destination: TablesDestination,
    }
    /// Which table that is.
    pub struct TablesDestination: sdk::S3TablesDestination
        = sdk::S3TablesDestination::builder().table_bucket_arn("").table_name("").build()? => {
        TableBucketArn/table_bucket_arn: String, TableName/table_name: String,
    }
}

async fn look(s3: &Client, bucket: &str) -> Outcome<Option<sdk::MetadataConfigurationResult>> {
    let answer = s3.get_bucket_metadata_configuration().bucket(bucket).send().await;
    let answer = unless(answer.map_err(op("GetBucketMetadataConfiguration")), ABSENT)?;
    let result = answer.and_then(|answer| answer.get_bucket_metadata_configuration_result);
    Ok(result.and_then(|result| result.metadata_configuration_result))
}

async fn look_table(s3: &Client, bucket: &str) -> Outcome<Option<sdk::S3TablesDestinationResult>> {
    let answer = s3.get_bucket_metadata_table_configuration().bucket(bucket).send().await;
    let absent = [ABSENT, &[NEWER]].concat();
    let answer = unless(answer.map_err(op("GetBucketMetadataTableConfiguration")), &absent)?;
    let result = answer.and_then(|answer| answer.get_bucket_metadata_table_configuration_result);
    let result = result.and_then(|result| result.metadata_table_configuration_result);
    Ok(result.and_then(|result| result.s3_tables_destination_result))
}

/// Whether what the newer operation shows is of the older kind, whose one table is in the customer's own bucket.
fn is_older(live: &sdk::MetadataConfigurationResult) -> bool {
    let kind = live.destination_result().and_then(|to| to.table_bucket_type());
    kind == Some(&sdk::S3TablesBucketType::Customer)
}

/// What AWS says of the tables, in the template's terms; their encryption it never says.
fn shown(live: &sdk::MetadataConfigurationResult) -> Metadata {
    let word = |text: &str| Some(text.to_owned());
    let expiration = |live: &sdk::RecordExpiration| Expiration {
        Days: live.days,
        Expiration: word(live.expiration().as_str()),
    };
    Metadata {
        AnnotationTableConfiguration: live.annotation_table_configuration_result().map(|table| {
            AnnotationTable {
                ConfigurationState: word(table.configuration_state().as_str()),
                EncryptionConfiguration: None,
                Role: table.role.clone(),
            }
        }),
        InventoryTableConfiguration: live.inventory_table_configuration_result().map(|table| {
            InventoryTable {
                ConfigurationState: word(table.configuration_state().as_str()),
                EncryptionConfiguration: None,
            }
        }),
        JournalTableConfiguration: live.journal_table_configuration_result().map(|table| JournalTable {
            EncryptionConfiguration: None,
            RecordExpiration: table.record_expiration().map(expiration),
        }),
    }
}

/// Reads the metadata tables' settings.
pub(super) async fn get(s3: &Client, bucket: &str) -> Outcome<Option<Metadata>> {
    Ok(look(s3, bucket).await?.filter(|live| !is_older(live)).as_ref().map(shown))
}

/// Reads which table of the older kind there is.
pub(super) async fn get_table(s3: &Client, bucket: &str) -> Outcome<Option<MetadataTable>> {
    let live = look_table(s3, bucket).await?;
    Ok(live.map(|live| MetadataTable {
        S3TablesDestination: Some(TablesDestination {
            TableBucketArn: Some(live.table_bucket_arn),
            TableName: Some(live.table_name),
        }),
    }))
}

async fn create(s3: &Client, bucket: &str, want: &Metadata) -> Outcome<()> {
    const OP: &str = "CreateBucketMetadataConfiguration";
    let call = s3.create_bucket_metadata_configuration().bucket(bucket);
    let call = call.set_metadata_configuration(sent(OP, Some(want))?);
    call.send().await.map(drop).map_err(op(OP))
}

async fn drop_all(s3: &Client, bucket: &str) -> Outcome<()> {
    let gone = s3.delete_bucket_metadata_configuration().bucket(bucket).send().await;
    unless(gone.map_err(op("DeleteBucketMetadataConfiguration")), ABSENT).map(drop)
}

/// Whether a table is on.
fn on(state: Option<&String>) -> bool {
    state.is_some_and(|state| state == "ENABLED")
}

/// Switches the inventory; a new encryption needs a new table.
async fn put_inventory(
    s3: &Client,
    bucket: &str,
    live: bool,
    old: &InventoryTable,
    new: &InventoryTable,
) -> Outcome<()> {
    const OP: &str = "UpdateBucketMetadataInventoryTableConfiguration";
    let wanted = on(new.ConfigurationState.as_ref());
    let renewed = live && wanted && old.EncryptionConfiguration != new.EncryptionConfiguration;
    for state in steps(live, wanted, renewed) {
        let encryption = new.EncryptionConfiguration.as_ref().filter(|_| *state);
        let updates = sdk::InventoryTableConfigurationUpdates::builder()
            .configuration_state(if *state { "ENABLED" } else { "DISABLED" }.into())
            .set_encryption_configuration(sent(OP, encryption)?)
            .build();
        let updates = updates.map_err(|error| OpError::not_sent(OP, error.to_string()))?;
        let call = s3.update_bucket_metadata_inventory_table_configuration().bucket(bucket);
        call.inventory_table_configuration(updates).send().await.map_err(op(OP))?;
    }
    Ok(())
}

/// Switches the annotations; another role is given to the table as it runs, a new encryption needs a new table.
async fn put_annotations(
    s3: &Client,
    bucket: &str,
    live: &AnnotationTable,
    old: &AnnotationTable,
    new: &AnnotationTable,
) -> Outcome<()> {
    const OP: &str = "UpdateBucketMetadataAnnotationTableConfiguration";
    let (is, wanted) = (on(live.ConfigurationState.as_ref()), on(new.ConfigurationState.as_ref()));
    let renewed = is && wanted && old.EncryptionConfiguration != new.EncryptionConfiguration;
    let handed_over = is && wanted && !renewed && live.Role != new.Role;
    for state in if handed_over { &[true] } else { steps(is, wanted, renewed) } {
        let encryption = new.EncryptionConfiguration.as_ref().filter(|_| *state && !handed_over);
        let updates = sdk::AnnotationTableConfigurationUpdates::builder()
            .configuration_state(if *state { "ENABLED" } else { "DISABLED" }.into())
            .set_encryption_configuration(sent(OP, encryption)?)
            .set_role(new.Role.clone().filter(|_| *state))
            .build();
        let updates = updates.map_err(|error| OpError::not_sent(OP, error.to_string()))?;
        let call = s3.update_bucket_metadata_annotation_table_configuration().bucket(bucket);
        call.annotation_table_configuration(updates).send().await.map_err(op(OP))?;
    }
    Ok(())
}

/// How to get a table from one state to another: off, on, or both.
fn steps(live: bool, wanted: bool, renewed: bool) -> &'static [bool] {
    match (live, wanted) {
        _ if renewed => &[false, true],
        (false, true) => &[true],
        (true, false) => &[false],
        _ => &[],
    }
}

/// Brings the metadata tables from `old` to `new`. The journal's encryption is settled when it is made.
pub(super) async fn put(
    s3: &Client,
    bucket: &str,
    old: Option<&Metadata>,
    new: Option<&Metadata>,
) -> Outcome<()> {
    let Some(want) = new else { return drop_all(s3, bucket).await };
    let Some(live) = look(s3, bucket).await? else { return create(s3, bucket, want).await };
    if is_older(&live) {
        drop_all(s3, bucket).await?;
        return create(s3, bucket, want).await;
    }
    let journal = |one: Option<&Metadata>| {
        one.and_then(|one| one.JournalTableConfiguration.as_ref())
            .and_then(|journal| journal.EncryptionConfiguration.clone())
    };
    if old.is_some() && journal(old) != journal(new) {
        drop_all(s3, bucket).await?;
        return create(s3, bucket, want).await;
    }
    let live = shown(&live);
    let expiration = |one: &Metadata| {
        let journal = one.JournalTableConfiguration.as_ref();
        journal.and_then(|journal| journal.RecordExpiration.clone())
    };
    if let Some(wanted) = expiration(want).filter(|wanted| expiration(&live).as_ref() != Some(wanted)) {
        const OP: &str = "UpdateBucketMetadataJournalTableConfiguration";
        let updates = sdk::JournalTableConfigurationUpdates::builder()
            .set_record_expiration(sent(OP, Some(&wanted))?)
            .build();
        let call = s3.update_bucket_metadata_journal_table_configuration().bucket(bucket);
        call.journal_table_configuration(updates).send().await.map_err(op(OP))?;
    }
    let inventory = |one: Option<&Metadata>| {
        one.and_then(|one| one.InventoryTableConfiguration.clone()).unwrap_or_default()
    };
    let is = on(inventory(Some(&live)).ConfigurationState.as_ref());
    // An adopted table's encryption is unknown; it stays.
    let before = old.or(new);
    put_inventory(s3, bucket, is, &inventory(before), &inventory(new)).await?;
    let annotations = |one: Option<&Metadata>| {
        one.and_then(|one| one.AnnotationTableConfiguration.clone()).unwrap_or_default()
    };
    put_annotations(s3, bucket, &annotations(Some(&live)), &annotations(before), &annotations(new)).await
}

/// Sets or takes away the table of the older kind, which cannot be changed.
pub(super) async fn put_table(s3: &Client, bucket: &str, new: Option<&MetadataTable>) -> Outcome<()> {
    const OP: &str = "CreateBucketMetadataTableConfiguration";
    let live = get_table(s3, bucket).await?;
    if live.as_ref() == new {
        return Ok(());
    }
    if live.is_some() {
        let gone = s3.delete_bucket_metadata_table_configuration().bucket(bucket).send().await;
        unless(gone.map_err(op("DeleteBucketMetadataTableConfiguration")), ABSENT)?;
    }
    if new.is_some() {
        let call = s3.create_bucket_metadata_table_configuration().bucket(bucket);
        call.set_metadata_table_configuration(sent(OP, new)?).send().await.map_err(op(OP))?;
    }
    Ok(())
}

/// Where the tables are: attributes of buckets that have some.
pub(super) async fn attributes(s3: &Client, bucket: &str, props: &super::Props) -> Outcome<Attributes> {
    let mut found: Vec<(&str, Json)> = Vec::new();
    if props.MetadataConfiguration.is_some()
        && let Some(live) = look(s3, bucket).await?
    {
        if let Some(to) = live.destination_result() {
            let destination = json!({
                "TableBucketType": to.table_bucket_type().map(|kind| kind.as_str()),
                "TableBucketArn": to.table_bucket_arn(), "TableNamespace": to.table_namespace(),
            });
            found.push(("MetadataConfiguration.Destination", destination));
        }
        if let Some(table) = live.journal_table_configuration_result() {
            found.push((
                "MetadataConfiguration.JournalTableConfiguration.TableName",
                json!(table.table_name()),
            ));
            found
                .push(("MetadataConfiguration.JournalTableConfiguration.TableArn", json!(table.table_arn())));
        }
        if let Some(table) = live.inventory_table_configuration_result() {
            found.push((
                "MetadataConfiguration.InventoryTableConfiguration.TableName",
                json!(table.table_name()),
            ));
            found.push((
                "MetadataConfiguration.InventoryTableConfiguration.TableArn",
                json!(table.table_arn()),
            ));
        }
        if let Some(table) = live.annotation_table_configuration_result() {
            found.push((
                "MetadataConfiguration.AnnotationTableConfiguration.TableName",
                json!(table.table_name()),
            ));
            found.push((
                "MetadataConfiguration.AnnotationTableConfiguration.TableArn",
                json!(table.table_arn()),
            ));
        }
    }
    if props.MetadataTableConfiguration.is_some()
        && let Some(live) = look_table(s3, bucket).await?
    {
        const DESTINATION: [&str; 2] = [
            "MetadataTableConfiguration.S3TablesDestination.TableArn",
            "MetadataTableConfiguration.S3TablesDestination.TableNamespace",
        ];
        found.push((DESTINATION[0], json!(live.table_arn())));
        found.push((DESTINATION[1], json!(live.table_namespace())));
    }
    let known = found.into_iter().filter(|(_, value)| !value.is_null());
    Ok(known.map(|(name, value)| (name.to_owned(), value)).collect())
}

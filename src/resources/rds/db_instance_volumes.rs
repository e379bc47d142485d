//! Storage volumes of an instance besides its first; Oracle and SQL Server have up to three. A volume's name is its
//! key.

use aws_sdk_rds::types::{
    AdditionalStorageVolume as New, AdditionalStorageVolumeOutput as Shown, ModifyAdditionalStorageVolume,
};

use super::db_instance_modify::number;
use crate::aws::OpError;

crate::props! {
    /// A storage volume.
    pub struct AdditionalStorageVolume {
        AllocatedStorage: String, Iops: i32, MaxAllocatedStorage: i32, StorageThroughput: i32, StorageType: String,
        VolumeName: String,
    }
}

impl AdditionalStorageVolume {
    fn size(&self) -> Result<Option<i32>, OpError> {
        number("AdditionalStorageVolumes.AllocatedStorage", self.AllocatedStorage.as_ref())
    }
}

/// For the calls that make an instance.
pub fn sent(volumes: Option<&Vec<AdditionalStorageVolume>>) -> Result<Option<Vec<New>>, OpError> {
    let each = |volume: &AdditionalStorageVolume| {
        let built = New::builder()
            .set_allocated_storage(volume.size()?)
            .set_iops(volume.Iops)
            .set_max_allocated_storage(volume.MaxAllocatedStorage)
            .set_storage_throughput(volume.StorageThroughput)
            .set_storage_type(volume.StorageType.clone())
            .set_volume_name(volume.VolumeName.clone());
        Ok(built.build())
    };
    volumes.map(|volumes| volumes.iter().map(each).collect()).transpose()
}

/// What a modify call sends: volumes that are new or other than they are, and those that have to go.
pub fn changes(
    live: &[Shown],
    new: Option<&Vec<AdditionalStorageVolume>>,
) -> Result<Vec<ModifyAdditionalStorageVolume>, OpError> {
    let old = received(live, new).unwrap_or_default();
    let new = new.map_or(&[][..], Vec::as_slice);
    let mut all = Vec::new();
    for volume in new.iter().filter(|volume| !old.contains(volume)) {
        let change = ModifyAdditionalStorageVolume::builder()
            .set_allocated_storage(volume.size()?)
            .set_iops(volume.Iops)
            .set_max_allocated_storage(volume.MaxAllocatedStorage)
            .set_storage_throughput(volume.StorageThroughput)
            .set_storage_type(volume.StorageType.clone())
            .set_volume_name(volume.VolumeName.clone());
        all.push(change.build());
    }
    for gone in old.iter().filter(|one| !new.iter().any(|other| other.VolumeName == one.VolumeName)) {
        let change = ModifyAdditionalStorageVolume::builder().set_volume_name(gone.VolumeName.clone());
        all.push(change.set_for_delete(true).build());
    }
    Ok(all)
}

/// The volumes as they are, with those members only that the template names: RDS fills in the others. Storage
/// that grew by itself within `MaxAllocatedStorage` is no difference.
pub fn received(
    live: &[Shown],
    hint: Option<&Vec<AdditionalStorageVolume>>,
) -> Option<Vec<AdditionalStorageVolume>> {
    let each = |shown: &Shown| {
        let mut volume = AdditionalStorageVolume {
            AllocatedStorage: shown.allocated_storage.map(|size| size.to_string()),
            Iops: shown.iops,
            MaxAllocatedStorage: shown.max_allocated_storage,
            StorageThroughput: shown.storage_throughput,
            StorageType: shown.storage_type.clone(),
            VolumeName: shown.volume_name.clone(),
        };
        let hint = hint.into_iter().flatten().find(|hint| hint.VolumeName == volume.VolumeName);
        if let Some(hint) = hint {
            let asked = hint.AllocatedStorage.as_deref().and_then(|text| text.parse::<i32>().ok());
            let grown = match (asked, hint.MaxAllocatedStorage, shown.allocated_storage) {
                (Some(asked), Some(most), Some(size)) => (asked..=most).contains(&size),
                _ => false,
            };
            if grown || hint.AllocatedStorage.is_none() {
                volume.AllocatedStorage.clone_from(&hint.AllocatedStorage);
            }
            volume.Iops = volume.Iops.filter(|_| hint.Iops.is_some());
            volume.MaxAllocatedStorage =
                volume.MaxAllocatedStorage.filter(|_| hint.MaxAllocatedStorage.is_some());
            volume.StorageThroughput = volume.StorageThroughput.filter(|_| hint.StorageThroughput.is_some());
            volume.StorageType = volume.StorageType.filter(|_| hint.StorageType.is_some());
        }
        volume
    };
    (!live.is_empty()).then(|| live.iter().map(each).collect())
}

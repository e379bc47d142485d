//! Buckets of services that everybody may read from.

use serde_json::{Value as Json, json};

use super::{
    objects::{bytes, etag, store},
    tables::{BUCKETS, OBJECTS, versions_of},
};
use crate::sandbox::{Effect, World};

/// Puts an object into a bucket that is no account's of ours; it goes by itself after so many milliseconds.
pub fn lend(world: &mut World, region: &str, (bucket, key): (&str, &str), body: &str, millis: i64) {
    if world.get(BUCKETS, bucket).is_none() {
        let row = json!({
            "Name": bucket, "CreationDate": world.now_secs(), "_region": region, "_owner": "aws", "_lent": true,
            "_sub": {}, "_original": true,
        });
        world.put(BUCKETS, bucket, row);
    }
    let home: Json = world.get(BUCKETS, bucket).cloned().unwrap_or_default();
    let content = bytes(&json!(body));
    let row = json!({"ETag": etag(&content), "Size": content.len(), "_body": body, "_original": true});
    store(world, &home, key, row);
    let at = versions_of(world, bucket, key).first().map(|(at, _)| (*at).to_owned());
    if let Some(at) = at {
        world.after(millis, OBJECTS, &at, Effect::Remove);
    }
}

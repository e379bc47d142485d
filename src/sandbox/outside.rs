//! What is outside of the account and belongs to a migration all the same: the applications that write to a server of
//! somebody else's. A plan's hooks act on them; in a rehearsal they are played here, and never run.

use serde_json::json;

use super::World;

const TABLE: &str = "outside.writers";

/// Plays a hook: what it would do to the outside, and what it prints.
pub fn play(world: &mut World, hook: &str, token: Option<&str>) -> String {
    match hook {
        "fence" | "unfence" => {
            world.put(TABLE, "all", json!({"fenced": hook == "fence"}));
            String::new()
        }
        // The row has arrived: what is captured is applied at once in this model.
        "sentinel-read" => token.unwrap_or_default().to_owned(),
        "transactions" => "0".to_owned(),
        "reverse-position" => "0/1000000".to_owned(),
        _ => String::new(),
    }
}

/// Whether applications outside of the account write to their server.
#[must_use]
pub fn writes(world: &World) -> bool {
    world.get(TABLE, "all").is_none_or(|row| row["fenced"] != true)
}

//! What happens by itself as time goes by.

use super::{blue_green, events};
use crate::sandbox::World;

/// Lets happen what is due: called before each request.
pub fn settle(world: &mut World) {
    blue_green::settle(world);
    events::settle(world);
}

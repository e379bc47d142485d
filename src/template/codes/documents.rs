//! Documents that are the value of one property: policies, DMS settings, dashboards.

use super::Code;

pub(super) static CODES: &[Code] = &[];

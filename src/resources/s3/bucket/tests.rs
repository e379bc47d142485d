//! Laws of the bucket type.

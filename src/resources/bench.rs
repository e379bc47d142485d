//! Test bench for handlers.

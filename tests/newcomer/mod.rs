//! What somebody meets on the first day: real templates, verbs of other tools, reviews that hide nothing, errors at the end
//! of which stands what to do.

mod lints;
mod place;
mod templates;
mod verbs;

//! How good and how fast is Trailwright, in figures that others can repeat?

pub mod corpus;
#[cfg(feature = "measure")]
pub mod mapping_score;

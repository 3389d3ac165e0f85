//! How good and how fast is Trailwright, in figures that others can repeat?

pub mod corpus;
pub mod load;
#[cfg(feature = "engine")]
pub mod mapping_score;
#[cfg(feature = "measure")]
pub mod measure;
#[cfg(feature = "engine")]
pub mod sample;

//! How fast is it, beside others, on the same files and cores?
//!
//! ```text
//! corpus ──► side_by_side: tasks × engines, in turns ──► Results ──► write_up: REPORT.md, charts
//!        └─► growth: a lake that grows to 100 million events ──┘
//! ```
//!
//! Every answer is compared with the corpus's truth: a figure of a wrong answer is not shown as
//! if it were one.

pub mod bare;
mod chart;
mod engine;
pub mod growth;
mod machine;
pub mod own;
mod process;
mod query;
mod results;
pub mod side_by_side;
mod truth;
pub mod write_up;

pub use engine::Tools;
pub use results::Results;

//! How is a line typed?
//!
//! With the feature `prompt`, which is on unless somebody builds without it, with history,
//! completion and colors; else as the terminal alone does it.

#[cfg(not(feature = "prompt"))]
mod plain;
#[cfg(feature = "prompt")]
mod rich;

#[cfg(not(feature = "prompt"))]
pub(super) use plain::Editor;
#[cfg(feature = "prompt")]
pub(super) use rich::Editor;

/// What was typed.
pub(super) enum Typed {
    /// A command, or queries up to a semicolon.
    Line(String),
    /// Ctrl-C: what was typed before it is dropped.
    Dropped,
    /// Ctrl-D.
    End,
}

const PROMPT: &str = "trailwright> ";

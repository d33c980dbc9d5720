//! `waypost edge`: from a configuration to a Spin application.
//!
//! [`plan`] loads every plugin as a start would, takes its settings into it, and composes it with
//! what it imports; the result is an [`Application`], or the list of all that is in the way.
//! [`manifest`] and [`spinkube`] write it down; [`package`] puts it into a folder and says what
//! changes there. No secret is read on the way: plugins name secrets, and the application gets their
//! values as variables from outside.

mod application;
mod bake;
mod compose;
mod diff;
mod doubts;
mod finding;
mod hash;
pub mod manifest;
pub mod package;
mod plan;
mod record;
pub mod redis;
pub mod spinkube;
mod told;

pub use application::{Application, Component, Dependency, File, FileId, Files, Naming, Variable};
pub use bake::Ingredient;
pub use diff::{Change, changes};
pub use finding::{EdgeCode, Finding, Severity};
pub use plan::{Plan, Source, plan};
pub use record::Record;

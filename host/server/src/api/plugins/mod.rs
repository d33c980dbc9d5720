//! Tenants' own components: uploaded, looked at, tried, activated.

mod ask;
mod change;
mod form;
mod look;
mod problems;
mod upload;
mod wire;

pub mod calls {
    //! Every call, with what the router and the document need of it.
    pub use super::ask::*;
    pub use super::change::*;
    pub use super::look::*;
    pub use super::upload::*;
}

//! ISO 3166-1 alpha-2 codes as people write them in settings, and sets of them that are looked up
//! in constant time.

mod code;
mod set;

pub use code::{Country, CountryError};
pub use set::CountrySet;

//! National language shift tables (TS 23.038 section 6.2.1.2 and annex A): GSM-7 with another
//! alphabet (locking shift), another extension table (single shift), or both. The user data header
//! says which (TS 23.040 sections 9.2.3.24.15 and 9.2.3.24.16).

mod language;
mod locking;
mod plan;
mod shift;
mod single;
#[cfg(test)]
mod tests;

pub use language::Language;
pub use plan::{NationalPlan, ShiftKinds, plan};
pub use shift::{LOCKING_SHIFT_IEI, SINGLE_SHIFT_IEI, Shift};

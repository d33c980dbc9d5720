//! Planning and cutting as a whole; tables and codecs are tested beside their
//! code.

mod known_answers;
mod properties;

use super::{EncodingChoice, PlanOptions, Reference, SEGMENTS_LIMIT};

fn options(encoding: EncodingChoice, reference_bits: Reference) -> PlanOptions {
    PlanOptions { encoding, reference_bits, segments_max: SEGMENTS_LIMIT, ..PlanOptions::default() }
}

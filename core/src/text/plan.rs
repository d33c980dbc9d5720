//! Choosing the encoding of a body and counting its segments.

use serde::{Deserialize, Serialize};

use crate::text::lookalikes::{self, Piece, Replaced};
use crate::text::split::{split_octets, split_text};
use crate::text::{
    BODY_BYTES_MAX, Body, Encoding, EncodingChoice, OFFENDING_MAX, OffendingChar, PlanOptions, Reference,
    Replacement, SEGMENTS_LIMIT, TextError, alphabet, gsm7, ucs2,
};

/// How a body is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextPlan {
    /// The encoding chosen.
    pub encoding: Encoding,
    /// Size of the concatenation reference that the cuts leave room for.
    pub reference_bits: Reference,
    /// Number of segments, 1 to [`SEGMENTS_LIMIT`].
    pub segments: u8,
    /// Units of the whole message without headers: septets (an extension
    /// character counts two), UTF-16 code units, or octets.
    pub units: u32,
    /// Byte offsets in the sent text (UTF-8) or data at which the second and
    /// later segments begin; empty for one segment.
    pub cuts: Vec<u32>,
    /// The text to send where it differs from the body's.
    pub replaced_text: Option<String>,
    /// What was replaced, sorted; empty where nothing was.
    pub replacements: Vec<Replacement>,
}

impl TextPlan {
    /// Units that fit each segment of this plan.
    #[must_use]
    pub const fn units_max(&self) -> usize {
        let udh_octets = if self.segments > 1 { self.reference_bits.udh_octets() } else { 0 };
        self.encoding.units_max(udh_octets)
    }

    /// The text that is sent, replacements made; `None` for binary data.
    #[must_use]
    pub fn text<'a>(&'a self, body: &'a Body) -> Option<&'a str> {
        match (&self.replaced_text, body) {
            (Some(text), Body::Text(_)) => Some(text),
            (None, Body::Text(text)) => Some(text),
            (_, Body::Binary(_)) => None,
        }
    }
}

/// Decides how a body is sent.
///
/// * `Auto` takes GSM-7 where it holds every character, else UCS-2.
/// * With `replace_lookalikes`, a text outside GSM-7 whose every such
///   character has a look-alike is replaced and sent in GSM-7. Where one has
///   none, UCS-2 is needed anyway and nothing is replaced.
///
/// # Errors
/// See [`TextError`]. A body is never shortened to fit.
pub fn plan(body: &Body, options: &PlanOptions) -> Result<TextPlan, TextError> {
    if !(1..=SEGMENTS_LIMIT).contains(&options.segments_max) {
        return Err(TextError::SegmentsMaxOutOfRange { segments_max: options.segments_max });
    }
    match body {
        Body::Text(text) => plan_text(text, options),
        Body::Binary(octets) => plan_binary(octets, options),
    }
}

fn plan_text(text: &str, options: &PlanOptions) -> Result<TextPlan, TextError> {
    check_length(text.len())?;
    let (encoding, units, replaced) = choose(text, options)?;
    let (replaced_text, replacements) = match replaced {
        Some(Replaced { text, replacements }) => (Some(text), replacements),
        None => (None, Vec::new()),
    };
    let sent = replaced_text.as_deref().unwrap_or(text);
    let cuts = cut(encoding, units, options, |units_max| match encoding {
        Encoding::Gsm7 => split_text(sent, units_max, septets_of),
        Encoding::Ucs2 | Encoding::Binary => split_text(sent, units_max, char::len_utf16),
    })?;
    Ok(TextPlan {
        encoding,
        reference_bits: options.reference_bits,
        segments: cuts.len() as u8 + 1,
        units,
        cuts,
        replaced_text,
        replacements,
    })
}

fn plan_binary(octets: &[u8], options: &PlanOptions) -> Result<TextPlan, TextError> {
    check_length(octets.len())?;
    if matches!(options.encoding, EncodingChoice::Gsm7 | EncodingChoice::Ucs2) {
        return Err(TextError::TextEncodingForBinary { requested: options.encoding });
    }
    let units = octets.len() as u32;
    let cuts = cut(Encoding::Binary, units, options, |units_max| split_octets(octets.len(), units_max))?;
    Ok(TextPlan {
        encoding: Encoding::Binary,
        reference_bits: options.reference_bits,
        segments: cuts.len() as u8 + 1,
        units,
        cuts,
        replaced_text: None,
        replacements: Vec::new(),
    })
}

const fn check_length(bytes: usize) -> Result<(), TextError> {
    match bytes {
        0 => Err(TextError::Empty),
        1..=BODY_BYTES_MAX => Ok(()),
        _ => Err(TextError::TooLong { bytes, bytes_max: BODY_BYTES_MAX }),
    }
}

/// The encoding, the units in it, and the replacements that lead to it.
fn choose(text: &str, options: &PlanOptions) -> Result<(Encoding, u32, Option<Replaced>), TextError> {
    match options.encoding {
        EncodingChoice::Binary => return Err(TextError::BinaryForText),
        EncodingChoice::Ucs2 => return Ok((Encoding::Ucs2, ucs2::count_units(text), None)),
        EncodingChoice::Auto | EncodingChoice::Gsm7 => {}
    }
    if let Some(units) = gsm7::count_septets(text) {
        return Ok((Encoding::Gsm7, units, None));
    }
    if options.replace_lookalikes
        && let Some(replaced) = lookalikes::replace(text)
        && let Some(units) = gsm7::count_septets(&replaced.text)
    {
        return Ok((Encoding::Gsm7, units, Some(replaced)));
    }
    if options.encoding == EncodingChoice::Gsm7 {
        return Err(not_in_gsm7(text, options.replace_lookalikes));
    }
    Ok((Encoding::Ucs2, ucs2::count_units(text), None))
}

/// Lists what GSM-7 lacks; where look-alikes are replaced, only what has none.
fn not_in_gsm7(text: &str, replacing: bool) -> TextError {
    let mut offending: Vec<OffendingChar> = Vec::new();
    let mut occurrences = 0;
    let mut lookalikes_would_help = !replacing;
    let mut position = 0;
    for piece in lookalikes::pieces(text) {
        let outside = match piece {
            Piece::Outside(character) => {
                lookalikes_would_help = false;
                Some((character, position))
            }
            // Of a letter and its combining mark, the mark is what is outside.
            Piece::Replaced { from, .. } if !replacing => from
                .chars()
                .zip(position..)
                .find(|(character, _)| alphabet::encode_char(*character).is_none()),
            Piece::Replaced { .. } | Piece::Kept(_) => None,
        };
        if let Some((character, position)) = outside {
            occurrences += 1;
            let known = offending.iter().any(|o| o.character == character);
            if !known && offending.len() < OFFENDING_MAX {
                offending.push(OffendingChar { character, position });
            }
        }
        position += piece.chars();
    }
    TextError::NotInGsm7 { offending, occurrences, lookalikes_would_help }
}

/// Cuts what does not fit one segment, and refuses what takes too many.
fn cut(
    encoding: Encoding,
    units: u32,
    options: &PlanOptions,
    split: impl FnOnce(usize) -> Vec<u32>,
) -> Result<Vec<u32>, TextError> {
    if units == 0 {
        return Err(TextError::Empty);
    }
    if units as usize <= encoding.units_max(0) {
        return Ok(Vec::new());
    }
    let cuts = split(encoding.units_max(options.reference_bits.udh_octets()));
    let segments = cuts.len() as u32 + 1;
    if segments > u32::from(options.segments_max) {
        return Err(TextError::TooManySegments { segments, segments_max: options.segments_max, units });
    }
    Ok(cuts)
}

fn septets_of(character: char) -> usize {
    alphabet::encode_char(character).map_or(0, |septets| septets.count() as usize)
}

//! The valid word nearest to a misspelt one: for keys of the configuration, fields of a request,
//! columns of a file.

/// Longest word that is compared, in characters: the cost grows with its square.
const WORD_CHARS_MAX: usize = 64;

/// The candidate nearest to `word`, if one is near enough to be what was meant: at most one edit
/// for each three characters, or else one that begins with `word` (mostly the unit was left out:
/// `retention` for `retention_days`). Case, `-` and `_` make no difference. Of equally near ones
/// the first.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str> + Clone) -> Option<&'c str> {
    let length = word.chars().take(WORD_CHARS_MAX + 1).count();
    if length == 0 || length > WORD_CHARS_MAX {
        return None;
    }
    let word = plain(word);
    let edits_max = (length / 3).max(1);
    let by_edits = candidates
        .clone()
        .into_iter()
        .filter(|candidate| candidate.len() <= WORD_CHARS_MAX)
        .map(|candidate| (strsim::osa_distance(&word, &plain(candidate)), candidate))
        .filter(|(edits, _)| *edits <= edits_max)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate);
    let begun =
        |candidate: &&str| plain(candidate).strip_prefix(&word).is_some_and(|rest| rest.starts_with('_'));
    by_edits.or_else(|| candidates.into_iter().find(begun))
}

fn plain(word: &str) -> String {
    word.to_ascii_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_word_or_none() {
        let words = ["rate_per_second", "rate_burst", "retry", "weight"];
        let cases = [
            ("rate_per_secnd", Some("rate_per_second")),
            ("weigth", Some("weight")),
            ("WEIGHT", Some("weight")),
            ("rety", Some("retry")),
            ("rate_per", Some("rate_per_second")),
            ("rate", Some("rate_per_second")),
            ("wait", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
        assert_eq!(nearest(&"a".repeat(10_000), ["a"]), None);
    }

    #[test]
    fn spelling_of_other_languages_is_recognised() {
        let words = ["to", "from", "text", "max_segments", "valid_for_seconds", "client_ref"];
        let cases = [
            ("txt", Some("text")),
            ("form", Some("from")),
            ("To", Some("to")),
            ("valid_for", Some("valid_for_seconds")),
            ("max-segments", Some("max_segments")),
            ("clientRef", Some("client_ref")),
            ("message", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
    }
}

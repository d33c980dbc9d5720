//! Prefers some providers over the others.

use waypost_plugin::prelude::*;

settings! {
    /// Prefers some providers over the others.
    pub struct Policy {
        /// Providers, best first.
        prefer: Vec<String>,
    }
}

impl Routing for Policy {
    fn rank(&self, _message: &Message, candidates: &[Candidate]) -> Ranking {
        let mut ranked: Vec<_> = candidates.iter().collect();
        ranked.sort_by_key(|candidate| {
            let place = self.prefer.iter().position(|id| *id == candidate.id).unwrap_or(usize::MAX);
            (candidate.health, place)
        });
        Ranking::of(ranked)
    }
}

waypost_plugin::export!(Policy: Routing);

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_plugin::testing;

    #[test]
    fn the_preferred_provider_comes_first() {
        let policy: Policy = testing::settings(r#"{"prefer": ["first"]}"#);
        let candidates = testing::candidates(&["second", "first"]);
        let ranking = policy.rank(&testing::message("+447400123456"), &candidates);
        assert_eq!(ranking, Ranking::Ranked(vec!["first".to_owned(), "second".to_owned()]));
    }
}

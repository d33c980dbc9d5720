//! Runs every case against one target: cases with the same configuration share a gateway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::case::{self, Case};
use crate::player::Player;
use crate::target::{Deployment, Target};

/// Only cases whose names contain this.
const FILTER_VARIABLE: &str = "WAYPOST_CASE";
/// Cases under way at once. Most of them wait most of the time.
const AT_ONCE: usize = 12;

/// Runs the cases and fails with everything that is different.
pub async fn run(target: &dyn Target) {
    let filter = std::env::var(FILTER_VARIABLE).unwrap_or_default();
    let start = Instant::now();
    let mut groups: BTreeMap<_, Vec<(u32, Case)>> = BTreeMap::new();
    for (index, case) in (0..).zip(case::all()) {
        let is_meant = case.name.contains(&filter) && !case.except.iter().any(|it| it == target.name());
        if is_meant {
            let alone = case.alone.then(|| case.name.clone());
            groups.entry((case.configuration.clone(), alone)).or_default().push((index, case));
        }
    }
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (mut runs, mut failures, mut count) = (JoinSet::new(), Vec::new(), 0);
    // Kept to the end: they show their logs when the run fails.
    let mut deployments = Vec::new();
    for ((configuration, _), cases) in groups {
        let deployment: Arc<dyn Deployment> = Arc::from(target.start(&configuration).await);
        deployments.push(deployment.clone());
        for (index, case) in cases {
            count += 1;
            let (deployment, places) = (deployment.clone(), places.clone());
            runs.spawn(async move {
                let _place = places.acquire_owned().await.unwrap();
                let start = Instant::now();
                let result = Player::new(&case, index, deployment).play().await;
                (case.name, start.elapsed(), result)
            });
        }
    }
    while let Some(run) = runs.join_next().await {
        match run {
            Ok((name, time, Ok(()))) => println!("{} {name} ({} ms)", target.name(), time.as_millis()),
            Ok((name, _, Err(text))) => failures.push(format!("{name}\n{text}")),
            Err(error) => failures.push(format!("a case ended early: {error}\n")),
        }
    }
    assert!(count > 0, "no case is named like `{filter}`");
    println!("{}: {count} cases in {} ms", target.name(), start.elapsed().as_millis());
    failures.sort_unstable();
    assert!(failures.is_empty(), "{}: {} failed\n\n{}", target.name(), failures.len(), failures.join("\n"));
}

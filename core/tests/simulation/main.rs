//! A seeded simulation of the life of many messages (design, invariant 7): hosts that crash and
//! stall, providers that lose answers and send receipts in any order, applications that repeat
//! their requests. `WAYPOST_SEED` and `WAYPOST_STEPS` make longer or other runs.

mod application;
mod change;
mod fault;
mod host;
mod invariants;
mod provider;
mod random;
mod store;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::time::Instant;

use fault::Fault;
use waypost_core::message::State;
use world::World;

/// Steps of each seed; four seeds make more than a million. Without optimisation a tenth of it.
const STEPS: u64 = if cfg!(debug_assertions) { 26_000 } else { 260_000 };
const SEEDS: [u64; 4] = [1, 7, 42, 20_260];

#[test]
fn the_life_of_messages_keeps_its_promises() {
    let seeds = number("WAYPOST_SEED").map_or(SEEDS.to_vec(), |seed| vec![seed]);
    let steps = number("WAYPOST_STEPS").unwrap_or(STEPS);
    let mut ended: BTreeMap<State, u64> = BTreeMap::new();
    for seed in seeds {
        let begun = Instant::now();
        let mut world = World::new(seed, Fault::None);
        if let Err(violation) = world.run(steps) {
            panic!("seed {seed}, step {}: {violation}", world.steps);
        }
        let per_second = world.steps as f64 / begun.elapsed().as_secs_f64();
        println!("seed {seed}: {} steps, {per_second:.0} steps/s, {}", world.steps, summary(&world));
        State::ALL.into_iter().for_each(|state| *ended.entry(state).or_default() += world.count(state));
    }
    for state in State::ALL.into_iter().filter(|state| state.is_final() && steps >= STEPS) {
        assert!(ended[&state] > 0, "no message ended as {state}: the run shows too little");
    }
}

#[test]
fn the_same_seed_makes_the_same_world() {
    let [first, second] = [(); 2].map(|()| {
        let mut world = World::new(5, Fault::None);
        if let Err(violation) = world.run(20_000) {
            panic!("seed 5, step {}: {violation}", world.steps);
        }
        (world.steps, world.settled, world.now_ms, summary(&world))
    });
    assert_eq!(first, second);
}

/// Each broken rule is noticed, and by the invariant that is there for it.
#[test]
fn broken_rules_are_noticed() {
    let table: [(Fault, &[&str]); 9] = [
        (Fault::ForgottenFence, &["a lost lease settles nothing"]),
        // Whichever comes first: the second submit, or the end of a message that was sent.
        (Fault::SilentRequeue, &["sent twice, marked doubted", "given up, not sent"]),
        (Fault::ReceiptOverwritesFinal, &["states move forward"]),
        (Fault::ForgottenKey, &["one key, one message"]),
        (Fault::UncountedCap, &["caps are kept"]),
        (Fault::ForgottenRate, &["rates are kept"]),
        (Fault::DroppedMessage, &["accepted, never absent"]),
        (Fault::TrustedReference, &["receipts are the message's own"]),
        (Fault::EndlessDoubt, &["everything ends"]),
    ];
    for (fault, invariants) in table {
        let mut world = World::new(11, fault);
        let Err(violation) = world.run(60_000) else { panic!("{fault:?} was not noticed") };
        assert!(invariants.contains(&violation.invariant), "{fault:?}: {violation}");
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn summary(world: &World) -> String {
    let counts = State::ALL.into_iter().map(|state| format!("{state} {}", world.count(state)));
    counts.collect::<Vec<_>>().join(", ")
}

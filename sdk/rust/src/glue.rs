//! Between a plugin and the bindings that [`export!`](crate::export) generates in its crate: the
//! conversions, and where its settings are kept.

/// Implements what the bindings ask for. Expanded beside them, so that it can name their types.
#[doc(hidden)]
#[macro_export]
macro_rules! __glue {
    (screening, $plugin:path) => {
        $crate::__glue!(@configuration Screening, $plugin);

        impl exports::waypost::sms::screening::Guest for Component {
            fn screen(message: $crate::Message) -> exports::waypost::sms::screening::Verdict {
                use exports::waypost::sms::screening::Verdict;
                let Some(plugin) = PLUGIN.get() else { return Verdict::Refuse($crate::not_configured()) };
                match $crate::Screening::screen(plugin, &message) {
                    $crate::Verdict::Allow => Verdict::Allow,
                    $crate::Verdict::Refuse(refusal) => Verdict::Refuse(refusal),
                    $crate::Verdict::HoldUntil(time_ms) => Verdict::HoldUntil(time_ms),
                }
            }
        }
    };
    (sender_identity, $plugin:path) => {
        $crate::__glue!(@configuration SenderIdentity, $plugin);

        impl exports::waypost::sms::sender_identity::Guest for Component {
            fn choose(message: $crate::Message) -> exports::waypost::sms::sender_identity::Choice {
                use exports::waypost::sms::sender_identity::Choice;
                let Some(plugin) = PLUGIN.get() else { return Choice::Refuse($crate::not_configured()) };
                match $crate::SenderIdentity::choose(plugin, &message) {
                    $crate::Choice::Keep => Choice::Keep,
                    // The host reads the value; the kind does not overrule it.
                    $crate::Choice::Replace(value) => {
                        Choice::Replace($crate::Address { value, kind: $crate::AddressKind::Alphanumeric })
                    }
                    $crate::Choice::Refuse(refusal) => Choice::Refuse(refusal),
                }
            }
        }
    };
    (routing, $plugin:path) => {
        $crate::__glue!(@configuration Routing, $plugin);

        impl exports::waypost::sms::routing::Guest for Component {
            fn rank(
                message: $crate::Message,
                candidates: Vec<exports::waypost::sms::routing::Candidate>,
            ) -> exports::waypost::sms::routing::Ranking {
                use exports::waypost::sms::routing::{Health, Ranking};
                let Some(plugin) = PLUGIN.get() else { return Ranking::Refuse($crate::not_configured()) };
                let candidates: Vec<_> = candidates
                    .into_iter()
                    .map(|candidate| $crate::Candidate {
                        id: candidate.id,
                        price_micros: candidate.price_micros,
                        health: match candidate.health {
                            Health::Healthy => $crate::Health::Healthy,
                            Health::Recovering => $crate::Health::Recovering,
                            Health::Down => $crate::Health::Down,
                        },
                        backlog: candidate.backlog,
                        weight: candidate.weight,
                    })
                    .collect();
                match $crate::Routing::rank(plugin, &message, &candidates) {
                    $crate::Ranking::Ranked(ids) => Ranking::Ranked(ids),
                    $crate::Ranking::Refuse(refusal) => Ranking::Refuse(refusal),
                }
            }
        }
    };
    (receiving, $plugin:path) => {
        $crate::__glue!(@configuration Receiving, $plugin);

        impl exports::waypost::sms::receiving::Guest for Component {
            fn receive(
                inbound: exports::waypost::sms::receiving::Inbound,
            ) -> Vec<exports::waypost::sms::receiving::Action> {
                use exports::waypost::sms::receiving::Action;
                let Some(plugin) = PLUGIN.get() else { return Vec::new() };
                let inbound = $crate::Inbound {
                    tenant: inbound.tenant,
                    time_ms: inbound.time_ms,
                    provider: inbound.provider,
                    sender: inbound.sender,
                    to: inbound.to,
                    body: inbound.body,
                    hops: inbound.hops,
                };
                let actions = $crate::Receiving::receive(plugin, &inbound).into_iter();
                actions
                    .map(|action| match action {
                        $crate::Action::Inbox(name) => Action::Inbox(name),
                        $crate::Action::OptOut => Action::OptOut,
                        $crate::Action::OptIn => Action::OptIn,
                        $crate::Action::Drop => Action::Drop,
                    })
                    .collect()
            }
        }
    };
    (@configuration $role:ident, $plugin:path) => {
        static PLUGIN: std::sync::OnceLock<$plugin> = std::sync::OnceLock::new();

        impl exports::waypost::sms::configuration::Guest for Component {
            fn schema() -> String {
                <$plugin as $crate::Settings>::schema()
            }

            fn configure(settings_json: String) -> Result<(), String> {
                let plugin: $plugin = $crate::read_settings(&settings_json)?;
                $crate::$role::check(&plugin)?;
                PLUGIN.set(plugin).map_err(|_| "configured twice".to_owned())
            }
        }
    };
}

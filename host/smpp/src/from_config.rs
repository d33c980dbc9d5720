//! From the configuration of a provider to what a client is told.

use std::sync::Arc;
use std::time::Duration;

use waypost_core::config::smpp as config;
use waypost_core::smpp::pdu::Address;

use crate::options::{
    BindMode, Endpoint, InterfaceVersion, Limits, Options, Password, Reconnect, Throttling, Timeouts,
};
use crate::tls::Tls;
use crate::trace::Trace;

impl Options {
    /// For the provider `name`, as its table says. What takes files or secrets to make comes made:
    /// the password, TLS and the trace.
    ///
    /// A submit may wait for its place in a window for as long as for its answer, but no longer than
    /// ten seconds: what claims messages has to lease them for the sum.
    #[must_use]
    pub fn from_config(
        name: &str,
        smpp: &config::Smpp,
        password: Password,
        tls: Option<Tls>,
        trace: Option<Arc<Trace>>,
        seed: u64,
    ) -> Self {
        let endpoint =
            |address: &config::SmscAddress| Endpoint { host: address.host.clone(), port: address.port };
        Self {
            name: name.to_owned(),
            endpoints: smpp.addresses.iter().map(endpoint).collect(),
            tls,
            system_id: smpp.system_id.clone(),
            password,
            system_type: smpp.system_type.clone(),
            interface_version: match smpp.version {
                config::Version::V34 => InterfaceVersion::V3_4,
                config::Version::V50 => InterfaceVersion::V5_0,
            },
            address_range: Address {
                ton: smpp.address_range.ton,
                npi: smpp.address_range.npi,
                value: smpp.address_range.range.clone(),
            },
            binds: modes(smpp.mode).repeat(smpp.binds as usize),
            window: smpp.window as usize,
            rate_per_second: smpp.bind_rate_per_second,
            timeouts: timeouts(smpp),
            reconnect: Reconnect {
                base: ms(smpp.reconnect_min_ms),
                max: ms(smpp.reconnect_max_ms),
                ..Reconnect::default()
            },
            throttling: Throttling { pause: ms(smpp.throttle_pause_ms), heed_congestion: smpp.congestion },
            limits: Limits::default(),
            trace,
            seed,
        }
    }
}

fn modes(mode: config::BindMode) -> &'static [BindMode] {
    match mode {
        config::BindMode::Transceiver => &[BindMode::Transceiver],
        config::BindMode::TransmitterAndReceiver => &[BindMode::Transmitter, BindMode::Receiver],
        config::BindMode::Transmitter => &[BindMode::Transmitter],
        config::BindMode::Receiver => &[BindMode::Receiver],
    }
}

fn timeouts(smpp: &config::Smpp) -> Timeouts {
    let (bind, response) = (ms(smpp.bind_timeout_ms), ms(smpp.response_timeout_ms));
    let defaults = Timeouts::default();
    Timeouts {
        connect: bind,
        tls: bind,
        bind,
        response,
        enquire_link: ms(smpp.enquire_link_ms),
        // `inactivity_ms` counts from the last sign of life, and is more than `enquire_link_ms`.
        enquire_link_response: ms(smpp.inactivity_ms.saturating_sub(smpp.enquire_link_ms).max(1)),
        queue: response.min(defaults.queue),
        ..defaults
    }
}

fn ms(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_core::config::Config;

    fn options(table: &str) -> Options {
        let text = format!(
            "[tenants.default]\n[providers.carrier.smpp]\naddress = \"smsc.example.com\"\nsystem_id = \"shop\"\n{table}\n"
        );
        let parsed = Config::parse(&text, "waypost.toml", &[]).expect("a good file");
        let smpp = parsed.config.providers["carrier"].smpp().expect("SMPP").clone();
        Options::from_config("carrier", &smpp, Password::new("secret"), None, None, 1)
    }

    #[test]
    fn a_short_table_gives_options_that_work() {
        let options = options("");
        assert_eq!(options.check(), Ok(()));
        assert_eq!(options.endpoints[0].to_string(), "smsc.example.com:2775");
        assert_eq!((options.binds.as_slice(), options.window), (&[BindMode::Transceiver][..], 10));
    }

    #[test]
    fn binds_are_of_each_kind_and_silence_counts_from_the_last_sign_of_life() {
        let options = options(
            "binds = 2\nmode = \"transmitter+receiver\"\nversion = \"5.0\"\naddress_range = \"49\"\n\
             enquire_link_ms = 2000\ninactivity_ms = 5000\nresponse_timeout_ms = 3000",
        );
        assert_eq!(options.check(), Ok(()));
        let (sends, receives) = (BindMode::Transmitter, BindMode::Receiver);
        assert_eq!(options.binds, [sends, receives, sends, receives]);
        assert_eq!(options.interface_version, InterfaceVersion::V5_0);
        assert_eq!(options.address_range.value, "49");
        assert_eq!(options.timeouts.enquire_link_response, Duration::from_secs(3));
        assert_eq!((options.timeouts.response, options.timeouts.queue), (ms(3_000), ms(3_000)));
    }
}

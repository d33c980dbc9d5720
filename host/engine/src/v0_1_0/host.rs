//! What components of this version import.

use waypost_core::decision::Role;
use waypost_core::inbound::{OUTGOING_MAX, Outgoing};
use waypost_core::signing as crypto;

use super::bindings::waypost::sms::{log, messaging, signing, types};
use super::output;
use crate::state::CallState;

impl types::Host for CallState {}

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, text: String) {
        let level = match level {
            log::Level::Debug => "debug",
            log::Level::Info => "info",
            log::Level::Warn => "warn",
        };
        self.log.write(level, &text);
    }
}

impl messaging::Host for CallState {
    fn send(&mut self, message: messaging::Outgoing) -> Result<(), String> {
        if self.role != Role::Receiving {
            return Err("only the receiving role sends messages".to_owned());
        }
        if self.outgoing.len() >= OUTGOING_MAX {
            return Err(format!("one inbound message leads to at most {OUTGOING_MAX} messages"));
        }
        self.outgoing.push(Outgoing {
            to: message.to,
            sender: message.sender.map(output::party),
            text: message.text,
        });
        Ok(())
    }
}

impl signing::Host for CallState {
    fn hmac(&mut self, hash: signing::Hash, secret: String, data: Vec<u8>) -> Result<Vec<u8>, String> {
        if self.role != Role::Provider {
            return Err("only the provider role signs".to_owned());
        }
        let Some(key) = self.secrets.get(&secret) else {
            return Err("there is no secret of that name".to_owned());
        };
        Ok(crypto::hmac(function(hash), key, &data))
    }

    fn digest(&mut self, hash: signing::Hash, data: Vec<u8>) -> Vec<u8> {
        crypto::digest(function(hash), &data)
    }

    fn ed25519_verify(&mut self, public_key: Vec<u8>, data: Vec<u8>, signature: Vec<u8>) -> bool {
        crypto::ed25519_verify(&public_key, &data, &signature)
    }
}

fn function(hash: signing::Hash) -> crypto::Hash {
    match hash {
        signing::Hash::Md5 => crypto::Hash::Md5,
        signing::Hash::Sha1 => crypto::Hash::Sha1,
        signing::Hash::Sha256 => crypto::Hash::Sha256,
        signing::Hash::Sha512 => crypto::Hash::Sha512,
    }
}

//! Cryptography for a provider's plugin. The secrets are Spin variables of the provider's component,
//! which this component inherits; the plugin names a secret and never sees its value.

use bindings::exports::waypost::sms::signing::{Guest, Hash};
use bindings::fermyon::spin::variables;
use waypost_core::edge::secret_variable;
use waypost_core::signing as crypto;

#[allow(unsafe_code, missing_docs, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        inline: "
            package waypost:edge-signing;
            world edge-signing {
                import fermyon:spin/variables@2.0.0;
                export waypost:sms/signing@0.1.0;
            }
        ",
        path: ["../../wit/0.1.0", "../wit/spin"],
        world: "waypost:edge-signing/edge-signing",
        generate_all,
    });
    export!(Component with_types_in self);
    use super::Component;
}

struct Component;

impl Guest for Component {
    fn hmac(hash: Hash, secret: String, data: Vec<u8>) -> Result<Vec<u8>, String> {
        let value = variables::get(&secret_variable(&secret));
        let key = value.map_err(|_| "there is no secret of that name".to_owned())?;
        Ok(crypto::hmac(function(hash), key.as_bytes(), &data))
    }

    fn digest(hash: Hash, data: Vec<u8>) -> Vec<u8> {
        crypto::digest(function(hash), &data)
    }

    fn ed25519_verify(public_key: Vec<u8>, data: Vec<u8>, signature: Vec<u8>) -> bool {
        crypto::ed25519_verify(&public_key, &data, &signature)
    }
}

fn function(hash: Hash) -> crypto::Hash {
    match hash {
        Hash::Md5 => crypto::Hash::Md5,
        Hash::Sha1 => crypto::Hash::Sha1,
        Hash::Sha256 => crypto::Hash::Sha256,
        Hash::Sha512 => crypto::Hash::Sha512,
    }
}

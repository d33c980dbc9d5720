//! Writes the macro that makes a component of a plugin. The bindings have to be generated in the
//! crate of the plugin, because what they leave in its object files is what makes it a component of
//! one world; so the macro carries the text of the WIT files.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

/// Trait of this crate, world, and the module of the world's own interface.
const ROLES: [(&str, &str, &str); 4] = [
    ("Screening", "screening-policy", "screening"),
    ("SenderIdentity", "sender-policy", "sender_identity"),
    ("Routing", "routing-policy", "routing"),
    ("Receiving", "receiving-policy", "receiving"),
];

fn main() -> io::Result<()> {
    let wit: String =
        ["types.wit", "policies.wit"].iter().map(|name| plain(name)).collect::<io::Result<_>>()?;
    let mut text = String::from(
        "/// Makes a component of a plugin: `waypost_plugin::export!(ConsentTag: Screening);`, once in a crate.\n\
         /// The roles are `Screening`, `SenderIdentity`, `Routing` and `Receiving`.\n\
         #[macro_export]\nmacro_rules! export {\n",
    );
    for (role, world, module) in ROLES {
        // What a world does not import must not be named.
        let messaging = match role {
            "Receiving" => {
                "\"waypost:sms/messaging@0.1.0\": waypost_plugin::bindings::waypost::sms::messaging,"
            }
            _ => "",
        };
        let _ = write!(
            text,
            r##"    ($plugin:ident : {role}) => {{
        const _: fn() = || {{
            fn plays<P: $crate::{role}>() {{}}
            plays::<$plugin>();
        }};
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        #[allow(unsafe_code, missing_docs, unused, clippy::all, clippy::pedantic)]
        mod __component {{
            $crate::wit_bindgen::generate!({{
                inline: r#"{wit}"#,
                world: "{world}",
                runtime_path: "waypost_plugin::wit_bindgen::rt",
                with: {{
                    "waypost:sms/types@0.1.0": waypost_plugin::bindings::waypost::sms::types,
                    "waypost:sms/log@0.1.0": waypost_plugin::bindings::waypost::sms::log,
                    {messaging}
                }},
            }});
            struct Component;
            export!(Component with_types_in self);
            $crate::__glue!({module}, super::$plugin);
        }}
    }};
"##
        );
    }
    text.push_str("}\n");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    fs::write(out.join("export.rs"), text)
}

/// A file of the package without its comments and its first line, which may stand once only.
fn plain(name: &str) -> io::Result<String> {
    let path = PathBuf::from("wit").join(name);
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path)?;
    let mut plain = String::new();
    if name == "types.wit" {
        plain.push_str("package waypost:sms@0.1.0;\n");
    }
    for line in text.lines() {
        if !line.starts_with("package ") && !line.trim_start().starts_with("///") {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    Ok(plain)
}

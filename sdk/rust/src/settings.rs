//! Settings: a struct that reads itself from JSON and says its JSON Schema.

use serde::de::DeserializeOwned;

/// The settings of a plugin. [`settings!`](crate::settings) implements it; by hand it takes a schema
/// of your own: `include_str!("../schema.json").to_owned()`.
pub trait Settings: DeserializeOwned + 'static {
    /// The JSON Schema. The host checks settings against it before they are read.
    fn schema() -> String;
}

/// Reads settings. For the glue of [`export!`](crate::export) and for tests.
#[doc(hidden)]
pub fn read<S: Settings>(settings_json: &str) -> Result<S, String> {
    serde_json::from_str(settings_json).map_err(|error| error.to_string())
}

/// Declares settings: a struct whose fields are [`Schema`](crate::schema::Schema) types.
///
/// Comments become descriptions. A field with `= value` may be left out. `#[schema(…)]` adds
/// keywords of JSON Schema to a field.
///
/// ```
/// use waypost_plugin::settings;
///
/// settings! {
///     /// Holds messages back at night.
///     pub struct Quiet {
///         /// The hour at which the night begins.
///         #[schema("minimum": 0, "maximum": 23)]
///         from_hour: u8,
///         /// A message with this tag goes at any time.
///         urgent_tag: String = "otp".to_owned(),
///     }
/// }
/// ```
///
/// A struct within settings is declared in the same way, and so is an enum: `pub enum Mode { Strict, Lax }`
/// is one of the texts `strict` and `lax`.
#[macro_export]
macro_rules! settings {
    () => {};
    (
        $(#[doc = $about:literal])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[schema($($keyword:literal : $value:tt),+ $(,)?)])?
                $field:ident : $type:ty $(= $default:expr)?
            ),* $(,)?
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        $visibility struct $name {
            $(
                $(#[doc = $doc])*
                pub $field: $type,
            )*
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive($crate::serde::Deserialize)]
                #[serde(crate = "waypost_plugin::serde", deny_unknown_fields)]
                struct Given {
                    $($field: Option<$type>,)*
                }
                let given = <Given as $crate::serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self {
                    $($field: match given.$field {
                        Some(value) => value,
                        None => $crate::__setting!(D, $field: $type $(= $default)?),
                    },)*
                })
            }
        }

        impl $crate::schema::Schema for $name {
            fn members() -> String {
                let mut object = $crate::schema::Object::new(concat!($($about),*));
                $(object.field::<$type>(
                    stringify!($field),
                    concat!($($doc),*),
                    concat!($($(",", stringify!($keyword), ":", stringify!($value)),+)?),
                    $crate::__setting!(@required $($default)?),
                );)*
                object.members()
            }
        }

        impl $crate::Settings for $name {
            fn schema() -> String {
                $crate::schema::document::<Self>()
            }
        }

        $crate::settings!($($rest)*);
    };
    (
        $(#[doc = $about:literal])*
        $visibility:vis enum $name:ident {
            $($(#[doc = $doc:literal])* $variant:ident),* $(,)?
        }
        $($rest:tt)*
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, $crate::serde::Deserialize)]
        #[serde(crate = "waypost_plugin::serde", rename_all = "snake_case")]
        $visibility enum $name {
            $($(#[doc = $doc])* $variant,)*
        }

        impl $crate::schema::Schema for $name {
            fn members() -> String {
                $crate::schema::one_of(&[$(stringify!($variant)),*])
            }
        }

        $crate::settings!($($rest)*);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __setting {
    (@required) => {
        true
    };
    (@required $default:expr) => {
        false
    };
    ($deserializer:ident, $field:ident : $type:ty) => {
        match <$type as $crate::schema::Schema>::absent() {
            Some(value) => value,
            None => {
                return Err(<$deserializer::Error as $crate::serde::de::Error>::missing_field(stringify!(
                    $field
                )));
            }
        }
    };
    ($deserializer:ident, $field:ident : $type:ty = $default:expr) => {
        $default
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use std::collections::BTreeMap;

    settings! {
        /// Some settings.
        struct Some_ {
            /// A name, with "quotes".
            #[schema("minLength": 1, "maxLength": 5)]
            name: String,
            hours: Vec<u8> = vec![1, 2],
            limit: Option<u32>,
            by_name: BTreeMap<String, Inner> = BTreeMap::new(),
            mode: Mode = Mode::VeryStrict,
        }

        struct Inner {
            on: bool,
        }

        enum Mode {
            VeryStrict,
            Lax,
        }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let read = |json| super::read::<Some_>(json);
        let settings = read(r#"{"name": "x"}"#).unwrap();
        assert_eq!(
            (settings.hours.as_slice(), settings.limit, settings.mode),
            (&[1, 2][..], None, Mode::VeryStrict)
        );
        assert_eq!(settings.name, "x");
        let settings =
            read(r#"{"name": "x", "limit": 3, "mode": "lax", "by_name": {"a": {"on": true}}}"#).unwrap();
        assert!(settings.limit == Some(3) && settings.mode == Mode::Lax && settings.by_name["a"].on);
        for (json, named) in [
            ("{}", "`name`"),
            (r#"{"name": "x", "naem": 1}"#, "`naem`"),
            (r#"{"name": "x", "mode": "loose"}"#, "`loose`"),
            (r#"{"name": "x", "by_name": {"a": {}}}"#, "`on`"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(named), "{json}: {error}");
        }
    }

    #[test]
    fn the_schema_says_the_same() {
        let schema: serde_json::Value = serde_json::from_str(&<Some_ as Settings>::schema()).unwrap();
        assert_eq!(schema["description"], "Some settings.");
        assert_eq!(schema["required"], serde_json::json!(["name"]));
        assert_eq!(schema["additionalProperties"], false);
        let properties = &schema["properties"];
        assert_eq!(properties["name"]["description"], "A name, with \"quotes\".");
        assert_eq!(properties["name"]["maxLength"], 5);
        assert_eq!(properties["hours"]["items"]["maximum"], 255);
        assert_eq!(properties["by_name"]["additionalProperties"]["required"], serde_json::json!(["on"]));
        assert_eq!(properties["mode"]["enum"], serde_json::json!(["very_strict", "lax"]));
        assert!(!Mode::members().is_empty());
    }
}

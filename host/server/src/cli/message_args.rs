//! What `send` and `explain` have in common: flags that describe a message.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};
use waypost_core::limits;

use super::error::{CliError, Result};
use super::output::Output;

/// A message, apart from its recipients.
#[derive(Debug, Default, Args)]
pub(super) struct MessageArgs {
    /// Sender: a number, a short code or a name of at most 11 characters
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,

    /// The text
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["text_file", "data_file"])]
    text: Option<String>,

    /// The text from a file (`-`: standard input), sent exactly as it is
    #[arg(long, value_name = "FILE", conflicts_with = "data_file")]
    text_file: Option<PathBuf>,

    /// Bytes from a file (`-`: standard input), sent as a binary message
    #[arg(long, value_name = "FILE")]
    data_file: Option<PathBuf>,

    /// Encoding on the air; `auto` takes the cheapest that loses nothing
    #[arg(long, value_enum, value_name = "ENCODING")]
    encoding: Option<Encoding>,

    /// Refuse the message where it would take more segments
    #[arg(long, value_name = "1-20", value_parser = clap::value_parser!(u8).range(1..=20))]
    max_segments: Option<u8>,

    /// Replace characters by look-alikes (“ by ") where that saves segments; the answer says which
    #[arg(long)]
    replace_lookalikes: bool,

    /// Do not submit it later than this: 90s, 15m, 2h, 3d (5s to 7d)
    #[arg(long, value_name = "TIME", value_parser = parse_valid_for)]
    valid_for: Option<u32>,

    /// 0 (bulk) to 3 (urgent)
    #[arg(long, value_name = "0-3", value_parser = clap::value_parser!(u8).range(0..=i64::from(limits::PRIORITY_MAX)))]
    priority: Option<u8>,

    /// Label of your own; repeatable
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Reference of your own, by which `messages list` finds it
    #[arg(long, value_name = "REF")]
    client_ref: Option<String>,

    /// Where the final state is reported (http or https)
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
}

/// Encoding on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Encoding {
    Auto,
    Gsm7,
    Ucs2,
    Binary,
}

impl Encoding {
    fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
            Self::Binary => "binary",
        }
    }
}

impl MessageArgs {
    /// The body of a request with these recipients.
    pub fn body(&self, to: &[String], output: &Output) -> Result<Value> {
        let mut body = self.fields(output)?;
        if !body.contains_key("text") && !body.contains_key("data") {
            return Err(CliError::usage("text_missing", "there is nothing to send")
                .hint("give --text, --text-file or --data-file"));
        }
        let to = if let [one] = to { json!(one) } else { json!(to) };
        body.insert("to".to_owned(), to);
        Ok(Value::Object(body))
    }

    /// The fields that were given, as the API names them. Reads files.
    pub fn fields(&self, output: &Output) -> Result<Map<String, Value>> {
        let mut fields = Map::new();
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        set("from", self.from.as_ref().map(|from| json!(from)));
        set("text", self.text(output)?.map(Value::String));
        set("data", self.data()?.map(Value::String));
        set("encoding", self.encoding.map(|encoding| json!(encoding.as_str())));
        set("max_segments", self.max_segments.map(|segments| json!(segments)));
        set("replace_lookalikes", self.replace_lookalikes.then_some(json!(true)));
        set("valid_for_seconds", self.valid_for.map(|seconds| json!(seconds)));
        set("priority", self.priority.map(|priority| json!(priority)));
        set("tags", (!self.tags.is_empty()).then(|| json!(self.tags)));
        set("client_ref", self.client_ref.as_ref().map(|reference| json!(reference)));
        set("callback_url", self.callback_url.as_ref().map(|url| json!(url)));
        Ok(fields)
    }

    fn text(&self, output: &Output) -> Result<Option<String>> {
        let Some(file) = &self.text_file else { return Ok(self.text.clone()) };
        let text = String::from_utf8(read_input(file, limits::REQUEST_BYTES_MAX)?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            CliError::usage("text_not_utf8", format!("{} is not UTF-8 at byte {at}", file.display()))
        })?;
        if text.ends_with('\n') {
            output.note("note: the text ends with a line end, which is sent too");
        }
        Ok(Some(text))
    }

    fn data(&self) -> Result<Option<String>> {
        let Some(file) = &self.data_file else { return Ok(None) };
        Ok(Some(STANDARD.encode(read_input(file, limits::REQUEST_BYTES_MAX)?)))
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn read_input(file: &Path, bytes_max: usize) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| {
        CliError::usage("file_unreadable", format!("cannot read {}: {error}", file.display()))
    };
    let input: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(failed)?)
    };
    let mut bytes = Vec::new();
    input.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > bytes_max {
        let detail = format!("{} is larger than {bytes_max} bytes", file.display());
        return Err(CliError::usage("file_too_large", detail));
    }
    Ok(bytes)
}

/// Seconds from `90`, `90s`, `15m`, `2h` or `3d`, within what a message may ask for.
pub(super) fn parse_valid_for(text: &str) -> std::result::Result<u32, String> {
    let seconds = parse_seconds(text)?;
    let (min, max) = (limits::VALID_FOR_S_MIN, limits::VALID_FOR_S_MAX);
    if (min..=max).contains(&seconds) { Ok(seconds) } else { Err(format!("must be {min}s to {max}s (7d)")) }
}

/// Seconds from `90`, `90s`, `15m`, `2h` or `3d`.
pub(super) fn parse_seconds(text: &str) -> std::result::Result<u32, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_s = match &text[digits.len()..] {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let number: Option<u32> =
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number
        .zip(unit_s)
        .and_then(|(number, unit_s)| number.checked_mul(unit_s))
        .ok_or_else(|| "write a whole number with s, m, h or d: 90s, 15m, 2h, 3d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, seconds) in [
            ("90", Some(90)),
            ("5s", Some(5)),
            ("15m", Some(900)),
            ("2h", Some(7_200)),
            ("7d", Some(604_800)),
            ("8d", None),
            ("4", None),
            ("", None),
            ("h", None),
            ("1.5h", None),
            ("-5m", None),
            ("+90", None),
            ("2 h", None),
            ("2w", None),
            ("99999999999d", None),
            ("5é", None),
        ] {
            assert_eq!(parse_valid_for(text).ok(), seconds, "{text}");
        }
    }

    #[test]
    fn only_what_was_given_is_in_the_body() {
        let (output, _) = Output::memory(false);
        let message = MessageArgs { text: Some("Hi".into()), ..MessageArgs::default() };
        let to = ["+44".to_owned(), "+49".to_owned()];
        assert_eq!(message.body(&to[..1], &output).unwrap(), json!({ "to": "+44", "text": "Hi" }));
        assert_eq!(message.body(&to, &output).unwrap()["to"], json!(["+44", "+49"]));
        let nothing = MessageArgs::default().body(&to, &output).unwrap_err();
        assert_eq!(nothing.code, "text_missing");
    }

    #[test]
    fn files_are_read_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (output, _) = Output::memory(false);
        let file = folder.path().join("text");
        std::fs::write(&file, "é\n").unwrap();
        let message = MessageArgs { text_file: Some(file.clone()), ..MessageArgs::default() };
        assert_eq!(message.fields(&output).unwrap()["text"], "é\n");
        std::fs::write(&file, [0xff, 0]).unwrap();
        assert_eq!(message.fields(&output).unwrap_err().code, "text_not_utf8");
        let message = MessageArgs { data_file: Some(file.clone()), ..MessageArgs::default() };
        assert_eq!(message.fields(&output).unwrap()["data"], "/wA=");
        assert_eq!(read_input(&file, 1).unwrap_err().code, "file_too_large");
        assert_eq!(read_input(&folder.path().join("none"), 1).unwrap_err().code, "file_unreadable");
    }
}

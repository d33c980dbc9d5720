//! What Spin says of errors, which is a text and no code.

use waypost_core::redis::RedisError;

/// Words by which an error of the server is known, and the code that Redis gave it. Spin passes on
/// what its client library writes, which has a name of its own in place of most codes.
const WORDS: [(&str, &str); 12] = [
    ("NoScriptError", "NOSCRIPT"),
    ("No matching script", "NOSCRIPT"),
    ("ReadOnly", "READONLY"),
    ("against a read only replica", "READONLY"),
    ("NOREPLICAS", "NOREPLICAS"),
    ("MasterDown", "MASTERDOWN"),
    ("OOM", "OOM"),
    ("BusyLoadingError", "LOADING"),
    ("BUSY", "BUSY"),
    ("ClusterDown", "CLUSTERDOWN"),
    ("TryAgain", "TRYAGAIN"),
    ("MISCONF", "MISCONF"),
];
/// What the client library writes before an error of the server that has a name of its own.
const OF_THE_SERVER: &str = "An error was signalled by the server";

/// The error of a text. What the server did not say is an error of the way there.
pub(crate) fn of(text: &str) -> RedisError {
    if let Some((_, code)) = WORDS.iter().find(|(word, _)| text.contains(word)) {
        return RedisError::from_reply(&format!("{code} {text}"));
    }
    if text.contains(OF_THE_SERVER) || has_code(text) {
        return RedisError::Other(text.to_owned());
    }
    RedisError::Unreachable(text.to_owned())
}

/// `WRONGTYPE: Operation against …`: a code that the library does not know, in front.
fn has_code(text: &str) -> bool {
    let code = text.split_once(':').map_or("", |(code, _)| code);
    !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_spin_are_understood() {
        let server = |rest: &str| of(&format!("An error was signalled by the server - {rest}"));
        assert_eq!(server("NoScriptError: No matching script. Please use EVAL."), RedisError::NoScript);
        assert!(matches!(
            server("ReadOnly: You can't write against a read only replica."),
            RedisError::ReadOnly(_)
        ));
        assert!(matches!(server("MasterDown: Link with MASTER is down"), RedisError::ReadOnly(_)));
        assert!(matches!(server("BusyLoadingError: Redis is loading the dataset"), RedisError::NotReady(_)));
        assert!(matches!(server("ClusterDown: The cluster is down"), RedisError::NotReady(_)));
        assert!(matches!(server("ResponseError: unknown command"), RedisError::Other(_)));
        assert_eq!(of("OOM: command not allowed when used memory > 'maxmemory'."), RedisError::Full);
        assert!(matches!(of("MISCONF: Redis is configured to save RDB snapshots"), RedisError::Disk(_)));
        assert!(matches!(of("NOAUTH: Authentication required."), RedisError::Other(_)));
    }

    #[test]
    fn what_the_server_did_not_say_is_of_the_way_there() {
        for text in ["Connection refused (os error 111)", "broken pipe", "", "Broken pipe: io"] {
            assert!(matches!(of(text), RedisError::Unreachable(_)), "{text}");
        }
    }
}

//! One thing asked of Redis: a script or a plain command.

use super::script::Script;

/// One thing asked of Redis. All its keys are in one slot of a cluster.
#[derive(Debug, Clone)]
pub enum Request {
    /// A script. There is at least one key; others that it touches share its hash tag.
    Script {
        /// Which.
        script: &'static Script,
        /// `KEYS`.
        keys: Vec<Vec<u8>>,
        /// `ARGV`.
        args: Vec<Vec<u8>>,
    },
    /// A plain command.
    Command {
        /// Such as `GET`.
        name: &'static str,
        /// What follows it. The first argument is the key.
        args: Vec<Vec<u8>>,
    },
}

impl Request {
    /// A script with its keys and arguments.
    #[must_use]
    pub fn script(script: &'static Script, keys: Vec<Vec<u8>>, args: Vec<Vec<u8>>) -> Self {
        Self::Script { script, keys, args }
    }

    /// A plain command, key first.
    #[must_use]
    pub fn command(name: &'static str, args: Vec<Vec<u8>>) -> Self {
        Self::Command { name, args }
    }

    /// The key that says which node of a cluster is asked.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        let first = match self {
            Self::Script { keys, .. } => keys.first(),
            Self::Command { args, .. } => args.first(),
        };
        first.map_or(&[], Vec::as_slice)
    }

    /// The command's name and its arguments as they go on the wire. `whole`: with the text of the
    /// script, for a server that does not know its hash (yet, or any more).
    #[must_use]
    pub fn wire(&self, whole: bool) -> (&'static str, Vec<&[u8]>) {
        match self {
            Self::Command { name, args } => (name, args.iter().map(Vec::as_slice).collect()),
            Self::Script { script, keys, args } => {
                let (name, text) = if whole { ("EVAL", script.text) } else { ("EVALSHA", script.hash()) };
                let mut wire: Vec<&[u8]> = Vec::with_capacity(2 + keys.len() + args.len());
                wire.push(text.as_bytes());
                wire.push(count(keys.len()));
                wire.extend(keys.iter().chain(args).map(Vec::as_slice));
                (name, wire)
            }
        }
    }
}

/// The number of keys in decimal. Requests have few.
fn count(keys: usize) -> &'static [u8] {
    const COUNTS: [&[u8]; 5] = [b"0", b"1", b"2", b"3", b"4"];
    debug_assert!(keys < COUNTS.len(), "{keys} keys");
    COUNTS.get(keys).copied().unwrap_or(b"0")
}

//! One thing asked of Redis: a script or a plain command.

use std::borrow::Cow;

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
    /// A script over items that are independent of each other. A client may put the items of
    /// several such requests, with the same script, keys and head, into one: see [`Batch`].
    Batch(Batch),
    /// A plain command.
    Command {
        /// Such as `GET`.
        name: &'static str,
        /// What follows it. The first argument is the key.
        args: Vec<Vec<u8>>,
    },
}

/// A script over independent items. Its arguments are the head, the number of items, the items.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Which.
    pub script: &'static Script,
    /// `KEYS`.
    pub keys: Vec<Vec<u8>>,
    /// What comes before the items.
    pub head: Vec<Vec<u8>>,
    /// The arguments of each item.
    pub items: Vec<Vec<Vec<u8>>>,
    /// How many values of the answer come before those of the items.
    pub head_values: usize,
    /// How many values each item is answered with.
    pub item_values: usize,
}

impl Batch {
    /// The same without its items, for those of several.
    #[must_use]
    pub fn clone_without_items(&self) -> Self {
        Self { keys: self.keys.clone(), head: self.head.clone(), items: Vec::new(), ..*self }
    }
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

    /// The command's name and its arguments as they go on the wire. `whole`: with the text of the
    /// script, for a server that does not know its hash (yet, or any more).
    #[must_use]
    pub fn wire(&self, whole: bool) -> (&'static str, Vec<Cow<'_, [u8]>>) {
        let (script, keys) = match self {
            Self::Command { name, args } => {
                return (name, args.iter().map(|bytes| borrowed(bytes)).collect());
            }
            Self::Script { script, keys, .. } => (script, keys),
            Self::Batch(batch) => (&batch.script, &batch.keys),
        };
        let (name, text) = if whole { ("EVAL", script.text) } else { ("EVALSHA", script.hash()) };
        let mut wire = vec![Cow::Borrowed(text.as_bytes()), number(keys.len())];
        wire.extend(keys.iter().map(|bytes| borrowed(bytes)));
        match self {
            Self::Script { args, .. } => wire.extend(args.iter().map(|bytes| borrowed(bytes))),
            Self::Batch(batch) => {
                wire.extend(batch.head.iter().map(|bytes| borrowed(bytes)));
                wire.push(number(batch.items.len()));
                wire.extend(batch.items.iter().flatten().map(|bytes| borrowed(bytes)));
            }
            Self::Command { .. } => {}
        }
        (name, wire)
    }
}

fn borrowed(bytes: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(bytes)
}

fn number(number: usize) -> Cow<'static, [u8]> {
    Cow::Owned(number.to_string().into_bytes())
}

//! The WASI functions that have an answer in the sandbox: clocks that stand still at the message's
//! own time, waiting that ends at once, randomness from the message's id, an empty environment, and output into the log.

use wasmtime::StoreContextMut;
use wasmtime::component::Val;

use super::{InputStream, Network, OutputStream, Pollable, handle};
use crate::fault::Exited;
use crate::state::CallState;

/// Most random bytes in one call.
const RANDOM_BYTES_MAX: u64 = 4096;
/// How much a stream takes at once, in bytes.
const STREAM_ROOM: u64 = 4096;
const NS_PER_MS: u64 = 1_000_000;

type Store<'a, 'b> = &'a mut StoreContextMut<'b, CallState>;
/// What a function returns. None: nothing, because it has no result.
type Answer = wasmtime::Result<Option<Val>>;
pub(super) type Function = fn(Store<'_, '_>, &[Val]) -> Answer;

/// The answer to `function` of `interface`, a name such as `wasi:cli/exit@0.2.6`.
pub(super) fn find(interface: &str, function: &str) -> Option<Function> {
    let interface = interface.split_once('@').map_or(interface, |(name, _)| name);
    let interface = interface.strip_prefix("wasi:").unwrap_or(interface);
    Some(match (interface, function) {
        ("cli/environment", "get-environment" | "get-arguments")
        | ("filesystem/preopens", "get-directories") => empty_list,
        ("cli/environment", "initial-cwd")
        | ("cli/terminal-stdin", "get-terminal-stdin")
        | ("cli/terminal-stdout", "get-terminal-stdout")
        | ("cli/terminal-stderr", "get-terminal-stderr")
        | ("filesystem/types", "filesystem-error-code") => none,
        ("cli/exit", _) => |_, _| Err(Exited.into()),
        ("cli/stdin", "get-stdin") => |store, _| handle::<InputStream>(store, 0),
        ("cli/stdout", "get-stdout") => |store, _| handle::<OutputStream>(store, 1),
        ("cli/stderr", "get-stderr") => |store, _| handle::<OutputStream>(store, 2),
        ("sockets/instance-network", "instance-network") => |store, _| handle::<Network>(store, 3),
        ("io/streams", "[method]output-stream.check-write") => |_, _| ok(Some(Val::U64(STREAM_ROOM))),
        ("io/streams", "[method]output-stream.write" | "[method]output-stream.blocking-write-and-flush") => {
            write
        }
        ("io/streams", "[method]output-stream.flush" | "[method]output-stream.blocking-flush") => {
            |_, _| ok(None)
        }
        ("io/streams", "[method]input-stream.read" | "[method]input-stream.blocking-read") => {
            |_, _| Ok(Some(Val::Result(Err(Some(Box::new(Val::Variant("closed".into(), None)))))))
        }
        ("io/streams", "[method]output-stream.subscribe" | "[method]input-stream.subscribe")
        | ("clocks/monotonic-clock", "subscribe-duration" | "subscribe-instant") => {
            |store, _| handle::<Pollable>(store, 0)
        }
        ("io/poll", "[method]pollable.ready") => |_, _| Ok(Some(Val::Bool(true))),
        ("io/poll", "[method]pollable.block") => |_, _| Ok(None),
        ("io/poll", "poll") => poll,
        ("clocks/monotonic-clock", "now") => {
            |store, _| Ok(Some(Val::U64(store.data().time_ms.saturating_mul(NS_PER_MS))))
        }
        ("clocks/monotonic-clock", "resolution") => |_, _| Ok(Some(Val::U64(NS_PER_MS))),
        ("clocks/wall-clock", "now") => |store, _| datetime(store.data().time_ms),
        ("clocks/wall-clock", "resolution") => |_, _| datetime(1),
        ("random/random", "get-random-bytes") | ("random/insecure", "get-insecure-random-bytes") => {
            random_bytes
        }
        ("random/random", "get-random-u64") | ("random/insecure", "get-insecure-random-u64") => {
            |store, _| Ok(Some(random_u64(store)))
        }
        ("random/insecure-seed", "insecure-seed") => {
            |store, _| Ok(Some(Val::Tuple(vec![random_u64(store), random_u64(store)])))
        }
        _ => return None,
    })
}

fn empty_list(_: Store<'_, '_>, _: &[Val]) -> Answer {
    Ok(Some(Val::List(Vec::new())))
}

fn none(_: Store<'_, '_>, _: &[Val]) -> Answer {
    Ok(Some(Val::Option(None)))
}

fn ok(value: Option<Val>) -> Answer {
    Ok(Some(Val::Result(Ok(value.map(Box::new)))))
}

/// Everything that is waited for is ready.
fn poll(_: Store<'_, '_>, arguments: &[Val]) -> Answer {
    let count = match arguments.first() {
        Some(Val::List(pollables)) => pollables.len() as u32,
        _ => 0,
    };
    Ok(Some(Val::List((0..count).map(Val::U32).collect())))
}

/// Output of the guest goes into its log.
fn write(store: Store<'_, '_>, arguments: &[Val]) -> Answer {
    if let Some(Val::List(values)) = arguments.get(1) {
        let byte = |value: &Val| if let Val::U8(byte) = value { *byte } else { b'?' };
        let bytes: Vec<u8> = values.iter().map(byte).collect();
        store.data_mut().log.print(&bytes);
    }
    ok(None)
}

fn datetime(time_ms: u64) -> Answer {
    let nanoseconds = (time_ms % 1000).saturating_mul(NS_PER_MS) as u32;
    Ok(Some(Val::Record(vec![
        ("seconds".to_owned(), Val::U64(time_ms / 1000)),
        ("nanoseconds".to_owned(), Val::U32(nanoseconds)),
    ])))
}

fn random_bytes(store: Store<'_, '_>, arguments: &[Val]) -> Answer {
    let count = match arguments.first() {
        Some(Val::U64(count)) => (*count).min(RANDOM_BYTES_MAX),
        _ => 0,
    };
    let bytes = store.data_mut().random.bytes(count as usize);
    Ok(Some(Val::List(bytes.into_iter().map(Val::U8).collect())))
}

fn random_u64(store: Store<'_, '_>) -> Val {
    Val::U64(store.data_mut().random.next_u64())
}

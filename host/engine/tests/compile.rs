//! Components that are compiled in a process of their own: what becomes of good ones, and that
//! hostile ones end by a limit that has a name, with this process unharmed.
//!
//! Has its own `main`: this very program is the child, too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "test code")]

mod common;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use common::{CONTEXT, draft};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use waypost_core::decision::{FaultClass, Role, Verdict};
use waypost_core::registry::Plan;
use waypost_engine::compile::{self, CompileError, CompileLimits, Compiler, Cost};
use waypost_engine::{
    CompiledRequest, Engine, EngineOptions, Limits, LoadRequest, Loaded, NoSecrets, Reuse, Revision, Step,
};
use waypost_test_guests::{DENY, HOSTILE};

const MIB: u64 = 1024 * 1024;
/// As patient as tests on a busy machine have to be.
const LIMITS: CompileLimits =
    CompileLimits { cpu_s: 120, memory_bytes: 1536 * MIB, wall_s: 1800, niceness: 0 };
/// Makes this program the child.
const CHILD: &str = "engine-compile";

macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        const TESTS: &[(&str, fn())] = &[$((stringify!($test), $test)),*];
    };
}

tests![
    a_good_component_is_compiled_by_the_child_and_loaded_from_the_cache,
    what_is_wrong_with_a_component_comes_back_with_its_words,
    a_component_that_configures_for_ever_ends_by_the_first_limit_that_it_meets,
    a_component_that_is_too_much_for_the_compiler_ends_by_the_memory_limit,
    a_child_that_dies_has_failed_and_one_that_never_starts_is_the_hosts_fault,
    the_stop_of_the_host_ends_children_and_those_that_wait,
];

/// Runs the tests whose names contain one of the arguments; all without arguments.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    if arguments.first().is_some_and(|first| first == CHILD) {
        compile::run_child(io::stdin().lock(), io::stdout().lock()).unwrap();
        return;
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|part| name.contains(part));
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        eprintln!("test {name}");
        test();
    }
}

fn compiler(limits: CompileLimits) -> Compiler {
    Compiler::new(std::env::current_exe().unwrap(), vec![CHILD.into()], limits, 1)
}

fn shell(script: &str) -> Compiler {
    let arguments = vec!["-c".into(), script.into()];
    Compiler::new("/bin/sh".into(), arguments, LIMITS, 1)
}

fn request<'a>(component: &'a [u8], settings: &'a Value) -> LoadRequest<'a> {
    LoadRequest {
        limits: Limits::for_plan(&Plan::default()),
        ..common::request(component, Role::Screening, settings)
    }
}

fn engine() -> Engine {
    Engine::new(&EngineOptions { instances_max: 8, ..EngineOptions::default() }).unwrap()
}

fn error(compiler: &Compiler, request: LoadRequest<'_>) -> CompileError {
    match compiler.load(&engine(), request, &mut |_| {}) {
        Ok(_) => panic!("it was loaded"),
        Err(error) => error,
    }
}

fn decides(loaded: Loaded) {
    let policy = loaded.screening().unwrap();
    assert_eq!(policy.screen(&draft("DE"), &CONTEXT).answer, Ok(Verdict::Allow));
    assert!(matches!(policy.screen(&draft("GB"), &CONTEXT).answer, Ok(Verdict::Refuse(_))));
}

fn a_good_component_is_compiled_by_the_child_and_loaded_from_the_cache() {
    let (compiler, engine) = (compiler(LIMITS), engine());
    let settings = json!({"countries": ["GB"]});
    let mut steps = Vec::new();
    let (loaded, cost) =
        compiler.load(&engine, request(DENY, &settings), &mut |step| steps.push(step)).unwrap();
    assert!(loaded.info().cached && loaded.info().snapshotted);
    let expected = [Step::Waiting, Step::Checking, Step::Configuring, Step::Compiling, Step::Probing];
    assert_eq!(steps, expected);
    assert!(cost.cpu_ms > 0 && cost.memory_bytes > MIB, "{cost:?}");
    eprintln!("a component of {} bytes: {cost:?}", DENY.len());
    decides(loaded);

    // What is known needs no child, nor the component's bytes.
    let nobody = Compiler::new("/nowhere".into(), Vec::new(), LIMITS, 1);
    let (loaded, cost) = nobody.load(&engine, request(DENY, &settings), &mut |_| {}).unwrap();
    assert_eq!(cost, Cost::default());
    decides(loaded);
    let hash: String = Sha256::digest(DENY).iter().map(|byte| format!("{byte:02x}")).collect();
    let known = || CompiledRequest {
        component_sha256: &hash,
        name: Arc::from("test"),
        role: Role::Screening,
        settings: &settings,
        limits: Limits::default(),
        reuse: Reuse::Fresh,
        secrets: Arc::new(NoSecrets),
    };
    let started = Instant::now();
    let loaded = engine.load_compiled(known()).unwrap().unwrap();
    eprintln!("loaded from the cache in {:?}", started.elapsed());
    assert_eq!(loaded.info().revision, Revision::of(DENY, &settings));
    decides(loaded);

    engine.forget(&Revision::of_hash(&hash, &settings).unwrap());
    assert!(engine.load_compiled(known()).unwrap().is_none());
}

fn what_is_wrong_with_a_component_comes_back_with_its_words() {
    let compiler = compiler(LIMITS);
    let settings = json!({"when": "configure", "do": "panic"});
    let failed = error(&compiler, request(HOSTILE, &settings));
    assert_eq!((failed.code(), failed.class()), ("plugin_failed", FaultClass::Trap), "{failed}");
    assert!(failed.log().iter().any(|line| line.contains("I wanted to")), "{failed}");
    assert!(!failed.is_of_the_host());

    let refused = error(&compiler, request(DENY, &json!({"countries": [5]})));
    assert_eq!(refused.code(), "plugin_settings_invalid");
    assert!(refused.to_string().contains("/countries/0"), "{refused}");

    let settings = json!({});
    let foreign = wat::parse_str(
        r#"(component
            (import "evil:host/files@1.0.0" (instance))
            (instance $empty)
            (export "waypost:sms/configuration@0.1.0" (instance $empty))
            (export "waypost:sms/screening@0.1.0" (instance $empty)))"#,
    );
    let foreign = error(&compiler, request(&foreign.unwrap(), &settings));
    assert_eq!((foreign.code(), foreign.class()), ("plugin_import_refused", FaultClass::Refused));

    let large = json!({"countries": vec!["GB"; 20_000]});
    assert_eq!(error(&compiler, request(DENY, &large)).code(), "plugin_settings_invalid");
    let limits = Limits { component_bytes_max: 1000, ..Limits::default() };
    let too_large = error(&compiler, LoadRequest { limits, ..request(DENY, &settings) });
    assert_eq!(too_large.code(), "plugin_too_large");
}

fn a_component_that_configures_for_ever_ends_by_the_first_limit_that_it_meets() {
    let settings = json!({"when": "configure", "do": "endless-loop"});
    let endless = || {
        let limits = Limits { setup_fuel_max: u64::MAX / 2, setup_wall_ms: u32::MAX, ..Limits::default() };
        LoadRequest { limits, ..request(HOSTILE, &settings) }
    };
    let by_plan = error(&compiler(LIMITS), request(HOSTILE, &settings));
    assert_eq!(by_plan.code(), "plugin_failed");
    assert!(matches!(by_plan.class(), FaultClass::OutOfFuel | FaultClass::Timeout), "{by_plan}");

    let limits = CompileLimits { cpu_s: 1, ..LIMITS };
    let cpu = error(&compiler(limits), endless());
    assert_eq!((cpu.code(), cpu.class()), ("plugin_compile_cpu", FaultClass::Timeout), "{cpu}");

    let limits = CompileLimits { wall_s: 1, ..LIMITS };
    let wall = error(&compiler(limits), endless());
    assert_eq!((wall.code(), wall.class()), ("plugin_compile_timeout", FaultClass::Timeout), "{wall}");
}

fn a_component_that_is_too_much_for_the_compiler_ends_by_the_memory_limit() {
    let settings = json!({"countries": ["GB"]});
    let limits = CompileLimits { memory_bytes: 256 * MIB, ..LIMITS };
    // A good component beside it, under the same limit.
    let (engine, compiler) = (engine(), compiler(limits));
    let (good, cost) = compiler.load(&engine, request(DENY, &settings), &mut |_| {}).unwrap();
    assert!(cost.memory_bytes < 256 * MIB, "{cost:?}");
    let bomb = with_module(&one_function(400_000));
    let before = resident_bytes();
    let memory = error(&compiler, request(&bomb, &settings));
    assert_eq!(
        (memory.code(), memory.class()),
        ("plugin_compile_memory", FaultClass::OutOfMemory),
        "{memory}"
    );
    assert!(resident_bytes() < before + 32 * MIB, "the parent has grown");
    decides(good);
}

fn a_child_that_dies_has_failed_and_one_that_never_starts_is_the_hosts_fault() {
    let settings = json!({"countries": ["GB"]});
    let step = r#"cat >/dev/null; echo '{"step":"compiling"}';"#;
    for (script, how) in [("exit 3", "3"), ("kill -SEGV $$", "signal 11"), ("kill -KILL $$", "signal 9")] {
        let failed = error(&shell(&format!("{step} {script}")), request(DENY, &settings));
        assert_eq!(failed.code(), "plugin_compile_failed", "{failed}");
        assert!(failed.to_string().contains(how), "{failed}");
    }
    let lies = error(
        &shell(r#"cat >/dev/null; echo '{"done":{"cpu_ms":1,"memory_bytes":1}}'"#),
        request(DENY, &settings),
    );
    assert_eq!(lies.code(), "plugin_compile_unavailable", "{lies}");
    for compiler in
        [shell("echo no such option >&2; exit 2"), Compiler::new("/nowhere".into(), Vec::new(), LIMITS, 1)]
    {
        let host = error(&compiler, request(DENY, &settings));
        assert_eq!((host.code(), host.class()), ("plugin_compile_unavailable", FaultClass::Unavailable));
        assert!(host.is_of_the_host());
    }
}

fn the_stop_of_the_host_ends_children_and_those_that_wait() {
    let compiler = shell(r#"cat >/dev/null; echo '{"step":"checking"}'; exec sleep 1000"#);
    let settings = json!({"countries": ["GB"]});
    std::thread::scope(|scope| {
        let (running, runs) = std::sync::mpsc::channel();
        let first = scope.spawn({
            let (compiler, settings) = (&compiler, &settings);
            move || {
                compiler.load(&engine(), request(DENY, settings), &mut |step| {
                    running.send(step).unwrap();
                })
            }
        });
        while runs.recv().unwrap() != Step::Checking {}
        let second = scope.spawn(|| compiler.load(&engine(), request(DENY, &settings), &mut |_| {}));
        compiler.stop();
        for result in [first.join().unwrap(), second.join().unwrap()] {
            assert_eq!(result.err(), Some(CompileError::Stopped));
        }
    });
}

/// A module of one function with that many additions, each kept until the end of the function.
fn one_function(additions: u32) -> Vec<u8> {
    let mut body = vec![0];
    for _ in 0..additions {
        // local.get 0, local.get 0, i32.load offset=0, i32.add, local.tee 0
        body.extend([0x20, 0, 0x20, 0, 0x28, 2, 0, 0x6a, 0x22, 0]);
    }
    body.extend(std::iter::repeat_n(0x6a, additions as usize - 1));
    body.push(0x0b);
    let mut code = vec![1];
    leb(&mut code, body.len());
    code.extend(body);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, &[1, 0x60, 1, 0x7f, 1, 0x7f]);
    section(&mut module, 3, &[1, 0]);
    section(&mut module, 5, &[1, 0, 1]);
    section(&mut module, 10, &code);
    module
}

/// The good component with one more core module, which nobody instantiates but which is compiled.
fn with_module(module: &[u8]) -> Vec<u8> {
    let mut component = DENY.to_vec();
    section(&mut component, 1, module);
    component
}

fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    bytes.push(id);
    leb(bytes, content.len());
    bytes.extend_from_slice(content);
}

fn leb(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        bytes.push(if value == 0 { byte } else { byte | 0x80 });
        if value == 0 {
            return;
        }
    }
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

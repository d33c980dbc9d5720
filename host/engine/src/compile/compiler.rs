//! The parent: starts children, passes on what they say, and ends those that take too long.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::child::is_memory;
use super::error::CompileError;
use super::job::{ANSWER_BYTES_MAX, Cost, Job, Line};
use super::places::Places;
use crate::engine::Engine;
use crate::inspect;
use crate::load::{CompiledRequest, LoadRequest, Step};
use crate::pool::Reuse;
use crate::roles::Loaded;
use crate::settings::{canonical, check_size, sha256_hex};

/// How often it is seen whether a child has run out of time or the host stops.
const WATCH: Duration = Duration::from_millis(50);
/// How long a child may take to end after its last word.
const END: Duration = Duration::from_millis(2);
/// Most of a child's standard error that is read, in bytes.
const STDERR_BYTES_MAX: u64 = 64 * 1024;

/// What compiling one component may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time, in seconds.
    pub cpu_s: u32,
    /// Memory that is written to, in bytes.
    pub memory_bytes: u64,
    /// By the clock on the wall, in seconds, from the start of the child: it has the lowest priority
    /// and may wait long for a processor.
    pub wall_s: u32,
    /// How much everything else comes first, 0 to 19 (nice(2)). At 19 messages hardly notice, but on a
    /// host that is busy to the brim a child comes to almost nothing; at 10 it has a tenth of a core.
    pub niceness: u8,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { cpu_s: 120, memory_bytes: 1536 * 1024 * 1024, wall_s: 1800, niceness: 19 }
    }
}

/// Compiles components in child processes. One for the whole process; its calls block.
#[derive(Debug)]
pub struct Compiler {
    program: PathBuf,
    arguments: Vec<OsString>,
    limits: CompileLimits,
    places: Places,
}

impl Compiler {
    /// `program` with `arguments` calls [`run_child`](super::run_child) with its standard input and
    /// output. At most `places` children run at a time, at least one; the others wait in order.
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<OsString>, limits: CompileLimits, places: usize) -> Self {
        Self { program, arguments, limits, places: Places::new(places) }
    }

    /// Loads a component as [`Engine::load`] does, but nothing of it is compiled in this process:
    /// what is not in the cache is put there by a child first. `on_step` hears of each step, on the
    /// caller's thread. Blocks until the component is loaded.
    ///
    /// # Errors
    ///
    /// What is wrong with the component, which limit it broke, or why this host cannot compile.
    pub fn load(
        &self,
        engine: &Engine,
        request: LoadRequest<'_>,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<(Loaded, Cost), CompileError> {
        inspect::check_size(request.component, request.limits.component_bytes_max)?;
        check_size(&canonical(request.settings))?;
        let hash = sha256_hex(request.component);
        if let Some(loaded) = engine.load_compiled(compiled(&request, &hash))? {
            return Ok((loaded, Cost::default()));
        }
        let cost = self.compile(engine, &request, on_step)?;
        match engine.load_compiled(compiled(&request, &hash))? {
            Some(loaded) => Ok((loaded, cost)),
            None => Err(CompileError::host("the compiled code cannot be kept: look at the cache directory")),
        }
    }

    /// The same as far as the cache, with nothing loaded in this process.
    ///
    /// # Errors
    ///
    /// As [`Compiler::load`].
    pub fn compile(
        &self,
        engine: &Engine,
        request: &LoadRequest<'_>,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Cost, CompileError> {
        let cache = engine.shared_cache().map_err(CompileError::host)?;
        let job = Job {
            name: request.name.to_string(),
            role: request.role,
            component_bytes: request.component.len(),
            settings: request.settings.clone(),
            limits: request.limits.clone(),
            reuse_calls: match request.reuse {
                Reuse::Fresh => None,
                Reuse::Calls { max } => Some(max),
            },
            cache_dir: cache.directory().to_owned(),
            cpu_s: self.limits.cpu_s.min(request.limits.compile_cpu_s),
            memory_bytes: self.limits.memory_bytes,
            niceness: self.limits.niceness,
        };
        on_step(Step::Waiting);
        let Some(_place) = self.places.take() else { return Err(CompileError::Stopped) };
        self.run(&job, request.component, on_step)
    }

    /// Ends every child and starts none any more.
    pub fn stop(&self) {
        self.places.stop();
    }

    fn run(&self, job: &Job, component: &[u8], on_step: &mut dyn FnMut(Step)) -> Result<Cost, CompileError> {
        let mut child = self.start()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(CompileError::host("a child process has no pipes"));
        };
        let child = Mutex::new(child);
        let (over, watched) = mpsc::channel();
        thread::scope(|scope| {
            let watch = scope.spawn({
                let child = &child;
                move || self.watch(child, &watched)
            });
            // A child that ends early says why.
            let _ = write(stdin, job, component);
            let last = listen(stdout, on_step);
            let mut errors = Vec::new();
            // What cannot be read is missing from a message, no more.
            let _ = stderr.take(STDERR_BYTES_MAX).read_to_end(&mut errors);
            let status = wait(&child);
            drop(over);
            match watch.join() {
                Ok(Some(ended)) => Err(ended),
                _ => judge(job, last, status?, &String::from_utf8_lossy(&errors)),
            }
        })
    }

    fn start(&self) -> Result<Child, CompileError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            // Nothing that the host knows: no secrets of its environment.
            .env_clear()
            .env("RAYON_NUM_THREADS", "1")
            // The allocator takes memory as it is needed, so that the limit counts what is used.
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A terminal's interrupt is for the host, which ends its children.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map_err(|error| {
            CompileError::host(format_args!("{} cannot be started: {error}", self.program.display()))
        })
    }

    /// Kills the child when its time is over or the host stops. None: it ended by itself.
    fn watch(&self, child: &Mutex<Child>, over: &mpsc::Receiver<()>) -> Option<CompileError> {
        let started = Instant::now();
        let wall = Duration::from_secs(self.limits.wall_s.into());
        while over.recv_timeout(WATCH) == Err(RecvTimeoutError::Timeout) {
            let why = if self.places.is_stopped() {
                CompileError::Stopped
            } else if started.elapsed() >= wall {
                CompileError::Timeout { wall_s: self.limits.wall_s }
            } else {
                continue;
            };
            // It may have ended just now.
            let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
            return Some(why);
        }
        None
    }
}

/// What the end of a child means.
fn judge(job: &Job, last: Option<Line>, status: ExitStatus, errors: &str) -> Result<Cost, CompileError> {
    let Job { cpu_s, memory_bytes, .. } = *job;
    match last {
        Some(Line::Done(cost)) => return Ok(cost),
        Some(Line::Failed(failure)) => return Err(failure.into()),
        Some(Line::OutOfMemory) => return Err(CompileError::Memory { memory_bytes }),
        Some(Line::Step(_)) | None => {}
    }
    tracing::warn!(%status, errors, "a process that compiles has ended early");
    if is_memory(errors) {
        return Err(CompileError::Memory { memory_bytes });
    }
    match signal(status) {
        Some(signal) if signal == Signal::XCPU.as_raw() => Err(CompileError::Cpu { cpu_s }),
        Some(signal) => Err(CompileError::Failed { how: format!("ended by signal {signal}") }),
        None if last.is_none() => {
            let line = errors.lines().next_back().unwrap_or("it said nothing");
            Err(CompileError::host(format_args!("the child process does not start: {line}")))
        }
        None => Err(CompileError::Failed { how: status.to_string() }),
    }
}

fn compiled<'a>(request: &LoadRequest<'a>, component_sha256: &'a str) -> CompiledRequest<'a> {
    CompiledRequest {
        component_sha256,
        name: request.name.clone(),
        role: request.role,
        settings: request.settings,
        limits: request.limits.clone(),
        reuse: request.reuse,
        secrets: request.secrets.clone(),
    }
}

fn write(mut stdin: ChildStdin, job: &Job, component: &[u8]) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(job)?;
    line.push(b'\n');
    stdin.write_all(&line)?;
    stdin.write_all(component)
}

/// Passes steps on until the child has nothing more to say. Returns its last line.
fn listen(stdout: impl Read, on_step: &mut dyn FnMut(Step)) -> Option<Line> {
    let mut last = None;
    for line in BufReader::new(stdout.take(ANSWER_BYTES_MAX)).lines().map_while(Result::ok) {
        let Ok(line) = serde_json::from_str(&line) else { continue };
        if let Line::Step(step) = line {
            on_step(step);
        }
        last = Some(line);
    }
    last
}

/// The child has closed its output, so that it is about to end. The lock is left between looks: the
/// watch may have to kill it.
fn wait(child: &Mutex<Child>) -> Result<ExitStatus, CompileError> {
    loop {
        let status = child.lock().unwrap_or_else(PoisonError::into_inner).try_wait();
        match status.map_err(CompileError::host)? {
            Some(status) => return Ok(status),
            None => thread::sleep(END),
        }
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

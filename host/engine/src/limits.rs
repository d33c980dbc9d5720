//! What a component may use. Every limit in one place, with its unit in its name.

use serde::{Deserialize, Serialize};
use waypost_core::registry::Plan;

/// Largest memory of any component, in bytes, whatever its plan says: that of an interpreter. The
/// pool of instances is made for it.
pub(crate) const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How much fuel the slowest machine that is supported burns in a millisecond.
const FUEL_PER_MS: u64 = 500_000;
/// Least and most milliseconds of one call that follow from a plan's fuel.
const WALL_MS: std::ops::RangeInclusive<u64> = 10..=1000;

/// Limits of one component. The defaults suit a component in Rust; JavaScript and Python need a
/// larger component and more memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest component, in bytes.
    pub component_bytes_max: usize,
    /// Fuel of one call, about one unit for each instruction.
    pub fuel_max: u64,
    /// Fuel on top of that for each segment of the message, or each KiB of an HTTP body.
    pub fuel_per_segment: u64,
    /// Fuel for reading the schema, and for configuring.
    pub setup_fuel_max: u64,
    /// Largest sum of the component's linear memories, in bytes.
    pub memory_bytes_max: usize,
    /// Most elements in each of the component's tables.
    pub table_elements_max: usize,
    /// Most core instances that one instance of the component is made of.
    pub core_instances_max: usize,
    /// Longest call in milliseconds of processor time: a backstop behind the fuel.
    pub wall_ms: u32,
    /// Longest reading of the schema, and longest configuring, in milliseconds.
    pub setup_wall_ms: u32,
    /// Largest input of one call, in bytes.
    pub input_bytes_max: usize,
    /// Largest output of one call without HTTP bodies, in bytes.
    pub output_bytes_max: usize,
    /// Largest body of an HTTP request or answer that comes out of a component, in bytes.
    pub http_body_bytes_max: usize,
    /// Longest JSON Schema, in bytes.
    pub schema_bytes_max: usize,
    /// Log of one call, in bytes. More is cut, and marked as cut.
    pub log_bytes_max: usize,
    /// Most that one call into or out of the host may copy from the component, in bytes, as the
    /// host's types count them. HTTP bodies come on top for providers.
    pub host_call_bytes_max: usize,
    /// Most processor time of checking and compiling in a child process, in seconds, where the host
    /// allows no less.
    pub compile_cpu_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            component_bytes_max: 1024 * 1024,
            fuel_max: 5_000_000,
            fuel_per_segment: 500_000,
            setup_fuel_max: 50_000_000,
            memory_bytes_max: 8 * 1024 * 1024,
            table_elements_max: 10_000,
            core_instances_max: 32,
            wall_ms: 10,
            setup_wall_ms: 100,
            input_bytes_max: 64 * 1024,
            output_bytes_max: 16 * 1024,
            http_body_bytes_max: 64 * 1024,
            schema_bytes_max: 64 * 1024,
            log_bytes_max: 1024,
            host_call_bytes_max: 64 * 1024,
            compile_cpu_s: 120,
        }
    }
}

impl Limits {
    /// Limits for components that bring an interpreter of JavaScript: 16 MiB of component, 64 MiB
    /// of memory, and time for the interpreter to start.
    #[must_use]
    pub fn javascript() -> Self {
        Self { component_bytes_max: 16 * 1024 * 1024, ..Self::interpreted() }
    }

    /// Limits for components that bring an interpreter of Python: 24 MiB of component, 64 MiB of
    /// memory, and time for the interpreter to start.
    #[must_use]
    pub fn python() -> Self {
        Self { component_bytes_max: 24 * 1024 * 1024, ..Self::interpreted() }
    }

    /// Limits of a tenant's component, in whatever language it is written. The plan's size, memory
    /// and fuel are upper bounds: a small component pays for no more than it uses. The longest call
    /// follows from the fuel. Setting up happens once and off the path of messages, so that an
    /// interpreter has the time that it needs.
    #[must_use]
    pub fn for_plan(plan: &Plan) -> Self {
        let bytes = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let wall_ms = (plan.fuel_max / FUEL_PER_MS).clamp(*WALL_MS.start(), *WALL_MS.end());
        Self {
            component_bytes_max: bytes(plan.component_bytes_max),
            fuel_max: plan.fuel_max,
            memory_bytes_max: bytes(plan.memory_bytes_max).min(MEMORY_BYTES_MAX),
            wall_ms: wall_ms as u32,
            compile_cpu_s: plan.compile_seconds_max,
            ..Self::interpreted()
        }
    }

    fn interpreted() -> Self {
        Self {
            fuel_max: 50_000_000,
            setup_fuel_max: 5_000_000_000,
            memory_bytes_max: 64 * 1024 * 1024,
            table_elements_max: 20_000,
            wall_ms: 100,
            setup_wall_ms: 10_000,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_bounds_what_the_pool_and_the_clock_allow() {
        let usual = Limits::for_plan(&Plan::default());
        assert_eq!(usual, Limits { wall_ms: 100, ..Limits::python() });
        let small =
            Plan { component_bytes_max: 1000, memory_bytes_max: 1 << 20, fuel_max: 10, ..Plan::default() };
        let small = Limits::for_plan(&small);
        assert_eq!((small.component_bytes_max, small.memory_bytes_max), (1000, 1 << 20));
        assert_eq!((small.fuel_max, small.wall_ms), (10, 10));
        let large = Plan { memory_bytes_max: u64::MAX, fuel_max: u64::MAX, ..Plan::default() };
        let large = Limits::for_plan(&large);
        assert_eq!((large.memory_bytes_max, large.wall_ms), (MEMORY_BYTES_MAX, 1000));
    }
}

//! Black-box tests: the built `waypost` binary as a process of its own, spoken to over HTTP and by
//! its command line, with providers that really answer.

mod kit;

mod bad_input;
mod callbacks;
mod command_line;
mod crash;
mod failover;
mod hostile_tenant;
mod limits;
mod lifecycle;
mod privacy;
mod quick_start;
mod shutdown;
mod twilio;
mod vectors;

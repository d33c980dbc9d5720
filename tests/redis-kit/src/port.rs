//! Ports that stay a server's own while it is down.
//!
//! A port that the system hands out may go to somebody else between a kill and a restart, and a client
//! that connects to it in a loop can even connect to itself. So ports are taken below the range that
//! systems hand out from (32768 on Linux, 49152 elsewhere), and a locked file, which the system lets go
//! of with the process, keeps other processes of the kit away.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, TcpListener};

use crate::KitError;

/// The lowest port.
const FIRST: u16 = 10_000;
/// How many ports there are.
const COUNT: u16 = 10_000;
/// Redis Cluster: the bus listens on the port and this.
const BUS: u16 = 10_000;

/// A reserved port, free when it was made. So is the port of the cluster bus above it.
#[derive(Debug)]
pub(crate) struct Port {
    /// Between 10000 and 19999.
    pub(crate) number: u16,
    /// Locked as long as it is open.
    _lock: File,
}

impl Port {
    /// Finds and reserves one.
    pub(crate) fn reserve() -> Result<Self, KitError> {
        let folder = std::env::temp_dir().join("waypost-redis-kit-ports");
        fs::create_dir_all(&folder).map_err(KitError::io(format!("make {}", folder.display())))?;
        let start = u16::try_from(RandomState::new().build_hasher().finish() % u64::from(COUNT)).unwrap_or(0);
        for step in 0..COUNT {
            let number = FIRST + (start + step) % COUNT;
            let path = folder.join(number.to_string());
            let Ok(lock) = OpenOptions::new().create(true).append(true).open(path) else { continue };
            if lock.try_lock().is_ok() && is_free(number) && is_free(number + BUS) {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(KitError::NoPort { folder: folder.display().to_string() })
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn reserved_ports_differ_though_nobody_listens() {
        let ports: Vec<Port> = (0..50).map(|_| Port::reserve().unwrap()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(|port| port.number).collect();
        assert_eq!(numbers.len(), ports.len());
        assert!(numbers.iter().all(|number| (10_000..20_000).contains(number)));
    }

    #[test]
    fn a_locked_port_is_not_given_again() {
        let port = Port::reserve().unwrap();
        let path = std::env::temp_dir().join("waypost-redis-kit-ports").join(port.number.to_string());
        assert!(OpenOptions::new().append(true).open(&path).unwrap().try_lock().is_err());
        drop(port);
    }
}

//! Places for what a tenant may do once at a time, and all tenants together a few times.

use std::sync::{Arc, Mutex, PoisonError};

use waypost_core::decision::Name;

/// A few places, of which a tenant has one at most.
#[derive(Debug)]
pub struct Places {
    taken: Mutex<Vec<Name>>,
    places_max: usize,
}

/// One of them. Free again when it is dropped, wherever that is.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    tenant: Name,
}

impl Places {
    /// So many.
    pub fn new(places_max: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), places_max })
    }

    /// A place for a tenant.
    ///
    /// # Errors
    /// It has one already, or all are taken: how many are.
    pub fn take(self: &Arc<Self>, tenant: &Name) -> Result<Place, usize> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= self.places_max || taken.contains(tenant) {
            return Err(taken.len());
        }
        taken.push(tenant.clone());
        Ok(Place { places: self.clone(), tenant: tenant.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|tenant| *tenant != self.tenant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_one_place_and_all_together_a_few() {
        let places = Places::new(2);
        let name = |name: &str| Name::from(name);
        let first = places.take(&name("acme")).unwrap();
        assert_eq!(places.take(&name("acme")).unwrap_err(), 1);
        let second = places.take(&name("other")).unwrap();
        assert_eq!(places.take(&name("third")).unwrap_err(), 2);
        drop(first);
        assert!(places.take(&name("other")).is_err(), "it still has its own");
        assert!(places.take(&name("third")).is_ok());
        drop(second);
        assert!(places.take(&name("other")).is_ok());
    }
}

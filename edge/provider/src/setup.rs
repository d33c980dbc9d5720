//! The component's configuration, parsed once for each instance.

use std::cell::OnceCell;
use std::rc::Rc;

use waypost_core::edge::{EdgeConfigError, EdgeProviderConfig, PROVIDER_VARIABLE};

thread_local! {
    static SETUP: OnceCell<Result<Rc<EdgeProviderConfig>, EdgeConfigError>> = const { OnceCell::new() };
}

/// What packaging wrote.
pub(crate) fn current() -> Result<Rc<EdgeProviderConfig>, EdgeConfigError> {
    SETUP.with(|setup| setup.get_or_init(read).clone())
}

fn read() -> Result<Rc<EdgeProviderConfig>, EdgeConfigError> {
    let json = std::env::var(PROVIDER_VARIABLE).map_err(|_| EdgeConfigError::Missing(PROVIDER_VARIABLE))?;
    EdgeProviderConfig::parse(&json).map(Rc::new)
}

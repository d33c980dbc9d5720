//! The component's configuration, parsed once for each instance.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use waypost_core::config::InboundTarget;
use waypost_core::decision::Name;
use waypost_core::edge::{EdgeConfig, EdgeConfigError, GATEWAY_VARIABLE, SendMode};

use crate::tenant::{EdgeProvider, EdgeTenant};

thread_local! {
    static SETUP: OnceCell<Result<Rc<Setup>, EdgeConfigError>> = const { OnceCell::new() };
}

/// The configuration in the form that requests need.
pub(crate) struct Setup {
    /// What stands before `/v1`.
    pub(crate) base_path: String,
    /// What all keys in Redis begin with.
    pub(crate) prefix: String,
    /// How the tenant's messages are sent.
    pub(crate) mode: SendMode,
    /// The tenant's name.
    pub(crate) name: Name,
    /// It is the only tenant of the configuration.
    pub(crate) is_only_tenant: bool,
    /// The tenant, by name.
    pub(crate) tenants: BTreeMap<Name, Arc<EdgeTenant>>,
    /// Every provider, by name.
    pub(crate) providers: BTreeMap<Name, Arc<EdgeProvider>>,
    /// Where inbound messages to these numbers go.
    pub(crate) numbers: BTreeMap<String, InboundTarget>,
}

/// What packaging wrote.
pub(crate) fn current() -> Result<Rc<Setup>, EdgeConfigError> {
    SETUP.with(|setup| setup.get_or_init(read).clone())
}

fn read() -> Result<Rc<Setup>, EdgeConfigError> {
    let json = std::env::var(GATEWAY_VARIABLE).map_err(|_| EdgeConfigError::Missing(GATEWAY_VARIABLE))?;
    EdgeConfig::parse(&json).map(Setup::from).map(Rc::new)
}

impl From<EdgeConfig> for Setup {
    fn from(config: EdgeConfig) -> Self {
        let providers: BTreeMap<Name, Arc<EdgeProvider>> = config
            .providers
            .into_iter()
            .map(|(name, route)| (name, Arc::new(EdgeProvider::from(route))))
            .collect();
        let name = config.tenant.name.clone();
        let tenant = EdgeTenant {
            terms: config.tenant,
            screening: config.screening,
            sender: config.sender,
            routing: config.routing,
            providers: config.routes.iter().filter_map(|route| providers.get(route).cloned()).collect(),
        };
        Self {
            base_path: config.base_path,
            prefix: config.prefix,
            mode: config.mode,
            is_only_tenant: config.only_tenant,
            tenants: BTreeMap::from([(name.clone(), Arc::new(tenant))]),
            name,
            providers,
            numbers: config.numbers,
        }
    }
}

//! What can be wrong with what somebody wants of a plugin.

use waypost_core::decision::Role;
use waypost_core::limits::PLUGIN_SETTINGS_BYTES_MAX;
use waypost_core::store::StoreError;

/// Why a plugin was not changed or asked. The text is for its author.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// Not a name.
    #[error("a plugin's name is 1 to 32 of a-z, 0-9 and -, a letter first")]
    NameInvalid,
    /// The tenant has no such plugin.
    #[error("the tenant has no plugin of this name; `GET /v1/plugins` lists them")]
    PluginUnknown,
    /// The plugin has no such revision.
    #[error("the plugin has no such revision; `GET /v1/plugins/{{name}}` lists them")]
    RevisionUnknown,
    /// A new plugin needs a role.
    #[error("this is a new plugin: say which `role` it plays")]
    RoleMissing,
    /// The plugin has another role.
    #[error(
        "the plugin plays `{0}`; a component for another role is another plugin: give it a name of its own"
    )]
    RoleDiffers(Role),
    /// A role that tenants cannot bring.
    #[error("a tenant's plugin cannot play `{0}`: providers hold credentials, which are the operator's")]
    RoleRefused(Role),
    /// Above the plan's limit.
    #[error("the component has {bytes} bytes; the tenant's plan allows {bytes_max} (`component_bytes_max`)")]
    TooLarge {
        /// Its size, in bytes.
        bytes: u64,
        /// The limit, in bytes.
        bytes_max: u64,
    },
    /// The settings are too large to be kept.
    #[error("the settings are larger than {PLUGIN_SETTINGS_BYTES_MAX} bytes")]
    SettingsTooLarge,
    /// Too many uploads.
    #[error(
        "the tenant's plan allows {per_hour} uploads in an hour (`uploads_per_hour`); try again in {retry_s} s"
    )]
    UploadsLimited {
        /// In an hour.
        per_hour: u32,
        /// Until the next is free, in seconds.
        retry_s: u64,
    },
    /// Too many uploads of one tenant at the same time.
    #[error("{0} uploads of the tenant are being read, which is the limit: send them one after the other")]
    UploadsAtOnce(usize),
    /// Too many uploads at the same time.
    #[error("other uploads are being read: try again in a second")]
    UploadsBusy,
    /// As many plugins as the plan allows.
    #[error("the tenant has {0} plugins, which is what its plan allows (`plugins_max`): delete one")]
    PluginsFull(u32),
    /// As many revisions as the plan allows, and all of them in use.
    #[error(
        "the plugin has {0} revisions, which is what its plan allows (`revisions_max`), and all are in use or \
         being checked"
    )]
    RevisionsFull(u32),
    /// It cannot be used yet, or ever.
    #[error("the revision is not ready: {0}")]
    NotReady(String),
    /// Somebody else decides at this place.
    #[error("{0} decides at this stage, which has one place: deactivate it first")]
    StageTaken(String),
    /// What is used cannot be deleted.
    #[error("the revision decides, or is a shadow: activate another or deactivate it first")]
    InUse,
    /// This host cannot load it.
    #[error("the revision cannot be loaded: {reason}")]
    NotLoadable {
        /// Stable.
        code: String,
        /// For its author.
        reason: String,
    },
    /// A binding that means nothing for the role.
    #[error("{0}")]
    BindingUnfit(&'static str),
    /// Nothing to roll back to.
    #[error("nothing was active before, so there is nothing to roll back to")]
    NothingBefore,
    /// Others change the same plugin all the time.
    #[error("others are changing the same plugin: try again")]
    Busy,
    /// As many backtests as may run at once.
    #[error(
        "{0} backtests run now, one of this tenant or as many as there may be: try again when one has ended"
    )]
    BacktestsFull(usize),
    /// As many tests as may run at once.
    #[error("{0} tests run now, one of this tenant or as many as there may be: try again when one has ended")]
    TestsFull(usize),
    /// Nothing that could be asked again.
    #[error("{0}")]
    Unanswerable(String),
    /// This host has no thread for it.
    #[error("this host cannot do it now: {0}")]
    NotStarted(String),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! What can be wrong with a plugin, as the API says it.

use waypost_api::Problem;
use waypost_api::problem::Code;
use waypost_core::limits::PLUGIN_SETTINGS_BYTES_MAX;

use crate::plugins::PluginError;

/// The name of the limit of a component's size, a field of the plan.
pub const COMPONENT_BYTES: &str = "component_bytes_max";

impl From<PluginError> for Problem {
    fn from(error: PluginError) -> Self {
        let mut text = error.to_string();
        if let Some(first) = text.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        text.push('.');
        let problem = |code| Self::new(code, text.clone());
        match error {
            PluginError::NameInvalid => problem(Code::PluginNameInvalid),
            PluginError::PluginUnknown => problem(Code::PluginUnknown),
            PluginError::RevisionUnknown => problem(Code::RevisionUnknown),
            PluginError::RoleMissing => problem(Code::PluginRoleMissing),
            PluginError::RoleDiffers(_) | PluginError::RoleRefused(_) => problem(Code::PluginRoleInvalid),
            PluginError::TooLarge { bytes_max, .. } => {
                problem(Code::PluginTooLarge).with("limit", COMPONENT_BYTES).with("bytes_max", bytes_max)
            }
            PluginError::SettingsTooLarge => problem(Code::PluginSettingsTooLarge)
                .with("limit", "settings_bytes_max")
                .with("bytes_max", PLUGIN_SETTINGS_BYTES_MAX),
            PluginError::UploadsLimited { retry_s, .. } => {
                problem(Code::UploadsLimited).with("limit", "uploads_per_hour").retry_after(retry_s)
            }
            PluginError::UploadsAtOnce(_) => {
                problem(Code::UploadsLimited).with("limit", "uploads_at_once").retry_after(1)
            }
            PluginError::UploadsBusy => {
                problem(Code::UploadsLimited).with("limit", "uploads_of_all").retry_after(1)
            }
            PluginError::PluginsFull(_) => problem(Code::PluginsFull).with("limit", "plugins_max"),
            PluginError::RevisionsFull(_) => problem(Code::RevisionsFull).with("limit", "revisions_max"),
            PluginError::NotReady(_) => problem(Code::RevisionNotReady),
            PluginError::StageTaken(_) => problem(Code::StageTaken),
            PluginError::InUse => problem(Code::RevisionInUse),
            PluginError::NotLoadable { code, .. } => {
                problem(Code::PluginNotLoadable).with("reason_code", code)
            }
            PluginError::BindingUnfit(_) => problem(Code::BindingInvalid),
            PluginError::NothingBefore => problem(Code::NothingToRollBack),
            PluginError::Busy => problem(Code::PluginBusy),
            PluginError::BacktestsFull(_) => problem(Code::BacktestsFull).retry_after(5),
            PluginError::TestsFull(_) => problem(Code::PluginTestsFull).retry_after(1),
            PluginError::Unanswerable(_) => problem(Code::BacktestImpossible),
            PluginError::NotStarted(_) => problem(Code::Internal),
            PluginError::Store(error) => error.into(),
        }
    }
}

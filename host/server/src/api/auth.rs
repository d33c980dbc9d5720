//! Who asks, checked against the store by way of a cache.

mod keys;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use waypost_api::auth::{bearer, permitted};
use waypost_core::store::{ApiKey, Scope};

use super::Api;
use super::reply::Failed;
use crate::clock;
use crate::shell::Caller;

pub use keys::KeyCache;

/// What a call needs its key for.
pub trait Permission: Send + Sync {
    /// The scope that the key has to have.
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:ident,)*) => {
        $(
            $(#[$doc])*
            pub enum $name {}

            impl Permission for $name {
                const SCOPE: Scope = Scope::$scope;
            }
        )*
    };
}

permissions! {
    /// To send, explain and cancel.
    Sending = Send,
    /// To read messages, traces and dead letters.
    Reading = Read,
    /// To read and acknowledge inboxes.
    Inboxes = Inbox,
    /// To administer.
    Administration = Admin,
    /// To upload, try and activate plugins.
    PluginAuthor = Plugins,
    /// To run the gateway for all its tenants.
    Operating = Operator,
}

/// A caller whose key has the scope that the call needs.
pub struct Authorised<P> {
    /// Who it is.
    pub caller: Caller,
    /// The key that the request came with.
    pub key: Arc<ApiKey>,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequestParts<Arc<Api>> for Authorised<P> {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failed> {
        let text = bearer(&parts.headers)?;
        let store = &api.gateway.store;
        let key =
            api.lasting.keys.check(text, clock::now_ms(), |id| async move { store.key(&id).await }).await?;
        let caller = permitted(&*api.gateway, &key, P::SCOPE)?;
        Ok(Self { caller, key, permission: PhantomData })
    }
}

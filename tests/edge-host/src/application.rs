//! The components of an application and who answers which request.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};

use http::header::{CONNECTION, HOST};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use wasmtime::component::Linker;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::allowed::AllowedHosts;
use crate::compiled::{check_imports, compile, engine};
use crate::compose::compose;
use crate::instances::{Instances, Sharing};
use crate::manifest::{self, Component};
use crate::outgoing::{Connections, connections};
use crate::output::Output;
use crate::route::{Match, Routes};
use crate::state::{Grants, RedisCounts, State};
use crate::variables::Values;
use crate::variables::check_name;
use crate::{EdgeHostError, Options, redis, variables_import};

/// What Spin says of the client of a chained request.
const CHAINED_CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

/// An application, ready to answer.
pub(crate) struct Application {
    routes: Routes,
    /// Set once all are made: each can reach the others.
    handlers: OnceLock<BTreeMap<String, ProxyHandler<Instances>>>,
    pub(crate) output: Output,
    pub(crate) redis: Arc<RedisCounts>,
}

impl Application {
    /// Reads, composes, compiles and links everything. Takes seconds the first time.
    pub(crate) fn load(path: &Path, options: &Options) -> Result<Arc<Self>, EdgeHostError> {
        let manifest = manifest::read(path)?;
        let values = Values::resolve(&manifest.variables, &options.variables)?;
        let application = Arc::new(Self {
            routes: Routes::new(&manifest.trigger.http)?,
            handlers: OnceLock::new(),
            output: Output::default(),
            redis: Arc::default(),
        });
        let loading = Loading {
            folder: path.parent().unwrap_or(Path::new("")),
            values,
            linker: linker()?,
            connections: connections(),
            options,
            application: &application,
        };
        let mut handlers = BTreeMap::new();
        for (name, component) in &manifest.components {
            handlers.insert(name.clone(), loading.load(name, component)?);
        }
        // Nobody else has seen the application yet.
        let _ = application.handlers.set(handlers);
        Ok(application)
    }

    /// Answers a request from outside.
    pub(crate) async fn answer(
        &self,
        mut request: Request<WasiBody>,
        client: SocketAddr,
    ) -> Response<WasiBody> {
        let path = request.uri().path().to_owned();
        let Some(found) = self.routes.find(&path) else { return empty(StatusCode::NOT_FOUND) };
        let Some(handler) = self.handler(found.component) else { return empty(StatusCode::NOT_FOUND) };
        request.headers_mut().remove(CONNECTION);
        if !make_absolute(&mut request) {
            return empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
        call(handler, found.component, annotated(request, &found, client)).await
    }

    /// Answers a request of one component to another. None: there is no such component.
    pub(crate) async fn chain(&self, name: &str, request: Request<WasiBody>) -> Option<Response<WasiBody>> {
        let handler = self.handler(name)?;
        let path = request.uri().path().to_owned();
        let found = Match { component: name, route: "/...", path_info: &path };
        Some(call(handler, name, annotated(request, &found, CHAINED_CLIENT)).await)
    }

    fn handler(&self, name: &str) -> Option<&ProxyHandler<Instances>> {
        self.handlers.get()?.get(name)
    }
}

/// What every component of an application is loaded with.
struct Loading<'a> {
    folder: &'a Path,
    values: Values,
    linker: Linker<State>,
    connections: Connections,
    options: &'a Options,
    application: &'a Arc<Application>,
}

impl Loading<'_> {
    fn load(&self, name: &str, component: &Component) -> Result<ProxyHandler<Instances>, EdgeHostError> {
        let place = format!("component.{name}");
        let grants = Arc::new(self.grants(&place, component)?);
        let engine = engine()?;
        let compiled = compile(engine, name, compose(self.folder, name, component)?)?;
        check_imports(engine, name, &compiled)?;
        let failed = |error: wasmtime::Error| EdgeHostError::Component {
            place: place.clone(),
            reason: format!("{error:#}"),
        };
        let linked = self.linker.instantiate_pre(&compiled).map_err(failed)?;
        Ok(ProxyHandler::new(Instances {
            component: ServicePre::new(linked).map_err(failed)?,
            grants,
            application: Weak::clone(&Arc::downgrade(self.application)),
            connections: self.connections.clone(),
            sharing: Sharing {
                component: Arc::from(name),
                requests_max: self.options.instance_requests_max,
                concurrency_max: self.options.instance_concurrency_max,
            },
        }))
    }

    fn grants(&self, place: &str, component: &Component) -> Result<Grants, EdgeHostError> {
        let hosts_place = format!("{place}.allowed_outbound_hosts");
        let patterns = component
            .allowed_outbound_hosts
            .iter()
            .map(|pattern| self.values.render(pattern, &hosts_place))
            .collect::<Result<Vec<_>, _>>()?;
        let variables = component
            .variables
            .iter()
            .map(|(name, template)| {
                let place = format!("{place}.variables.{name}");
                check_name(name).map_err(|reason| EdgeHostError::value(place.clone(), reason))?;
                Ok((name.clone(), self.values.render(template, &place)?))
            })
            .collect::<Result<_, EdgeHostError>>()?;
        Ok(Grants {
            environment: component.environment.clone().into_iter().collect(),
            variables,
            allowed: AllowedHosts::parse(&patterns, &hosts_place)?,
            output: self.application.output.clone(),
            redis: Arc::clone(&self.application.redis),
        })
    }
}

fn linker() -> Result<Linker<State>, EdgeHostError> {
    let mut linker = Linker::new(engine()?);
    let linked = wasmtime_wasi::p2::add_to_linker_async(&mut linker)
        .and_then(|()| wasmtime_wasi::p3::add_to_linker(&mut linker))
        .and_then(|()| wasmtime_wasi_http::p3::add_to_linker(&mut linker))
        .and_then(|()| redis::add_to_linker(&mut linker))
        .and_then(|()| variables_import::add_to_linker(&mut linker));
    linked.map_err(|error| EdgeHostError::Start(format!("{error:#}")))?;
    Ok(linker)
}

/// A handler that fails, by an error or by a trap, answers 500 without a body.
async fn call(
    handler: &ProxyHandler<Instances>,
    name: &str,
    request: Request<WasiBody>,
) -> Response<WasiBody> {
    match handler.handle((), request).await {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(component = name, "a request failed: {error:#}");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// Guests ask a request for its scheme and authority, which HTTP/1.1 sends as a header.
fn make_absolute(request: &mut Request<WasiBody>) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Some(uri) = host.and_then(|host| format!("http://{host}{path}").parse().ok()) else { return false };
    *request.uri_mut() = uri;
    true
}

/// Adds the headers by which Spin tells a component of its route. What the client sent under these
/// names stays before them, as in Spin.
fn annotated(mut request: Request<WasiBody>, found: &Match<'_>, client: SocketAddr) -> Request<WasiBody> {
    let full_url = request.uri().to_string();
    let prefix = found.route.strip_suffix("/...").unwrap_or(found.route).to_owned();
    let client = client.to_string();
    let headers = [
        ("spin-path-info", found.path_info),
        ("spin-full-url", &full_url),
        ("spin-matched-route", found.route),
        ("spin-base-path", "/"),
        ("spin-raw-component-route", found.route),
        ("spin-component-route", &prefix),
        ("spin-client-addr", &client),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    request
}

fn empty(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}

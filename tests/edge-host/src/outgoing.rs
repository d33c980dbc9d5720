//! HTTP requests of components: allowed or not, to another component or over the network.

use std::sync::{Arc, Weak};
use std::time::Duration;

use http::uri::Scheme;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::application::Application;
use crate::state::Grants;

/// Under this, a host is the name of a component of the same application.
const CHAIN_SUFFIX: &str = ".spin.internal";
/// How long Spin waits for the first byte of an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(600);

/// Connections to other servers, shared by the components of a host.
pub(crate) type Connections = Client<HttpConnector, WasiBody>;

/// What one instance sends requests with.
pub(crate) struct Outgoing {
    pub(crate) grants: Arc<Grants>,
    /// Weak, because the application has the instances.
    pub(crate) application: Weak<Application>,
    pub(crate) connections: Connections,
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Error>> + Send>;

/// A pool of connections without delays for small writes.
pub(crate) fn connections() -> Connections {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

impl WasiHttpHooks for Outgoing {
    fn send_request(&mut self, request: Request<WasiBody>, options: Option<RequestOptions>, _: Io) -> Sent {
        let wait = options.and_then(|options| options.first_byte_timeout).unwrap_or(ANSWER_WAIT);
        let (grants, application) = (Arc::clone(&self.grants), Weak::clone(&self.application));
        let connections = self.connections.clone();
        Box::new(async move {
            let answer = send(&grants, &application, &connections, request);
            let response =
                tokio::time::timeout(wait, answer).await.map_err(|_| Error::ConnectionReadTimeout)??;
            // The pool drives the connection, and there is none inside the process.
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}

async fn send(
    grants: &Grants,
    application: &Weak<Application>,
    connections: &Connections,
    request: Request<WasiBody>,
) -> Result<Response<WasiBody>, Error> {
    let uri = request.uri();
    let (Some(scheme), Some(host)) = (uri.scheme(), uri.host()) else {
        return Err(Error::HttpRequestUriInvalid);
    };
    if !grants.allowed.allows(scheme.as_str(), host, uri.port_u16()) {
        return Err(Error::HttpRequestDenied);
    }
    if let Some(name) = host.strip_suffix(CHAIN_SUFFIX) {
        let name = name.to_owned();
        let Some(application) = application.upgrade() else { return Err(Error::ConnectionTerminated) };
        return application.chain(&name, request).await.ok_or(Error::DestinationNotFound);
    }
    if *scheme != Scheme::HTTP {
        let reason = format!("the test host speaks http only, not {scheme}, and was asked for {host}");
        return Err(Error::InternalError(Some(reason)));
    }
    match connections.request(request).await {
        Ok(response) => Ok(response.map(|body| body.map_err(Error::from).boxed_unsync())),
        Err(error) if error.is_connect() => Err(Error::ConnectionRefused),
        Err(_) => Err(Error::HttpProtocolError),
    }
}

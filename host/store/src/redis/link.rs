//! The connection: found, kept, found again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::join_all;
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo as _};
use tokio::sync::Mutex;
use waypost_core::redis::{Connection, RedisError, Request, Value};

use super::answer::{error_of, flat};
use super::batcher::Batcher;
use super::options::RedisOptions;
use crate::StoreError;

/// How long to leave the addresses alone after none of them would do. Meanwhile every request is
/// told at once, so nothing piles up.
const PAUSE: Duration = Duration::from_millis(200);

/// A way to Redis that is made anew when it is lost.
#[derive(Clone)]
pub struct Link {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    options: RedisOptions,
    way: Mutex<Way>,
    pub(super) batcher: Batcher,
}

/// What there is now.
enum Way {
    Open(Open, u64),
    /// Closed since; the number of ways that there were.
    Closed {
        since: Option<Instant>,
        why: String,
        ways: u64,
    },
}

#[derive(Clone)]
enum Open {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) async fn connect(options: RedisOptions) -> Result<Self, StoreError> {
        let way = Way::Closed { since: None, why: String::new(), ways: 0 };
        let inner = Arc::new(Inner { options, way: Mutex::new(way), batcher: Batcher::default() });
        inner.open().await?;
        Ok(Self { inner })
    }
}

#[async_trait]
impl Connection for Link {
    async fn ask(&self, requests: Vec<Request>) -> Vec<Result<Vec<Value>, RedisError>> {
        // All are on their way before the first is answered: the driver writes what is there at once.
        join_all(requests.into_iter().map(|request| async {
            match request {
                Request::Batch(batch) => self.inner.batcher.ask(&self.inner, batch).await,
                request => self.inner.ask_now(&request).await,
            }
        }))
        .await
    }
}

impl Inner {
    pub(super) async fn ask_now(&self, request: &Request) -> Result<Vec<Value>, RedisError> {
        let answer = self.send(request, false).await;
        match answer {
            // Not done, so it can be asked again; from now on the server knows the script.
            Err(RedisError::NoScript) => self.send(request, true).await,
            answer => answer,
        }
    }

    async fn send(&self, request: &Request, whole: bool) -> Result<Vec<Value>, RedisError> {
        let (open, number) = self.open().await?;
        let (name, args) = request.wire(whole);
        let size = args.iter().map(|arg| arg.len()).sum();
        let mut command = redis::Cmd::with_capacity(args.len() + 1, size);
        command.arg(name);
        for arg in &args {
            command.arg(&**arg);
        }
        let answer = match open {
            Open::One(mut connection) => connection.send_packed_command(&command).await,
            Open::Cluster(mut connection) => connection.req_packed_command(&command).await,
        };
        let answer = flat(answer);
        if let Err(error) = &answer {
            self.doubt(error, number).await;
        }
        answer
    }

    /// The way, made where there is none.
    async fn open(&self) -> Result<(Open, u64), RedisError> {
        let mut way = self.way.lock().await;
        let ways = match &*way {
            Way::Open(open, number) => return Ok((open.clone(), *number)),
            Way::Closed { since: Some(since), why, .. } if since.elapsed() < PAUSE => {
                return Err(RedisError::Unreachable(why.clone()));
            }
            Way::Closed { ways, .. } => *ways,
        };
        match self.find().await {
            Ok(open) => {
                *way = Way::Open(open.clone(), ways + 1);
                Ok((open, ways + 1))
            }
            Err(error) => {
                *way = Way::Closed { since: Some(Instant::now()), why: error.to_string(), ways };
                Err(error)
            }
        }
    }

    /// Gives a way up that leads nowhere, or to a server that takes no writes any more.
    async fn doubt(&self, error: &RedisError, number: u64) {
        if !matches!(error, RedisError::Unreachable(_) | RedisError::ReadOnly(_)) {
            return;
        }
        let mut way = self.way.lock().await;
        let cluster = matches!(&*way, Way::Open(Open::Cluster(_), _));
        // A cluster's client finds its nodes again by itself.
        if !cluster && matches!(&*way, Way::Open(_, now) if *now == number) {
            *way = Way::Closed { since: None, why: error.to_string(), ways: number };
        }
    }

    async fn find(&self) -> Result<Open, RedisError> {
        if self.options.cluster {
            return self.find_cluster().await.map(Open::Cluster);
        }
        let mut last = RedisError::Unreachable("no address is configured".to_owned());
        for url in &self.options.urls {
            match self.try_one(url).await {
                Ok(connection) => return Ok(Open::One(connection)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn try_one(&self, url: &str) -> Result<MultiplexedConnection, RedisError> {
        let client = Client::open(self.info(url)?).map_err(|error| error_of(&error))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.connect_timeout))
            .set_response_timeout(Some(self.options.response_timeout))
            .set_pipeline_buffer_size(1_024)
            .set_write_backpressure_boundary(64 * 1024);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(|error| error_of(&error))?;
        let role = flat(connection.send_packed_command(&redis::cmd("ROLE")).await)?;
        if role.first().and_then(Value::text) == Some("master") {
            return Ok(connection);
        }
        Err(RedisError::ReadOnly(format!("{url} is a replica")))
    }

    async fn find_cluster(&self) -> Result<ClusterConnection, RedisError> {
        let nodes: Result<Vec<_>, _> = self.options.urls.iter().map(|url| self.info(url)).collect();
        let client = ClusterClientBuilder::new(nodes?)
            .connection_timeout(self.options.connect_timeout)
            .response_timeout(self.options.response_timeout)
            .overall_response_timeout(Some(self.options.response_timeout * 2))
            .build()
            .map_err(|error| error_of(&error))?;
        client.get_async_connection().await.map_err(|error| error_of(&error))
    }

    fn info(&self, url: &str) -> Result<ConnectionInfo, RedisError> {
        let info = url.into_connection_info().map_err(|error| error_of(&error))?;
        let mut settings = info.redis_settings().clone();
        if let Some(username) = &self.options.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.options.password {
            settings = settings.set_password(password);
        }
        Ok(info.set_redis_settings(settings))
    }
}

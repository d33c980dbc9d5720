//! Plays the steps of one case against a gateway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::answer;
use crate::case::Case;
use crate::kit::{Answer, Client};
use crate::script::{Key, Request, Step};
use crate::target::Deployment;
use crate::variables::{Variables, now_ms};

/// Between two asks of a step that is repeated.
const PAUSE: Duration = Duration::from_millis(50);
/// What a key may do where the step does not say.
const ALL_SCOPES: [&str; 4] = ["send", "read", "inbox", "admin"];

/// One run of a case.
pub struct Player<'a> {
    case: &'a Case,
    deployment: Arc<dyn Deployment>,
    client: Client,
    variables: Variables,
    keys: BTreeMap<(String, Vec<String>), String>,
}

impl<'a> Player<'a> {
    /// `index` is the case's place among all.
    pub fn new(case: &'a Case, index: u32, deployment: Arc<dyn Deployment>) -> Self {
        let client = Client::new(deployment.address(), "");
        let variables = Variables::new(&case.name, index);
        Self { case, deployment, client, variables, keys: BTreeMap::new() }
    }

    /// Every step in order, up to the first that is not answered as it should be.
    pub async fn play(&mut self) -> Result<(), String> {
        for step in &self.case.steps {
            for _ in 0..step.times {
                self.step(step).await?;
            }
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        wait_for_hour(step.hour_has).await;
        let start = Instant::now();
        loop {
            let asked = self.ask(&step.request).await;
            let wrong = |error: &str| format!("  {}:{}: {error}\n", step.file, step.line);
            let failure = match asked.map_err(|error| wrong(&error))? {
                None => wrong("no answer came"),
                Some(answer) => {
                    let before = self.variables.clone();
                    let differences = answer::compare(&step.expected, &answer, &mut self.variables);
                    if differences.is_empty() {
                        return Ok(());
                    }
                    self.variables = before;
                    answer::shown(step, &answer, &differences)
                }
            };
            if step.until.is_none_or(|until| start.elapsed() >= until) {
                return Err(failure);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// None: no answer came.
    async fn ask(&mut self, request: &Request) -> Result<Option<Answer>, String> {
        let mut path = request.path.fill(&self.variables)?;
        if path.starts_with("/v1/") {
            path.insert_str(0, &self.deployment.base(self.tenant(&request.key)));
        }
        let mut body = request.body.fill(&self.variables)?.trim_start().to_owned().into_bytes();
        body.resize(body.len().max(request.padded_to), b' ');
        let mut headers = Vec::new();
        for (name, value) in &request.headers {
            headers.push((name.clone(), value.fill(&self.variables)?));
        }
        let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if !body.is_empty() && !has_type {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        if let Some(secret) = &request.signed_with {
            headers.extend(signature(secret, &body));
        }
        let key = self.key(&request.key).await?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let client = self.client.with_key(&key);
        Ok(client.request(request.method.clone(), &path, &headers, body).await)
    }

    fn tenant<'k>(&'k self, key: &'k Key) -> &'k str {
        match key {
            Key::Made(Some(tenant), _) => tenant,
            _ => &self.case.tenant,
        }
    }

    /// Keys are made when they are first needed, and kept for the case.
    async fn key(&mut self, key: &Key) -> Result<String, String> {
        let (tenant, scopes) = match key {
            Key::None => return Ok(String::new()),
            Key::Text(text) => return text.fill(&self.variables),
            Key::Made(tenant, scopes) => (tenant, scopes),
        };
        let tenant = tenant.as_ref().unwrap_or(&self.case.tenant).clone();
        let scopes = scopes.clone().unwrap_or_else(|| ALL_SCOPES.map(str::to_owned).to_vec());
        let wanted = (tenant, scopes);
        if let Some(key) = self.keys.get(&wanted) {
            return Ok(key.clone());
        }
        let deployment = self.deployment.clone();
        let made = wanted.clone();
        let make = move || {
            let scopes: Vec<_> = made.1.iter().map(String::as_str).collect();
            deployment.key(&made.0, &scopes)
        };
        let key = tokio::task::spawn_blocking(make).await.map_err(|error| error.to_string())?;
        self.keys.insert(wanted, key.clone());
        Ok(key)
    }
}

/// Waits for the next hour if this one ends before `left` is over.
async fn wait_for_hour(left: Duration) {
    const HOUR_MS: u128 = 3_600_000;
    let left_ms = HOUR_MS - now_ms() % HOUR_MS;
    if left_ms < left.as_millis() {
        tokio::time::sleep(left + Duration::from_secs(1)).await;
    }
}

/// The headers with which the simulated carrier signs (host/simulator/README.md).
fn signature(secret: &str, body: &[u8]) -> [(String, String); 2] {
    let timestamp = now_ms().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    let digits = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    [("x-simulator-timestamp".to_owned(), timestamp), ("x-simulator-signature".to_owned(), digits)]
}

//! What the guide says comes of its lines, looked up at the server.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::{Client, eventually};

const PLUGIN: &str = "/v1/plugins/consent-tag";
/// What the policy writes to its log about a message without the tag, in every language.
const LOGGED: &str = "none of them the one";
/// Every step from nothing to a policy that decides, and back.
const WAY: [&str; 9] = ["new", "build", "test", "push", "shadow", "logs", "backtest", "activate", "rollback"];

/// What has been seen so far.
pub struct Claims {
    client: Client,
    /// Revisions in the order in which they were uploaded.
    revisions: Vec<String>,
    built: String,
    commands: BTreeSet<String>,
    sent: usize,
    backtests: usize,
}

impl Claims {
    /// `client` has the key that the guide asks for.
    pub fn new(client: Client) -> Self {
        let (revisions, built, commands) = (Vec::new(), String::new(), BTreeSet::new());
        Self { client, revisions, built, commands, sent: 0, backtests: 0 }
    }

    /// Looks at what a line has done. `said` is its standard output.
    pub async fn check(&mut self, line: &str, said: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["waypost", "plugin", command, ref rest @ ..] => {
                self.commands.insert(command.to_owned());
                self.plugin(command, rest, said).await;
            }
            ["waypost", "send", ..] => {
                self.sent += 1;
                self.message().await;
            }
            ["waypost", "explain", ..] => {
                let revision = &self.active()[..12];
                assert!(said.contains("consent-tag") && said.contains(revision), "{said}");
                assert!(said.contains("allow"), "{said}");
            }
            _ => {}
        }
    }

    /// Fails where a step of the way was left out, or a message.
    pub fn all_made(&self) {
        for command in WAY {
            assert!(self.commands.contains(command), "the guide does not show `waypost plugin {command}`");
        }
        assert_eq!((self.revisions.len(), self.sent, self.backtests), (2, 3, 2));
    }

    async fn plugin(&mut self, command: &str, rest: &[&str], said: &str) {
        match command {
            "build" => self.built = revision(said),
            "test" => assert!(said.contains(" 0 failed"), "{said}"),
            "push" => self.pushed(said).await,
            "shadow" if rest == ["--off"] => self.stands("shadow", &Value::Null, said).await,
            "shadow" => self.stands("shadow", &json!(self.built), said).await,
            "logs" => assert!(said.contains(LOGGED) && said.contains(&self.built), "{said}"),
            "backtest" => self.backtested(said),
            "activate" => self.stands("active", &json!(self.revisions.last()), said).await,
            "rollback" => self.stands("active", &json!(self.revisions[0]), said).await,
            _ => {}
        }
    }

    /// It is ready, has the name that the build has printed, and decides nothing yet.
    async fn pushed(&mut self, said: &str) {
        let pushed = revision(said);
        assert!(said.contains("(ready)"), "{said}");
        if self.revisions.is_empty() {
            assert_eq!(pushed, self.built);
        }
        assert!(!self.revisions.contains(&pushed), "other settings are another revision");
        let plugin = self.client.get(PLUGIN).await.body;
        assert_eq!(plugin["active"], json!(self.revisions.last()), "{plugin}");
        let found = self.client.get(&format!("{PLUGIN}/revisions/{pushed}")).await.body;
        println!("{pushed}: checked and compiled in {} ms", found["took_ms"]);
        self.revisions.push(pushed);
    }

    async fn stands(&self, field: &str, revision: &Value, said: &str) {
        let plugin = self.client.get(PLUGIN).await.body;
        assert_eq!(plugin[field], *revision, "{plugin}");
        assert!(said.contains(revision.as_str().unwrap_or("none")), "{said}");
    }

    /// The first has one message before it, which it would have refused; the second as well, and the
    /// first's own refusal, with which it agrees.
    fn backtested(&mut self, said: &str) {
        self.backtests += 1;
        assert!(said.contains(self.revisions.last().unwrap()), "{said}");
        let figure = |name: &str| {
            let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name}: {said}")).trim().to_owned()
        };
        assert_eq!(figure("faults"), "0", "{said}");
        if self.backtests == 1 {
            assert_eq!((figure("compared"), figure("differing")), ("1".to_owned(), "1".to_owned()), "{said}");
            assert!(said.contains("refuse tag_missing") && said.contains("GB"), "{said}");
        } else {
            assert_ne!(figure("compared"), "0", "{said}");
        }
    }

    async fn message(&self) {
        match self.sent {
            1 => self.shadowed().await,
            2 => {
                let decision = self.decided("refused").await;
                let result = decision["result"].as_str().unwrap();
                assert!(result.starts_with("refuse tag_missing"), "{decision}");
                assert!(decision["log"].to_string().contains(LOGGED), "{decision}");
                assert!(decision["fuel"].as_u64().unwrap() > 0, "{decision}");
                assert_eq!(decision["revision"], json!(self.active()), "{decision}");
            }
            _ => {
                let decision = self.decided("delivered").await;
                assert_eq!(decision["result"], "allow", "{decision}");
                assert_eq!(decision["revision"], json!(self.revisions[0]), "{decision}");
            }
        }
    }

    /// The message is through, and the shadow has been asked about it and would have refused it.
    async fn shadowed(&self) {
        let sent = self.client.get("/v1/messages?status=delivered").await.body;
        assert_eq!(sent["messages"].as_array().unwrap().len(), 1, "{sent}");
        let shadow = eventually("the shadow has been asked", || async {
            let activity = self.client.get(&format!("{PLUGIN}/activity")).await.body;
            let mut seen = activity["revisions"].as_array()?.iter();
            seen.find(|it| it["part"] == "shadow" && it["calls"] == 1).cloned()
        })
        .await;
        assert_eq!(shadow["revision"], json!(self.built), "{shadow}");
        assert_eq!(shadow["results"], json!({ "refuse tag_missing": 1 }), "{shadow}");
        assert_eq!(shadow["against"]["differing"], 1, "{shadow}");
    }

    /// What the plugin decided about the one message with this status that it was asked about.
    async fn decided(&self, status: &str) -> Value {
        let sent = self.client.get(&format!("/v1/messages?status={status}")).await.body;
        let mut found = Vec::new();
        for message in sent["messages"].as_array().unwrap() {
            let steps = self.client.steps(message["id"].as_str().unwrap()).await;
            let decisions = steps[0]["decisions"].as_array().cloned().unwrap_or_default();
            found.extend(decisions.into_iter().filter(|it| it["component"] == "consent-tag"));
        }
        let [decision] = found.as_slice() else { panic!("{status}: not one decision: {found:?}") };
        decision.clone()
    }

    fn active(&self) -> &str {
        self.revisions.last().unwrap()
    }
}

/// The first word that is the name of a revision.
fn revision(said: &str) -> String {
    let is_name = |word: &&str| word.len() == 16 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let found = said.split_whitespace().find(is_name);
    found.unwrap_or_else(|| panic!("no revision is named: {said}")).to_owned()
}

//! Who gets in: join codes that are no good, and a node of another conference of the same HQ.

use std::path::{Path, PathBuf};

use lanyard_node::Identity;
use lanyard_sync::{Challenge, Problem, Reply, Request, ScopeId, VersionVector};
use lanyard_tests::process::binary;
use lanyard_tests::sample;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stage::{SOON, Stage, now_ms};

/// Tries to join with a code; answers with whether it worked and what was said.
async fn join(data: &Path, hq: &str, code: &str) -> (bool, String) {
    let mut command = Command::new(binary("lanyard").unwrap());
    command.arg("--data").arg(data).args(["join", "--hq", hq, "--code", code]);
    let output = command.output().await.unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn join_code(stage: &Stage, conference: &str, node: &str) -> String {
    let invited = stage.venue.hq.run(&["join-code", conference, node]).await.unwrap();
    invited["code"].as_str().unwrap().to_owned()
}

async fn nodes(stage: &Stage, conference: &str) -> Value {
    stage.venue.hq.run(&["nodes", conference]).await.unwrap()
}

/// Adds a second conference to the same HQ and joins a node to it.
async fn joined_elsewhere(stage: &Stage) -> PathBuf {
    let text =
        sample::conference_toml(now_ms().unwrap()).replace("slug = \"summit\"", "slug = \"elsewhere\"");
    let file = stage.folder.path().join("elsewhere.toml");
    std::fs::write(&file, text).unwrap();
    stage.venue.hq.run(&["conference", &file.to_string_lossy()]).await.unwrap();
    let data = stage.folder.path().join("stranger");
    let code = join_code(stage, "elsewhere", "stranger").await;
    let (joined, said) = join(&data, &stage.venue.hq.url, &code).await;
    assert!(joined, "{said}");
    data
}

/// The line of a node to HQ, taken by hand.
struct Peer {
    http: reqwest::Client,
    hq: String,
    identity: Identity,
}

impl Peer {
    fn new(hq: &str, data: &Path) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(SOON).build().unwrap();
        Self { http, hq: hq.to_owned(), identity: Identity::load(data).unwrap() }
    }

    async fn post(&self, path: &str, token: Option<&str>, body: Vec<u8>) -> (u16, Vec<u8>) {
        let request = self.http.post(format!("{}/sync/v1/{path}", self.hq)).body(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
    }

    /// Asks for a session in a scope.
    async fn session(&self, scope: ScopeId) -> (u16, Vec<u8>) {
        let (_, asked) = self.post("challenge", None, scope.as_bytes().to_vec()).await;
        let challenge = Challenge::decode(&asked).unwrap();
        let answer = challenge.answer(scope, self.identity.certificate.clone(), &self.identity.key).encode();
        self.post("session", None, [&[u8::try_from(asked.len()).unwrap()][..], &asked, &answer].concat())
            .await
    }

    async fn exchange(&self, token: &str, request: &Request) -> Reply {
        let (_, answer) = self.post("exchange", Some(token), request.encode()).await;
        Reply::decode(&answer).unwrap()
    }
}

fn denied(reply: &Reply) -> bool {
    matches!(reply, Reply::Problem(report) if *report == Problem::DeniedScope.into())
}

#[tokio::test]
async fn unknown_used_and_expired_join_codes_are_refused_with_the_reason_and_enrol_nobody() {
    let stage = Stage::set(&[], 3).await.unwrap();
    let (hq, folder) = (stage.venue.hq.url.clone(), stage.folder.path().to_owned());
    let conference = stage.venue.conference.clone();
    let used = join_code(&stage, &conference, "east").await;
    assert!(join(&folder.join("east"), &hq, &used).await.0);
    let expired = join_code(&stage, &conference, "west").await;
    let registry = Connection::open(folder.join("hq/hq.db")).unwrap();
    registry.execute("UPDATE join_codes SET expires_ms = 1 WHERE node_name = 'west'", []).unwrap();
    let before = nodes(&stage, &conference).await;
    let bad = [
        ("NOSUCHCODE", "unknown_join_code", 404, "not known"),
        (used.as_str(), "used_join_code", 409, "was used"),
        (expired.as_str(), "expired_join_code", 410, "has expired"),
    ];
    for (code, word, status, why) in bad {
        let data = folder.join(word);
        let (joined, said) = join(&data, &hq, code).await;
        assert!(!joined, "joined with a code that is no good ({word})");
        assert!(said.contains(word) && said.contains(why) && said.contains("lanyard-hq join-code"), "{said}");
        assert!(!data.join("identity.toml").exists(), "half a node was left behind ({word})");
        let body = json!({ "code": code, "public_key": "11".repeat(32) });
        let desk = lanyard_tests::desk::Desk::at(&hq).unwrap();
        let answer = desk.post("/joins", &body).await.unwrap();
        assert_eq!((answer.status, answer.code()), (status, Some(word)), "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!(nodes(&stage, &conference).await, before);
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn a_node_of_another_conference_can_neither_read_nor_write_this_one() {
    let stage = Stage::set(&[], 3).await.unwrap();
    let conference = stage.venue.conference.clone();
    let data = joined_elsewhere(&stage).await;
    let member = stage.folder.path().join("north");
    let code = join_code(&stage, &conference, "north").await;
    assert!(join(&member, &stage.venue.hq.url, &code).await.0);
    let summit = Identity::load(&member).unwrap().scope;
    let before = stage.venue.hq.run(&["state", &conference]).await.unwrap();

    let stranger = Peer::new(&stage.venue.hq.url, &data);
    let (status, refused) = stranger.session(summit).await;
    assert_ne!(status, 201, "a stranger got a session");
    assert!(denied(&Reply::decode(&refused).unwrap()));

    let (status, token) = stranger.session(stranger.identity.scope).await;
    assert_eq!(status, 201, "a node gets a session of its own conference");
    let token = String::from_utf8(token).unwrap();
    let pull = |scope| Request::Pull { scope, vector: VersionVector::default() };
    let own = stranger.exchange(&token, &pull(stranger.identity.scope)).await;
    assert!(matches!(own, Reply::Pull { batch: Some(_), .. }), "{own:?}");
    assert!(denied(&stranger.exchange(&token, &pull(summit)).await), "a stranger reads");
    let Reply::Pull { batch: Some(batch), .. } = own else { unreachable!("it was one above") };
    let push = Request::Push { scope: summit, batch };
    assert!(denied(&stranger.exchange(&token, &push).await), "a stranger writes");
    let after = stage.venue.hq.run(&["state", &conference]).await.unwrap();
    assert_eq!(after, before, "a stranger changed something");
    stage.clear().await.unwrap();
}

#[tokio::test]
async fn an_identity_turned_to_another_conference_does_not_serve() {
    let stage = Stage::set(&[], 3).await.unwrap();
    let data = joined_elsewhere(&stage).await;
    let identity = data.join("identity.toml");
    let own = Identity::load(&data).unwrap().scope.to_string();
    let turned = std::fs::read_to_string(&identity).unwrap().replacen(&own, &"0".repeat(own.len()), 1);
    std::fs::write(&identity, turned).unwrap();
    let mut serve = Command::new(binary("lanyard").unwrap());
    serve
        .arg("--data")
        .arg(&data)
        .args(["serve", "--listen", "127.0.0.1:0", "--announce"])
        .kill_on_drop(true);
    let output = tokio::time::timeout(SOON, serve.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("does not open this conference; join again"), "{said}");
    stage.clear().await.unwrap();
}

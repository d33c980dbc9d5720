//! What comes in from outside.

use waypost_core::edge::SendMode;

use crate::client::Client;
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_carrier_did_not_sign_is_refused() {
    let stage = Stage::usual(SendMode::Queue).await;
    let anybody = Client::new(&stage.edge.url(), "");
    let forged = anybody.post_bare("/hooks/carrier", b"{}".to_vec()).await;
    assert_eq!((forged.status, forged.text("code")), (403, "webhook_forged"));
    let unknown = anybody.post_bare("/hooks/nobody", b"{}".to_vec()).await;
    assert_eq!((unknown.status, unknown.text("code")), (404, "provider_unknown"));
    assert!(stage.edge.output().contains("a webhook of carrier is forged"), "{}", stage.edge.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_has_a_limit() {
    let stage = Stage::usual(SendMode::Queue).await;
    let anybody = Client::new(&stage.edge.url(), "");
    let large = anybody.post_bare("/hooks/carrier", vec![b'x'; 64 * 1024 + 1]).await;
    assert_eq!((large.status, large.text("code")), (413, "body_too_large"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_needs_no_redis_and_readiness_asks_it() {
    let stage = Stage::usual(SendMode::Queue).await;
    let anybody = Client::new(&stage.edge.url(), "");
    let before = stage.edge.redis_calls();
    assert_eq!(anybody.get("/healthz").await.status, 200);
    assert_eq!(stage.edge.redis_calls(), before);
    // The first one may have to bring a script to Redis.
    assert_eq!(anybody.get("/readyz").await.status, 200);
    let before = stage.edge.redis_calls();
    assert_eq!(anybody.get("/readyz").await.status, 200);
    assert_eq!(stage.edge.redis_calls() - before, 1);
    let elsewhere = stage.client("acme").await.get("/v1/providers").await;
    assert_eq!((elsewhere.status, elsewhere.text("code")), (404, "path_unknown"));
}

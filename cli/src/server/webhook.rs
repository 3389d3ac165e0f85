//! Who is told when a policy generation ends, besides those who listen?

use std::sync::Arc;
use std::time::Duration;

use miette::Diagnostic;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

use super::jobs::{Job, Jobs, Status};

/// Time for the receiver to answer.
const ANSWER_TIME: Duration = Duration::from_secs(10);

/// Pauses before it is told again, if it did not take the notice.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

/// Notices that are on their way at once. More wait, so that one that hangs delays few others.
const AT_ONCE: usize = 8;

/// A URL that nothing can be posted to.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum NoWebhook {
    #[error("expected an http or https URL of a webhook, got {0}")]
    #[diagnostic(help("write --webhook https://HOST/PATH"))]
    Scheme(String),
    #[error("cannot call a webhook")]
    Client(#[from] reqwest::Error),
}

/// Posts each job that ends to `url`, as long as there are jobs.
pub(crate) fn start_webhook(jobs: &Jobs, url: Url) -> Result<(), NoWebhook> {
    if !["http", "https"].contains(&url.scheme()) {
        return Err(NoWebhook::Scheme(url.scheme().to_owned()));
    }
    // Nobody but the receiver that was named is told, and of its answer the status alone is read.
    let client = Client::builder()
        .timeout(ANSWER_TIME)
        .redirect(Policy::none())
        .build()?;
    let client = Arc::new(client);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut notices = jobs.notices();
    tokio::spawn(async move {
        loop {
            match notices.recv().await {
                Ok(job) if job.status != Status::InProgress => {
                    // Closed never: the semaphore lives as long as this task.
                    let place = Arc::clone(&places).acquire_owned().await;
                    let told = tell(Arc::clone(&client), url.clone(), job);
                    tokio::spawn(async move {
                        told.await;
                        drop(place);
                    });
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the webhook missed notices");
                }
                Err(RecvError::Closed) => return,
            }
        }
    });
    Ok(())
}

async fn tell(client: Arc<Client>, url: Url, job: Job) {
    // What the job is about, and not what it found: that takes the token.
    let body = json!({
        "jobId": job.job_id,
        "principalArn": job.order.principal_arn,
        "status": job.status,
        "startedOn": job.started_on,
        "completedOn": job.completed_on,
        "jobError": job.job_error,
    })
    .to_string();
    for pause in PAUSES.into_iter().map(Some).chain([None]) {
        let request = client.post(url.clone());
        let request = request.header(CONTENT_TYPE, "application/json");
        let answer = request.body(body.clone()).send().await;
        match answer.and_then(reqwest::Response::error_for_status) {
            Ok(answer) if answer.status().is_success() => return,
            Ok(answer) => {
                let status = answer.status().as_u16();
                tracing::warn!(
                    job_id = job.job_id,
                    status,
                    "the webhook did not take a notice"
                );
            }
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(job_id = job.job_id, %error, "the webhook did not take a notice");
            }
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

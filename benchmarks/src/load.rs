//! Does the server answer steadily while it generates policies?
//!
//! Requests go out at their times, however long others take, and a latency counts from the time at
//! which its request was due: a server that stalls is not asked less. Rounds without and with
//! policy generations beside take turns. Every answer is looked at.

mod client;
mod latencies;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use client::Client;
pub use latencies::Latencies;

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Requests in a second.
    pub rate: u32,
    /// Seconds of a round.
    pub seconds: u32,
    /// Rounds of each kind.
    pub rounds: u32,
    /// Connections that share the requests.
    pub connections: u32,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Load {
    /// With nothing beside.
    pub idle: Latencies,
    /// With policy generations beside.
    pub busy: Latencies,
    /// Policy generations that ended meanwhile, each with a policy.
    pub jobs: u64,
}

/// A server of its own, which ends with this.
struct Server {
    process: Child,
    address: String,
    token: String,
}

impl Server {
    fn start(program: &Path, lake: &Path) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .arg("serve")
            .arg(lake)
            .args(["--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run `{}`", program.display()))?;
        let stdout = process.stdout.take().context("no output")?;
        let (mut address, mut token) = (None, None);
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(url) = line.strip_prefix("http://") {
                address = Some(url.to_owned());
            }
            if let Some(text) = line.strip_prefix("TRAILWRIGHT_TOKEN=") {
                token = Some(text.to_owned());
                break;
            }
        }
        Ok(Self {
            process,
            address: address.context("the server told no address")?,
            token: token.context("the server told no token")?,
        })
    }

    fn client(&self) -> anyhow::Result<Client> {
        Client::connect(&self.address, &self.token)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request, and what its answer must be.
struct Question {
    method: &'static str,
    path: String,
    body: String,
    answer: Value,
}

/// Measures the server of `program` on a lake, about its principal `principal`.
pub fn measure(program: &Path, lake: &Path, principal: &str, plan: &Plan) -> anyhow::Result<Load> {
    let server = Server::start(program, lake)?;
    let questions = questions(&mut server.client()?, principal)?;
    let mut load = Load::default();
    for _ in 0..plan.rounds {
        load.idle.add(round(&server, &questions, plan)?);
        let stop = AtomicBool::new(false);
        let jobs = AtomicU64::new(0);
        let times = std::thread::scope(|scope| {
            let beside = scope.spawn(|| keep_generating(&server, principal, &stop, &jobs));
            let times = round(&server, &questions, plan);
            stop.store(true, Ordering::Relaxed);
            match beside.join() {
                Ok(done) => done.and(times),
                Err(_) => bail!("the thread of policy generations panicked"),
            }
        });
        load.busy.add(times?);
        load.jobs += jobs.load(Ordering::Relaxed);
    }
    Ok(load)
}

/// What is asked, each with the answer that it had when nothing else was asked.
fn questions(client: &mut Client, principal: &str) -> anyhow::Result<Vec<Question>> {
    let job = generate(client, principal)?;
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}],
    });
    let document = document.to_string();
    let kind = "IDENTITY_POLICY";
    let validate = json!({"policyDocument": document, "policyType": kind});
    let compare = json!({
        "existingPolicyDocument": document,
        "newPolicyDocument": document,
        "policyType": kind,
    });
    let asked = [
        (
            "POST",
            "/policy/validation".to_owned(),
            validate.to_string(),
        ),
        (
            "POST",
            "/policy/check-no-new-access".to_owned(),
            compare.to_string(),
        ),
        ("GET", format!("/policy/generation/{job}"), String::new()),
    ];
    asked
        .into_iter()
        .map(|(method, path, body)| {
            Ok(Question {
                answer: client.ask(method, &path, &body)?,
                method,
                path,
                body,
            })
        })
        .collect()
}

/// Generates a policy; the id of the job.
fn generate(client: &mut Client, principal: &str) -> anyhow::Result<String> {
    let order = json!({"policyGenerationDetails": {"principalArn": principal}});
    let started = client.ask("PUT", "/policy/generation", &order.to_string())?;
    let id = started.get("jobId").and_then(Value::as_str);
    let id = id.context("no jobId")?.to_owned();
    loop {
        let answer = client.ask("GET", &format!("/policy/generation/{id}"), "")?;
        let status = answer.pointer("/jobDetails/status").and_then(Value::as_str);
        match status {
            Some("SUCCEEDED") => return Ok(id),
            Some("IN_PROGRESS") => std::thread::sleep(Duration::from_millis(20)),
            other => bail!("policy generation {id} is {other:?}"),
        }
    }
}

/// Generates policies until it is told to stop, two at a time.
fn keep_generating(
    server: &Server,
    principal: &str,
    stop: &AtomicBool,
    jobs: &AtomicU64,
) -> anyhow::Result<()> {
    let one = || -> anyhow::Result<()> {
        let mut client = server.client()?;
        while !stop.load(Ordering::Relaxed) {
            generate(&mut client, principal)?;
            jobs.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(one);
        one()?;
        match other.join() {
            Ok(done) => done,
            Err(_) => bail!("a thread of policy generations panicked"),
        }
    })
}

/// Asks at the rate for a while; the latencies.
fn round(server: &Server, questions: &[Question], plan: &Plan) -> anyhow::Result<Vec<Duration>> {
    let begun = Instant::now() + Duration::from_millis(50);
    let share = |number: u32| -> anyhow::Result<Vec<Duration>> {
        let mut client = server.client()?;
        let mut latencies = Vec::new();
        let step = usize::try_from(plan.connections)?;
        for at in (number..plan.rate * plan.seconds).step_by(step) {
            let due = begun + Duration::from_secs(1) * at / plan.rate;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let question = questions.get(usize::try_from(at)? % questions.len());
            let question = question.context("nothing to ask")?;
            let answer = client.ask(question.method, &question.path, &question.body)?;
            latencies.push(due.elapsed());
            ensure!(
                answer == question.answer,
                "{}: expected {}, got {answer}",
                question.path,
                question.answer
            );
        }
        Ok(latencies)
    };
    std::thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> = (0..plan.connections)
            .map(|number| scope.spawn(move || share(number)))
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(latencies) => all.extend(latencies?),
                Err(_) => bail!("a client panicked"),
            }
        }
        Ok(all)
    })
}

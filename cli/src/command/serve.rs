//! `trailwright serve LAKE`

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use jiff::SignedDuration;
use miette::{Diagnostic, IntoDiagnostic, Result};
use tokio::sync::watch;
use trailwright_engine::time::TimeRange;

use crate::exit::Exit;
use crate::output::Stdout;
use crate::report;
use crate::server::{self, App, Auth, Jobs, Key, Lake, LogFormat, Resources};

/// Answer IAM Access Analyzer's API on this machine, for AWS's own clients: policy generation from
/// the lake, validation and checks. Our own API is beside it, at /api/v1, and the console for
/// browsers, at the address that is printed.
///
/// Clients sign with the key that is printed at the start, or send the token. Both may be given by
/// TRAILWRIGHT_ACCESS_KEY_ID, TRAILWRIGHT_SECRET_ACCESS_KEY and TRAILWRIGHT_TOKEN.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Folder of the lake
    lake: String,
    /// Port to listen at; 0 is any that is free
    #[arg(long, default_value_t = 8747)]
    port: u16,
    /// Address of this machine to listen at
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// One more name, with its port, by which clients may call the server
    #[arg(long = "allow-host", value_name = "HOST:PORT")]
    hosts: Vec<String>,
    /// Accounts whose events a trail delivered, `*` for all. May be repeated. Without any, each trail
    /// stands for the whole lake; with one, trails that are not named are unknown
    #[arg(long = "trail", value_name = "ARN=ACCOUNT,...", value_parser = trail)]
    trails: Vec<(String, Vec<String>)>,
    /// What a generated policy names where the client asks for no placeholders
    #[arg(long, value_enum, default_value_t)]
    resources: Resources,
    /// Days for which policy generations that ended are kept; 0 is forever
    #[arg(long, default_value_t = 90, value_name = "DAYS")]
    keep_jobs: u32,
    /// Policy generations that run at once; more wait
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Requests that are answered at once; more are told to come again
    #[arg(long, default_value_t = 64, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    requests: u16,
    /// IAM to which policies may be applied through our own API; without it, none are
    #[arg(long, value_name = "URL")]
    iam_endpoint_url: Option<String>,
    /// Told of each policy generation that ends, by a POST with its id, status and reason
    #[arg(long, value_name = "URL")]
    webhook: Option<reqwest::Url>,
    /// Show a notice on the desktop for each policy generation that ends
    #[arg(long)]
    notify: bool,
    /// Form of the log on stderr
    #[arg(long, value_enum, default_value_t)]
    log: LogFormat,
}

/// A trail with the accounts that it delivers.
fn trail(text: &str) -> Result<(String, Vec<String>), String> {
    let (arn, accounts) = text
        .split_once('=')
        .ok_or("write the trail's ARN, `=` and its accounts")?;
    if accounts == "*" {
        return Ok((arn.to_owned(), Vec::new()));
    }
    let accounts: Vec<String> = accounts.split(',').map(ToOwned::to_owned).collect();
    let is_account = |it: &String| it.len() == 12 && it.bytes().all(|it| it.is_ascii_digit());
    match accounts.iter().find(|it| !is_account(it)) {
        Some(other) => Err(format!("`{other}` is no account of 12 digits, nor `*`")),
        None => Ok((arn.to_owned(), accounts)),
    }
}

/// A lake that cannot be served.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{0}` is not on this machine: its jobs cannot be kept beside it")]
#[diagnostic(help("serve a lake in a folder of this machine"))]
struct NotLocal(String);

impl Serve {
    pub(crate) async fn run(self) -> Result<Exit> {
        if !Path::new(&self.lake).exists() && self.lake.contains("://") {
            return Err(NotLocal(self.lake).into());
        }
        let from_environment = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
        let key = Key::given(
            from_environment("TRAILWRIGHT_ACCESS_KEY_ID"),
            from_environment("TRAILWRIGHT_SECRET_ACCESS_KEY"),
        )?;
        let token = from_environment("TRAILWRIGHT_TOKEN");
        // What was given is known to who gave it.
        let new_key = key.is_none();
        let new_token = token.is_none();
        let key = key.unwrap_or_else(Key::random);
        let token = token.unwrap_or_else(server::random);
        let auth = Auth::new(token.clone(), key.clone())?;

        let trails: BTreeMap<String, Vec<String>> = self.trails.into_iter().collect();
        let lake = Lake::new(self.lake, trails);
        // A lake that is not there is told now, not by the first request.
        lake.session(TimeRange::default()).await?;
        server::start_log(self.log);
        let listener = server::bind(SocketAddr::new(self.address, self.port)).await?;
        let address = listener.local_addr().into_diagnostic()?;
        let keep = (self.keep_jobs > 0)
            .then(|| SignedDuration::from_hours(24 * i64::from(self.keep_jobs)));
        let jobs = Jobs::open(lake.clone(), keep, usize::from(self.jobs))?;
        let kept = Arc::clone(&jobs);

        if let Some(url) = self.webhook {
            server::start_webhook(&jobs, url)?;
        }
        if self.notify {
            server::start_notices(&jobs);
        }

        let mut hosts = self.hosts;
        hosts.push(address.to_string());
        hosts.push(format!("localhost:{}", address.port()));
        let (stop, stopping) = watch::channel(false);
        let at_once = usize::from(self.requests);
        let app = App::new(
            (lake, jobs),
            (auth, self.iam_endpoint_url),
            (hosts, self.resources),
            at_once,
            stopping.clone(),
        );
        let app = Arc::new(app);
        tokio::spawn(server::keep_warm(Arc::clone(&app)));
        let router = server::router(app);

        // Before anybody is told that the server is there.
        let mut signals = Signals::listen().into_diagnostic()?;
        let mut told = format!("http://{address}\n");
        if new_key {
            told += &format!(
                "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={}\n",
                key.id, key.secret
            );
        }
        if new_token {
            told += &format!("TRAILWRIGHT_TOKEN={token}\n");
            told += &format!("TRAILWRIGHT_CONSOLE=http://{address}/?token={token}\n");
        }
        let mut out = Stdout::new();
        out.write_all(told.as_bytes()).into_diagnostic()?;
        out.flush().into_diagnostic()?;
        report::say(&format!(
            "serving; open the address in a browser, or try: aws accessanalyzer list-policy-generations --endpoint-url http://{address}\n"
        ));

        tokio::spawn(async move {
            signals.next().await;
            // Nobody listens if all has ended.
            let _ = stop.send(true);
            // Somebody who asks twice does not want to wait for what is being answered.
            signals.next().await;
            std::process::exit(Exit::Interrupted as i32);
        });
        server::serve(listener, router, stopping).await;
        kept.stop();
        report::say("stopped; policy generations that ran go on when the lake is served again\n");
        Ok(Exit::Success)
    }
}

/// How the program is asked to end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From now on a signal does not end the program by itself.
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

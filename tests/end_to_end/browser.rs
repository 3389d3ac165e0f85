//! Does the console hold in a real browser? Chromium, driven by the walks of `tests/console`, with
//! the packages in the folder that `TRAILWRIGHT_TEST_BROWSER` names (`.ci/run` sees to that).
//! Pictures of all pages are left in `console` in cargo's folder for temporary files.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use trailwright_tests::trail::{ROLE, delivery, record};
use trailwright_tests::{Iam, Lab, Server, fixture};

use crate::{lab, lab_with};

/// A user of the bundled logs with few calls: the pages are light, and the walks quick.
const USER: &str = "arn:aws:iam::123837392027:user/benjamin";

/// Where Debian and others have the browser.
const BROWSERS: [&str; 3] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
];

/// Runs a walk against the server of a lab, if there is a browser here.
fn walk(name: &str, lab: &Lab, principal: &str, more: &[(&str, String)]) {
    walk_at(name, &Server::start(lab, &[]), principal, more);
}

/// The same, against this server.
fn walk_at(name: &str, server: &Server, principal: &str, more: &[(&str, String)]) {
    let packages = std::env::var_os("TRAILWRIGHT_TEST_BROWSER").filter(|it| !it.is_empty());
    let browser = BROWSERS.into_iter().find(|it| Path::new(it).exists());
    let (Some(packages), Some(browser)) = (packages, browser) else {
        eprintln!("NOTE: skipped: TRAILWRIGHT_TEST_BROWSER is not set, or there is no Chromium");
        return;
    };
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("console")
        .join(name);
    let script = fixture::root().join(format!("tests/console/{name}.mjs"));
    let walked = Command::new("node")
        .arg(script)
        .env("TRAILWRIGHT_TEST_BROWSER", PathBuf::from(packages))
        .env("CHROMIUM", browser)
        .env("CONSOLE", &server.console)
        .env("PRINCIPAL", principal)
        .env("SHOTS", shots)
        .envs(more.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&walked.stderr);
    assert!(walked.status.success(), "{told}");
}

#[test]
fn the_whole_wizard_is_walked_on_real_logs() {
    walk("wizard", &lab_with("invictus"), USER, &[]);
}

#[test]
fn a_policy_is_attached_and_rolled_back_by_buttons() {
    let Some(iam) = Iam::start() else { return };
    let lab = lab();
    lab.write(
        "logs/a.json",
        delivery(&[
            record(1),
            record(2).calls("s3.amazonaws.com", "ListBuckets"),
        ]),
    );
    lab.ingest("logs");
    walk_at("attach", &iam.server(&lab), ROLE, &[]);
}

#[test]
fn without_scripts_one_reads_and_generates() {
    walk("plain", &lab_with("invictus"), USER, &[]);
}

#[test]
fn with_keys_alone_every_step_is_reached() {
    walk("keyboard", &lab_with("invictus"), USER, &[]);
}

#[test]
fn markup_in_any_field_of_a_log_is_text() {
    let markup = |field: &str| {
        format!(
            "{field}\"'><img src=x onerror=alert(1)><script>alert(2)</script></textarea></title>${{x}}{{{{x}}}}"
        )
    };
    let role = format!("arn:aws:iam::111122223333:role/{}", markup("role"));
    let identity = |kind: &str| {
        json!({
            "type": kind,
            "arn": format!("arn:aws:sts::111122223333:assumed-role/x/{}", markup("session")),
            "principalId": markup("id"),
            "accountId": "111122223333",
            "accessKeyId": markup("key"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role, "userName": markup("user")}},
            "invokedBy": markup("invoked"),
        })
    };
    let hostile = |id: u32| {
        record(id)
            .with("userIdentity", identity("AssumedRole"))
            .with("userAgent", markup("agent"))
            .with("sourceIPAddress", markup("address"))
            .with("awsRegion", markup("region"))
            .with("requestParameters", json!({"bucketName": markup("bucket"), "key": markup("key")}))
            .with("resources", json!([{"ARN": markup("arn"), "accountId": markup("account"), "type": markup("type")}]))
            .with("additionalEventData", json!({markup("name"): markup("value")}))
    };
    let records = [
        hostile(1),
        hostile(2)
            .with("errorCode", "AccessDenied")
            .with("errorMessage", markup("message")),
        hostile(3).calls(&markup("source"), &markup("event")),
        hostile(4)
            .with("errorCode", markup("code"))
            .with("errorMessage", markup("message")),
        hostile(5).with("userIdentity", identity(&markup("kind"))),
        hostile(6).with("recipientAccountId", markup("recipient")),
        record(7)
            .calls("s3.amazonaws.com", "ListBuckets")
            .with(
                "userIdentity",
                json!({
                    "type": "IAMUser",
                    "arn": "arn:aws:iam::111122223333:user/plain",
                    "accountId": "111122223333",
                    "userName": "plain",
                }),
            )
            .with("userAgent", markup("agent")),
    ];
    let lab = lab();
    lab.write("logs/a.json", delivery(&records));
    lab.ingest("logs");
    let principals = lab.sql("SELECT DISTINCT principal FROM activity");
    let encoded =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let mut paths = vec![
        "/".to_owned(),
        "/principals".to_owned(),
        format!(
            "/principals?q={0}&kind={0}&account={0}&service={0}",
            encoded(&markup("q"))
        ),
        format!("/?account={0}&region={0}", encoded(&markup("q"))),
        format!("/?from={}", encoded(&markup("q"))),
        format!("/sql?q={}", encoded(&markup("q"))),
        format!("/sql?q={}&row=1", encoded("SELECT * FROM events")),
        format!(
            "/sql?q={}&x=principal",
            encoded("SELECT principal, count(*) AS n FROM events GROUP BY 1")
        ),
        format!("/generate?principal={}", encoded(&role)),
    ];
    let names = principals.iter().filter_map(|it| it["principal"].as_str());
    for principal in names.filter(|it| it.contains('<')) {
        paths.push(format!("/principal?arn={}", encoded(principal)));
    }
    let who = principals.iter().filter_map(|it| it["principal"].as_str());
    let who = who
        .filter(|it| it.starts_with("arn:aws:iam::111122223333:role/"))
        .max();
    let paths = Value::from(paths).to_string();
    walk("hostile", &lab, who.unwrap(), &[("PATHS", paths)]);
}

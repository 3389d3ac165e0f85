//! May logs and lake be on S3, for every command, with all that AWS users have set up?

use trailwright_tests::trail::{delivery, gzip, record};
use trailwright_tests::{Lab, Outcome, s3};

use crate::lab;

/// A folder whose sub-folder `s3` is served, with logs in the bucket `logs` and room in `lakes`.
struct Cloud {
    lab: Lab,
    endpoint: String,
}

impl Cloud {
    fn new() -> Self {
        let lab = lab();
        for (day, id) in [("23", 1), ("24", 3)] {
            let folder = format!("s3/logs/AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/{day}");
            let at = format!("2026-11-{day}T09:30:00Z");
            let records = [record(id).at(&at), record(id + 1).at(&at)];
            lab.write(&format!("{folder}/a.json.gz"), gzip(delivery(&records)));
        }
        std::fs::create_dir_all(lab.path("s3/lakes")).unwrap();
        let endpoint = s3::serve(&lab.path("s3"));
        Self { lab, endpoint }
    }

    /// Runs the program with nothing of AWS in its environment but `environment`.
    fn run(&self, environment: &[(&str, &str)], args: &[&str]) -> Outcome {
        let mut command = self.lab.command(args);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("HOME", self.lab.path("home"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(environment.iter().copied());
        Outcome::of(command.output().unwrap())
    }
}

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY),
    ("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY),
    ("AWS_REGION", "eu-west-1"),
];

#[test]
fn every_command_finds_a_lake_on_s3() {
    let cloud = Cloud::new();
    let endpoint = cloud.endpoint.as_str();
    let environment = [&KEYS[..], &[("AWS_ENDPOINT_URL_S3", endpoint)]].concat();
    let run = |args: &[&str]| cloud.run(&environment, args).status(0);
    let lake = "s3://lakes/mine";
    let done = run(&["ingest", lake, "s3://logs", "--from", "2026-11-24"]);
    assert_eq!((done.tally("files"), done.tally("new")), (1, 2));
    let done = run(&["ingest", lake, "s3://logs"]);
    assert_eq!((done.tally("files"), done.tally("known")), (1, 1));
    let count = "SELECT count(*) AS n FROM events";
    let rows = run(&["sql", lake, count, "--output", "ndjson"]).ndjson();
    assert_eq!(rows[0]["n"], 4);
    assert_eq!(run(&["export", lake]).ndjson().len(), 4);
    let listed = run(&["principals", lake, "--output", "csv"]);
    assert_eq!(listed.stdout.lines().count(), 2);
    let role = trailwright_tests::trail::ROLE;
    let policy = run(&["policy", lake, "--principal", role]);
    assert_eq!(policy.json()["Statement"][0]["Action"], "s3:GetObject");
    let id = "00000000-0000-4000-8000-000000000001";
    run(&["explain", "--lake", lake, id]);
    let info = run(&["lake", "info", lake, "--json"]).json();
    assert_eq!(
        (&info["events"], &info["log_files"]),
        (&4.into(), &2.into())
    );
    run(&["lake", "optimize", lake]);
    run(&["lake", "vacuum", lake]);
}

#[test]
fn a_profile_and_an_endpoint_are_enough() {
    let cloud = Cloud::new();
    let (key, secret) = (s3::ACCESS_KEY, s3::SECRET_KEY);
    let profile = format!(
        "[other]\naws_access_key_id = no\naws_secret_access_key = no\n\
         [auditor]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    );
    let credentials = cloud.lab.write("home/.aws/credentials", profile);
    let config = "[profile auditor]\nregion = eu-west-1\n";
    let config = cloud.lab.write("home/.aws/config", config);
    let environment = [
        ("AWS_PROFILE", "auditor"),
        ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ("AWS_CONFIG_FILE", config.to_str().unwrap()),
    ];
    let endpoint = cloud.endpoint.as_str();
    let run = |args: &[&str]| {
        let args = [args, &["--endpoint-url", endpoint]].concat();
        cloud.run(&environment, &args).status(0)
    };
    let done = run(&["ingest", "s3://lakes/mine", "s3://logs/AWSLogs/"]);
    assert_eq!(done.tally("new"), 4);
    let count = "SELECT count(*) AS n FROM events";
    let rows = run(&["sql", "s3://lakes/mine", count, "--output", "ndjson"]).ndjson();
    assert_eq!(rows[0]["n"], 4);
}

#[test]
fn what_is_not_there_is_said_to_be_missing() {
    let cloud = Cloud::new();
    let endpoint = cloud.endpoint.as_str();
    let environment = [&KEYS[..], &[("AWS_ENDPOINT_URL", endpoint)]].concat();
    for command in [
        vec!["sql", "s3://lakes/none", "SELECT 1"],
        vec!["lake", "info", "s3://lakes/none"],
    ] {
        let done = cloud.run(&environment, &command).status(1);
        done.says("error: no lake at `s3://lakes/none`")
            .says("hint: ");
    }
    let done = cloud.run(&environment, &["ingest", "lake", "s3://nobody/x"]);
    done.status(1).says("s3://nobody/x").says("hint: ");
}

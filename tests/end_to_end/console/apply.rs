//! Does the console bring a policy to an account, take the old ones away, and put all back?

use serde_json::json;
use trailwright_tests::{Iam, Response};

use super::wizard::{generated_for_role, lab_of_reader};
use super::{Visitor, shows};

/// The name, description and tags that somebody chose.
const STATE: &str = "name=mine&description=by+hand&tags=team%3Dlogs%0D%0Acost%3D1";

/// Plays with an account, a browser that signed in to a server which may change it, and the path of
/// a job with the policy of the role; if there is an account to be had here.
fn with_account(play: impl FnOnce(&mut Iam, &Visitor<'_>, &str)) {
    let Some(mut iam) = Iam::start() else { return };
    let lab = lab_of_reader();
    let server = iam.server(&lab);
    let visitor = Visitor::of(&server);
    let job = generated_for_role(&visitor);
    play(&mut iam, &visitor, &job);
}

/// Sends a form of a page, and looks at the page that it leads to.
fn done(visitor: &Visitor<'_>, path: &str, form: &str) -> String {
    let sent = visitor.post(path, form).status(303);
    let next = sent.header("location").unwrap().to_owned();
    visitor.get(&next).status(200).body
}

/// The name of the newest record that a page offers to roll back to.
fn newest_record(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"record\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn a_policy_is_attached_the_old_ones_are_taken_away_and_all_is_put_back() {
    with_account(|iam, visitor, job| {
        let before = iam.state();
        let finish = visitor.get(&format!("{job}/finish?{STATE}")).status(200);
        shows(&finish.body, "Plan it");
        let path = format!("{job}/apply?{STATE}");

        let plan = visitor.get(&path).status(200).body;
        shows(&plan, "What would be done");
        shows(&plan, "2 of 2 allowed");
        shows(&plan, "arn:aws:iam::111122223333:policy/mine");
        shows(&plan, "create and attach");
        shows(&plan, "policy/wide");
        assert_eq!(iam.state(), before, "a look changes nothing");
        assert!(!plan.contains("Roll back"), "{plan}");

        let attached = done(visitor, &path, "confirm=1");
        shows(&attached, "Done. What was there before");
        shows(&attached, "Nothing is to be done");
        shows(&attached, "Remove the old policies");
        let with_both = iam.state();
        assert_eq!(with_both["attached"], json!(["mine", "wide"]));
        let about = json!({"description": "by hand", "tags": {"team": "logs", "cost": "1"}});
        assert_eq!(iam.ask("about mine"), about);
        let policy = visitor.get(&format!("{job}/download")).status(200).json();
        assert_eq!(iam.ask("document mine"), policy);

        // The step after: the old ones go, by a plan of their own.
        let old = "detach=arn%3Aaws%3Aiam%3A%3A111122223333%3Apolicy%2Fwide&detach=extra";
        let plan = visitor.get(&format!("{path}&{old}")).status(200).body;
        shows(&plan, "Remove them");
        shows(&plan, "delete inline");
        shows(&plan, "s3:* on *");
        assert_eq!(iam.state(), with_both);
        let removed = done(visitor, &path, &format!("confirm=1&{old}"));
        let alone = iam.state();
        assert_eq!(alone["attached"], json!(["mine"]));
        assert_eq!(alone["inline"], json!({}));

        // Both changes can be put back, the newest first.
        let rollback = path.replace("/apply?", "/rollback?");
        let second = newest_record(&removed);
        let undone = done(visitor, &rollback, &format!("record={second}"));
        shows(&undone, "Rolled back: 2 changes undone");
        assert_eq!(iam.state(), with_both);
        let first = newest_record(&undone);
        assert_ne!(first, second);
        let undone = done(visitor, &rollback, &format!("record={first}"));
        shows(&undone, "Rolled back");
        assert!(!undone.contains("The way back"), "{undone}");
        assert_eq!(iam.state(), before);
        let again = done(visitor, &rollback, &format!("record={first}"));
        shows(&again, "All was as it had been before");
        for record in ["..%2Fjobs%2Flock", "rollback-none.json", ""] {
            let refused = visitor.post(&rollback, &format!("record={record}"));
            shows(&refused.status(400).body, "role=\"alert\"");
        }
    });
}

#[test]
fn what_iam_refuses_half_way_is_told_with_the_way_back() {
    with_account(|iam, visitor, job| {
        let before = iam.state();
        iam.ask("refuse attach_role_policy 0");
        let path = format!("{job}/apply?{STATE}");
        let failed = visitor.post(&path, "confirm=1").status(502).body;
        shows(&failed, "stopped half-way");
        shows(&failed, "it is enough");
        shows(&failed, "The way back");
        iam.ask("allow");
        let record = newest_record(&failed);
        let rollback = path.replace("/apply?", "/rollback?");
        shows(
            &done(visitor, &rollback, &format!("record={record}")),
            "Rolled back: 1 change undone",
        );
        assert_eq!(iam.state(), before);
    });
}

#[test]
fn the_present_policies_are_fetched_from_the_account() {
    with_account(|_, visitor, job| {
        shows(
            &visitor.get(&format!("{job}/proof")).status(200).body,
            "Fetch all from the account",
        );
        let page = done(visitor, &format!("{job}/present"), "fetch=1&policy=");
        shows(&page, "Compared with ");
        shows(&page, "wide");
        shows(&page, "extra");
        // s3:GetObject is granted and used; iam:GetRole is not granted; sqs is never used.
        shows(&page, "Used, and not granted today: 1 action");
        shows(&page, "Granted today, and used: 1 action");
        shows(&page, "The present policies grant more than the new one");
    });
}

#[test]
fn what_is_not_proven_not_filled_or_not_managed_is_not_attached() {
    with_account(|iam, visitor, job| {
        let before = iam.state();
        let refused = |state: &str, told: &str| {
            let path = format!("{job}/apply?{state}");
            let page = visitor.get(&path).status(200).body;
            shows(&page, told);
            assert!(!page.contains("Create and attach"), "{page}");
            let sent: Response = visitor.post(&path, "confirm=1");
            shows(&sent.status(400).body, told);
        };
        let policy = visitor.get(&format!("{job}/download")).status(200).body;
        let narrower = policy.replace("logs/a.txt", "logs/b.txt");
        let narrower: String = url::form_urlencoded::byte_serialize(narrower.as_bytes()).collect();
        let kept = visitor.post(
            &format!("{job}/customize"),
            &format!("document={narrower}&go=proof"),
        );
        let kept = kept.status(303).header("location").unwrap().to_owned();
        let (_, draft) = kept.split_once('?').unwrap();
        refused(draft, "would refuse 1 of 2 requests");
        refused("add=sqs:SendMessage", "has no value");
        refused(
            "add=sqs:SendMessage",
            "go back to customize, and fill it in",
        );
        refused("target=boundary", "only managed policies are attached");
        refused("name=two+words", "IAM takes no policy of the name");
        refused("tags=team", "expected a tag as KEY=VALUE");
        assert_eq!(iam.state(), before);
    });
}

#[test]
fn without_an_account_nothing_is_attached_from_here() {
    let lab = lab_of_reader();
    let server = trailwright_tests::Server::start(&lab, &[]);
    let visitor = Visitor::of(&server);
    let job = generated_for_role(&visitor);
    for path in ["finish", "apply"] {
        let page = visitor.get(&format!("{job}/{path}")).status(200).body;
        shows(&page, "--iam-endpoint-url");
        assert!(!page.contains("Create and attach</button>"), "{page}");
    }
    visitor
        .post(&format!("{job}/apply"), "confirm=1")
        .status(400);
    visitor
        .post(&format!("{job}/rollback"), "record=rollback-x.json")
        .status(400);
    visitor
        .post(&format!("{job}/present"), "fetch=1")
        .status(400);
}

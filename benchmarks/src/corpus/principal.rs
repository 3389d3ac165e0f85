//! Who acts, and how does CloudTrail show it?
//!
//! All kinds of `userIdentity` that are documented:
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>

use super::dice::{Chances, Dice, mix, mix_text};
use super::template::{Template, Who};

/// Sessions that a role has in a day.
pub(super) const SESSIONS: u32 = 4;

/// The kind of an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A role of a program.
    Role,
    /// A role of a pod, taken on with a web identity.
    Pod,
    /// A role of instances.
    Machine,
    /// A role of a person, with single sign-on.
    SignOn,
    User,
    Federated,
    Root,
    Service,
    ServiceEvent,
    Saml,
    Web,
    Directory,
    Center,
    Unknown,
    Anonymous,
}

/// Somebody who calls, and what they call.
#[derive(Debug)]
pub(super) struct Principal {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// The one name for all its sessions: what answers are grouped by.
    pub(super) id: String,
    pub(super) account: String,
    pub(super) seed: u64,
    pub(super) uses: Vec<Use>,
    pub(super) chances: Chances,
    /// A bit for each region where it is active.
    pub(super) regions: u32,
    pub(super) user_agent: String,
    pub(super) address: String,
    pub(super) vpc_endpoint: Option<String>,
}

/// A kind of event that a principal causes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub(super) template: usize,
    /// It lacks the permission and tries nevertheless.
    pub(super) denied: bool,
}

const TEAMS: [&str; 12] = [
    "orders", "billing", "search", "media", "fraud", "ledger", "catalog", "notify", "ingest",
    "reports", "identity", "shipping",
];
const JOBS: [&str; 8] = [
    "api", "worker", "etl", "deploy", "monitor", "backup", "stream", "batch",
];
const PEOPLE: [&str; 12] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory",
    "olivia",
];
const SERVICES: [&str; 6] = [
    "ec2.amazonaws.com",
    "lambda.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "states.amazonaws.com",
];
const AGENTS: [&str; 6] = [
    "Boto3/1.35.36 md/Botocore#1.35.36 ua/2.0 os/linux#6.1.109-118.189.amzn2023.x86_64 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#standard Botocore/1.35.36",
    "aws-sdk-go-v2/1.32.2 ua/2.1 os/linux lang/go#1.23.2 md/GOOS#linux md/GOARCH#arm64 api/s3#1.65.3",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 (+https://www.terraform.io) terraform-provider-aws/5.74.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.32.2 ua/2.1 os/linux lang/go#1.23.2 md/GOOS#linux md/GOARCH#amd64",
    "aws-sdk-java/2.28.16 md/io#sync md/http#Apache ua/2.1 os/Linux#5.10.225 lang/java#21.0.4 md/OpenJDK_64-Bit_Server_VM md/vendor#Amazon.com_Inc. exec-env/AWS_ECS_FARGATE",
    "aws-cli/2.18.7 md/awscrt#0.22.0 ua/2.0 os/linux#6.1.109 md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython cfg/retry-mode#standard md/prompt#off md/command#s3.cp",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
];

fn pick<'a>(list: &[&'a str], number: u64) -> &'a str {
    let place = usize::try_from(number % list.len().max(1) as u64).unwrap_or_default();
    list.get(place).copied().unwrap_or_default()
}

/// The people and programs of an account, the busiest first, with their weights.
pub(super) fn of_account(
    account: &str,
    count: u32,
    regions: u32,
    templates: &[Template],
    seed: u64,
) -> (Vec<Principal>, Vec<f64>) {
    let mut principals = Vec::new();
    let mut weights = Vec::new();
    for number in 0..count {
        let seed = mix(seed, number.into());
        let kind = match seed % 100 {
            0..=54 => Kind::Role,
            55..=66 => Kind::Pod,
            67..=74 => Kind::Machine,
            75..=84 => Kind::SignOn,
            85..=96 => Kind::User,
            _ => Kind::Federated,
        };
        let who = Principal::new(kind, account, number, seed, regions, templates);
        principals.push(who);
        weights.push(super::dice::steep(number as usize + 1));
    }
    let all: f64 = weights.iter().sum();
    // Those who are in each account, with the share of its events that is theirs.
    let mut everywhere: Vec<(Kind, u32, f64)> = (0..)
        .zip(SERVICES)
        .map(|(number, _)| (Kind::Service, number, 0.012))
        .collect();
    everywhere.extend([
        (Kind::ServiceEvent, 0, 0.002),
        (Kind::Root, 0, 0.0005),
        (Kind::Saml, 0, 0.002),
        (Kind::Web, 0, 0.006),
        (Kind::Web, 1, 0.004),
        (Kind::Directory, 0, 0.0002),
        (Kind::Center, 0, 0.001),
        (Kind::Unknown, 0, 0.0005),
        (Kind::Anonymous, 0, 0.008),
    ]);
    for (kind, number, share) in everywhere {
        let seed = mix(
            mix_text(seed, "everywhere"),
            kind as u64 * 1000 + u64::from(number),
        );
        let who = Principal::new(kind, account, number, seed, regions, templates);
        principals.push(who);
        weights.push(all * share);
    }
    (principals, weights)
}

impl Principal {
    fn new(
        kind: Kind,
        account: &str,
        number: u32,
        seed: u64,
        regions: u32,
        templates: &[Template],
    ) -> Self {
        let name = name(kind, number, seed);
        let (uses, chances) = uses(kind, seed, templates);
        // Active at home, in the first region, and in some others.
        let others = (mix(seed, 1) & mix(seed, 2)) as u32 & ((1_u32 << regions.min(31)) - 1);
        let endpoint = Dice::new(mix(seed, 3)).text(|dice, out| dice.hex(out, 17));
        Self {
            id: id(kind, account, &name, seed),
            account: account.to_owned(),
            user_agent: match kind {
                Kind::Service | Kind::ServiceEvent => name.clone(),
                Kind::Pod | Kind::Role | Kind::Federated => {
                    pick(AGENTS.get(..4).unwrap_or_default(), mix(seed, 4)).to_owned()
                }
                Kind::Machine => {
                    "aws-sdk-go/1.55.5 (go1.22.5; linux; amd64) amazon-ssm-agent/3.3.987.0"
                        .to_owned()
                }
                _ => pick(AGENTS.get(2..).unwrap_or_default(), mix(seed, 4)).to_owned(),
            },
            address: match kind {
                Kind::Service | Kind::ServiceEvent => name.clone(),
                Kind::Role | Kind::Pod | Kind::Machine => {
                    let (a, b) = (mix(seed, 5) % 200, mix(seed, 6) % 250);
                    format!("10.{a}.{b}.{}", 1 + mix(seed, 7) % 250)
                }
                // Addresses for documentation.
                _ => format!("203.0.113.{}", 1 + mix(seed, 7) % 250),
            },
            vpc_endpoint: (matches!(kind, Kind::Role | Kind::Pod)
                && mix(seed, 8).is_multiple_of(3))
            .then(|| format!("vpce-{endpoint}")),
            regions: 1 | others,
            kind,
            name,
            seed,
            uses,
            chances,
        }
    }

    /// Number of the session at a `second` of a day; users have but one.
    pub(super) fn session_at(second: u32) -> u32 {
        second * SESSIONS / super::calendar::DAY
    }

    /// Access key of an IAM user, the same for good.
    pub(super) fn access_key(&self) -> Option<String> {
        (self.kind == Kind::User).then(|| {
            let key = Dice::new(mix(self.seed, 9)).text(|dice, out| dice.upper(out, 16));
            format!("AKIA{key}")
        })
    }

    /// The identity of its session, as JSON.
    pub(super) fn identity(&self, day: u32, session: u32, since: &str) -> Identity {
        let Self {
            name, account, id, ..
        } = self;
        let mut dice = Dice::new(mix(mix(self.seed, day.into()), session.into()));
        let key = format!("ASIA{}", dice.text(|dice, out| dice.upper(out, 16)));
        let mut fixed = Dice::new(mix(self.seed, 10));
        let unique = fixed.text(|dice, out| dice.upper(out, 17));
        let number = dice.below(1_000_000);
        let role = |session: &str, more: &str, federation: &str| {
            let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
            let json = format!(
                r#"{{"type":"AssumedRole","principalId":"AROA{unique}:{session}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{unique}","arn":"{id}","accountId":"{account}","userName":"{name}"}},{federation}"attributes":{{"creationDate":"{since}","mfaAuthenticated":"false"}}{more}}}}}"#
            );
            Identity { json, arn }
        };
        let plain = |json: String| Identity {
            json,
            arn: id.clone(),
        };
        match self.kind {
            Kind::Role => role(&format!("{name}-{number}"), "", ""),
            Kind::Machine => {
                let instance = fixed.text(|dice, out| dice.hex(out, 17));
                role(&format!("i-{instance}"), r#","ec2RoleDelivery":"2.0""#, "")
            }
            Kind::Pod => {
                let federation = format!(
                    r#""webIdFederationData":{{"federatedProvider":"arn:aws:iam::{account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/{unique}","attributes":{{}}}},"#
                );
                role(&format!("botocore-session-{number}"), "", &federation)
            }
            Kind::SignOn => role(&format!("{}@example.com", self.person()), "", ""),
            Kind::User => {
                let key = self.access_key().unwrap_or_default();
                plain(format!(
                    r#"{{"type":"IAMUser","principalId":"AIDA{unique}","arn":"{id}","accountId":"{account}","accessKeyId":"{key}","userName":"{name}"}}"#
                ))
            }
            Kind::Federated => {
                let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
                let json = format!(
                    r#"{{"type":"FederatedUser","principalId":"{account}:{name}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"IAMUser","principalId":"AIDA{unique}","arn":"{id}","accountId":"{account}","userName":"{name}"}},"attributes":{{"creationDate":"{since}","mfaAuthenticated":"false"}}}}}}"#
                );
                Identity { json, arn }
            }
            Kind::Root => plain(format!(
                r#"{{"type":"Root","principalId":"{account}","arn":"{id}","accountId":"{account}","accessKeyId":""}}"#
            )),
            Kind::Service => plain(format!(r#"{{"type":"AWSService","invokedBy":"{name}"}}"#)),
            Kind::ServiceEvent => plain(format!(
                r#"{{"accountId":"{account}","invokedBy":"{name}"}}"#
            )),
            Kind::Saml => {
                let provider = id.split(':').next().unwrap_or_default();
                plain(format!(
                    r#"{{"type":"SAMLUser","principalId":"{id}","userName":"{name}","identityProvider":"{provider}"}}"#
                ))
            }
            Kind::Web => plain(format!(
                r#"{{"type":"WebIdentityUser","principalId":"{id}","userName":"{name}","identityProvider":"arn:aws:iam::{account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"}}"#
            )),
            Kind::Directory => plain(format!(
                r#"{{"type":"Directory","principalId":"{id}","accountId":"{account}","userName":"{name}"}}"#
            )),
            Kind::Center => {
                let user = id.rsplit('/').next().unwrap_or_default();
                let credential = dice.text(Dice::uuid);
                plain(format!(
                    r#"{{"type":"IdentityCenterUser","accountId":"{account}","onBehalfOf":{{"userId":"{user}","identityStoreArn":"arn:aws:identitystore::{account}:identitystore/d-9067642ac7"}},"credentialId":"{credential}"}}"#
                ))
            }
            Kind::Unknown => plain(format!(
                r#"{{"type":"Unknown","principalId":"{id}","accountId":"{account}","userName":"{name}"}}"#
            )),
            Kind::Anonymous => plain(
                r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#
                    .to_owned(),
            ),
        }
    }

    /// How another account sees this role, and what it calls it.
    pub(super) fn identity_elsewhere(&self) -> (String, String) {
        let unique = Dice::new(mix(self.seed, 10)).text(|dice, out| dice.upper(out, 17));
        let json = format!(
            r#"{{"type":"AWSAccount","principalId":"AROA{unique}:session","accountId":"{}"}}"#,
            self.account
        );
        (json, format!("AROA{unique}"))
    }

    /// Whether it calls from a console in the browser.
    pub(super) fn in_console(&self) -> bool {
        self.user_agent.starts_with("Mozilla")
    }

    fn person(&self) -> &'static str {
        pick(&PEOPLE, mix(self.seed, 11))
    }

    /// The address that a provider knows a person by.
    pub(super) fn email(&self) -> String {
        format!("{}@example.com", self.person())
    }
}

/// An identity and the ARN that messages of errors name it by.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) json: String,
    pub(super) arn: String,
}

fn name(kind: Kind, number: u32, seed: u64) -> String {
    let (team, job) = (pick(&TEAMS, mix(seed, 12)), pick(&JOBS, mix(seed, 13)));
    let person = pick(&PEOPLE, mix(seed, 11));
    match kind {
        Kind::Role | Kind::Pod => format!("{team}-{job}-{number}"),
        Kind::Machine => format!("{team}-instances-{number}"),
        Kind::SignOn => format!("AWSReservedSSO_{team}-{number}_{:016x}", mix(seed, 14)),
        Kind::User | Kind::Federated => format!("{person}-{number}"),
        Kind::Root => "root".to_owned(),
        Kind::Service => pick(&SERVICES, number.into()).to_owned(),
        Kind::ServiceEvent => "ec2.amazonaws.com".to_owned(),
        Kind::Web => format!("system:serviceaccount:prod:{team}-{job}"),
        Kind::Saml | Kind::Directory | Kind::Center | Kind::Unknown => {
            format!("{person}@example.com")
        }
        Kind::Anonymous => "anonymous".to_owned(),
    }
}

/// What stands behind the sessions: IAM's name where there is one.
fn id(kind: Kind, account: &str, name: &str, seed: u64) -> String {
    let mut dice = Dice::new(mix(seed, 15));
    match kind {
        // Some roles have a path, which the ARN of a session does not show.
        Kind::Role if mix(seed, 16).is_multiple_of(5) => {
            format!("arn:aws:iam::{account}:role/service-role/{name}")
        }
        Kind::Role | Kind::Pod | Kind::Machine => format!("arn:aws:iam::{account}:role/{name}"),
        Kind::SignOn => {
            format!("arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/eu-west-1/{name}")
        }
        Kind::User | Kind::Federated => format!("arn:aws:iam::{account}:user/{name}"),
        Kind::Root => format!("arn:aws:iam::{account}:root"),
        Kind::Service | Kind::ServiceEvent => name.to_owned(),
        Kind::Saml => format!("{}=:{name}", dice.text(|dice, out| dice.base64(out, 27))),
        Kind::Web => format!(
            "arn:aws:iam::{account}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sts.amazonaws.com:{name}"
        ),
        Kind::Directory => format!(
            "S-1-5-21-{}-{}-500",
            mix(seed, 17) % 1_000_000,
            mix(seed, 18) % 1_000_000
        ),
        Kind::Center => format!("arn:aws:identitystore:::user/{}", dice.text(Dice::uuid)),
        Kind::Unknown => dice.text(Dice::uuid),
        Kind::Anonymous => "ANONYMOUS_PRINCIPAL".to_owned(),
    }
}

/// Which events one causes: a handful, the popular ones most often.
fn uses(kind: Kind, seed: u64, templates: &[Template]) -> (Vec<Use>, Chances) {
    let takes_roles_elsewhere = kind == Kind::Role && mix(seed, 19).is_multiple_of(8);
    let groups: &[Who] = match kind {
        Kind::Role if takes_roles_elsewhere => &[Who::App, Who::Cross],
        Kind::Role | Kind::Pod | Kind::Federated => &[Who::App],
        Kind::Machine => &[Who::Machine, Who::App],
        Kind::SignOn => &[Who::Human, Who::App],
        Kind::User => &[Who::User, Who::Human, Who::App],
        Kind::Root => &[Who::Root, Who::Human],
        Kind::Service => &[Who::Service],
        Kind::ServiceEvent => &[Who::ServiceEvent],
        Kind::Saml => &[Who::Saml],
        Kind::Web => &[Who::Web],
        Kind::Directory => &[Who::Directory],
        Kind::Center => &[Who::Center],
        Kind::Unknown => &[Who::Unknown],
        Kind::Anonymous => &[Who::Anonymous],
    };
    let mut left: Vec<(usize, &Template)> = templates
        .iter()
        .enumerate()
        .filter(|(_, template)| groups.contains(&template.who))
        .collect();
    let mut dice = Dice::new(mix(seed, 20));
    let wanted = 4 + dice.below(14) as usize;
    let (mut uses, mut weights) = (Vec::new(), Vec::new());
    while uses.len() < wanted && !left.is_empty() {
        // What is the principal's own job comes first.
        let own = left.iter().position(|(_, template)| {
            uses.is_empty() && matches!(template.who, Who::Machine | Who::Cross | Who::Root)
        });
        let chances: Vec<f64> = left.iter().map(|(_, t)| f64::from(t.weight)).collect();
        let place = own.unwrap_or_else(|| Chances::of(&chances).draw(&mut dice));
        let (template, of) = left.swap_remove(place);
        let denied = of.deny.is_some() && kind < Kind::Root && dice.below(100) < 14;
        uses.push(Use { template, denied });
        // A program that is refused seldom tries for long.
        let eagerness = if denied { 0.2 } else { 1.0 };
        weights.push(eagerness * super::dice::zipf(uses.len()));
    }
    (uses, Chances::of(&weights))
}

//! What is there to call: accounts, regions, days, and the resources in them?

use super::Options;
use super::calendar::Day;
use super::dice::{Chances, Dice, mix, mix_text, zipf};
use super::principal::{self, Principal};
use super::template::{self, Template};

/// Regions in the order in which a corpus takes them.
pub(super) const REGIONS: [&str; 12] = [
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "eu-central-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "us-east-2",
    "ca-central-1",
    "eu-north-1",
    "sa-east-1",
    "ap-south-1",
    "eu-west-2",
];

/// Resources of a kind in an account and region.
const POOL: u64 = 64;

/// Resources of a kind that one principal calls.
const OWN: usize = 6;

/// Keys that tell things in a resource apart, such as the objects of a bucket.
const KEYS: u64 = 384;

/// Keys of a resource that are in use.
const OWN_KEYS: usize = 16;

/// Everything but the events themselves.
pub(super) struct World {
    pub(super) templates: Vec<Template>,
    pub(super) accounts: Vec<Account>,
    pub(super) regions: Vec<&'static str>,
    pub(super) days: Vec<Day>,
    /// Principals of all accounts, in order.
    pub(super) principals: Vec<Principal>,
    kinds: usize,
    resources: Vec<Resource>,
    keys: Vec<String>,
    which_resource: Chances,
    which_key: Chances,
}

/// An account and who acts there.
pub(super) struct Account {
    pub(super) id: String,
    /// Place of its first principal.
    pub(super) first: usize,
    pub(super) chances: Chances,
    pub(super) weight: f64,
}

/// The names that one resource has.
#[derive(Debug, Default)]
pub(super) struct Resource {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) guid: String,
    pub(super) six: String,
    pub(super) number: String,
    pub(super) upper: String,
    pub(super) hex32: String,
}

impl World {
    pub(super) fn new(options: &Options) -> anyhow::Result<Self> {
        let (templates, kinds) = template::all()?;
        let count = options.accounts.max(1);
        let regions: Vec<_> = REGIONS
            .into_iter()
            .take(options.regions.max(1) as usize)
            .collect();
        let all: f64 = (1..=count as usize).map(zipf).sum();
        let mut principals = Vec::new();
        let mut accounts = Vec::new();
        for number in 0..count {
            let seed = mix(options.seed, 100 + u64::from(number));
            let mut id = format!("{:012}", mix(seed, 0) % 1_000_000_000_000);
            // Account ids may begin with zeros, and must not lose them.
            if number == 1 {
                id.replace_range(..2, "00");
            }
            let weight = zipf(number as usize + 1);
            let share = (f64::from(options.principals) * weight / all).round() as u32;
            let (of_account, weights) =
                principal::of_account(&id, share.max(3), regions.len() as u32, &templates, seed);
            accounts.push(Account {
                id,
                first: principals.len(),
                chances: Chances::of(&weights),
                weight,
            });
            principals.extend(of_account);
        }
        let days = (0..options.days.max(1)).map(|number| Day::new(options.start, number));
        Ok(Self {
            days: days.collect::<Result<_, _>>()?,
            resources: resources(options.seed, &accounts, &kinds),
            kinds: kinds.len(),
            keys: (0..KEYS).map(|number| key(options.seed, number)).collect(),
            which_resource: Chances::falling(OWN, super::dice::steep),
            which_key: Chances::falling(OWN_KEYS, zipf),
            templates,
            accounts,
            regions,
            principals,
        })
    }

    /// Draws a resource for a call of `template` by `principal`, and a key in it.
    pub(super) fn draw(
        &self,
        template: &Template,
        principal: &Principal,
        dice: &mut Dice,
    ) -> (u64, u64) {
        let Some(kind) = template.kind else {
            return (0, 0);
        };
        let own = self.which_resource.draw(dice) as u64;
        let resource = (mix(principal.seed, kind as u64) + own * 7) % POOL;
        if !template.keyed {
            return (resource, 0);
        }
        let of_resource = mix(resource, 5) % (KEYS / OWN_KEYS as u64);
        let key = of_resource * OWN_KEYS as u64 + self.which_key.draw(dice) as u64;
        (resource, key)
    }

    /// The resource called `number` of the template's kind.
    pub(super) fn resource(&self, account: usize, template: &Template, number: u64) -> &Resource {
        static NONE: std::sync::LazyLock<Resource> = std::sync::LazyLock::new(Resource::default);
        let kind = template.kind.unwrap_or_default();
        let place = (account * self.kinds + kind) * POOL as usize + number as usize;
        self.resources.get(place).unwrap_or(&NONE)
    }

    pub(super) fn key(&self, number: u64) -> &str {
        let key = usize::try_from(number).ok().and_then(|i| self.keys.get(i));
        key.map_or("", String::as_str)
    }

    /// The account whose roles others take on.
    pub(super) fn other(&self, account: usize) -> usize {
        (account + 1) % self.accounts.len()
    }
}

fn resources(seed: u64, accounts: &[Account], kinds: &[String]) -> Vec<Resource> {
    let mut resources = Vec::new();
    for account in accounts {
        for kind in kinds {
            for number in 0..POOL {
                let seed = mix(mix_text(mix_text(seed, &account.id), kind), number);
                resources.push(Resource::new(kind, &account.id, number, seed));
            }
        }
    }
    resources
}

impl Resource {
    fn new(kind: &str, account: &str, number: u64, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let name = match kind {
            // Names of buckets are unique in the world.
            "bucket" => format!("acme-{}-{number:02}", account.get(6..).unwrap_or_default()),
            _ => format!("{kind}-{number:02}"),
        };
        Self {
            name,
            id: dice.text(|dice, out| dice.hex(out, 17)),
            guid: dice.text(Dice::uuid),
            six: dice.text(|dice, out| dice.alphanumeric(out, 6)),
            number: (1 + dice.below(90)).to_string(),
            upper: dice.text(|dice, out| dice.upper(out, 12)),
            hex32: dice.text(|dice, out| dice.hex(out, 32)),
        }
    }
}

fn key(seed: u64, number: u64) -> String {
    let seed = mix(mix_text(seed, "key"), number);
    let part = Dice::new(seed).text(Dice::uuid);
    match number % 3 {
        0 => format!(
            "raw/year=2026/table-{:02}/part-{number:05}-{part}.c000.snappy.parquet",
            seed % 20
        ),
        1 => format!("images/{}/{part}.jpg", seed % 50),
        _ => format!("config/service-{:02}/settings.json", number % 40),
    }
}

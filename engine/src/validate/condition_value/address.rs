//! Are networks written as they are, and public where only public addresses are seen?

use ipnet::IpNet;

use crate::evaluate::value::network;
use crate::policy::{Operator, Test as Compare};
use crate::validate::subject::{Findings, Spot, Test};

/// Networks of which an address is never the source that AWS sees.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

pub(super) fn check(operator: Operator, test: &Test<'_>, findings: &mut Findings<'_>) {
    if operator.test != Compare::IpAddress {
        return;
    }
    let networks: Vec<(IpNet, &Spot<'_>)> = test
        .values
        .iter()
        .filter_map(|spot| Some((network(spot.node.as_str()?).ok()?, spot)))
        .collect();
    for (network, spot) in &networks {
        if network.trunc() != *network {
            let details = format!(
                "the bits behind the prefix are ignored: write {}",
                network.trunc()
            );
            findings.add("IMPROVE_IP_RANGE", spot, details);
        }
    }
    if !test.key.eq_ignore_ascii_case("aws:SourceIp") {
        return;
    }
    let private: Vec<&Spot<'_>> = networks
        .iter()
        .filter(|(network, _)| is_private(network))
        .map(|(_, spot)| *spot)
        .collect();
    let Some(first) = private.first() else {
        return;
    };
    if private.len() == test.values.len() {
        let (code, outcome) = if operator.negated {
            ("PRIVATE_NOT_IP_ADDRESS", "always")
        } else {
            ("PRIVATE_IP_ADDRESS", "never")
        };
        let details = format!("aws:SourceIp is a public address: this is {outcome} so");
        findings.add(code, &test.value, details);
    } else {
        let code = if operator.negated {
            "PRIVATE_NOT_IP_ADDRESS_SUBSET"
        } else {
            "PRIVATE_IP_ADDRESS_SUBSET"
        };
        let details = "aws:SourceIp is a public address; for private ones there is aws:VpcSourceIp";
        findings.add(code, first, details);
    }
}

fn is_private(network: &IpNet) -> bool {
    let private = PRIVATE.iter().filter_map(|it| it.parse::<IpNet>().ok());
    private.into_iter().any(|private| private.contains(network))
}

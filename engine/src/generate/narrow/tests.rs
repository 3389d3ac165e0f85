//! Are conditions only where every call bears them out?

use std::borrow::Cow;

use expect_test::{Expect, expect};

use super::*;

fn facts(way: Way) -> Facts {
    Facts {
        way,
        requested_region: Some("eu-west-1".to_owned()),
        ..Facts::default()
    }
}

fn from(ip: &str) -> Facts {
    Facts {
        source_ip: Some(ip.to_owned()),
        ..facts(Way::Direct)
    }
}

fn check(asked: &[Narrowing], uses: &[(&str, &str, Facts)], expected: Expect) {
    let circumstances: Vec<Circumstance> = uses
        .iter()
        .map(|(action, resource, facts)| Circumstance {
            action: (*action).to_owned(),
            resource: (*resource).to_owned(),
            conditions: Vec::new(),
            facts: facts.clone(),
            count: 1,
        })
        .collect();
    let used = circumstances.iter().map(|it| Used {
        action: Cow::Borrowed(&*it.action),
        resource: Cow::Borrowed(&*it.resource),
        conditions: Vec::new(),
    });
    let asked = asked.iter().copied().collect();
    let outcome = narrow(used.collect(), &circumstances, &asked, Reference::bundled());
    let mut lines = Vec::new();
    for one in &outcome.used {
        let conditions = one.conditions.iter();
        let conditions: Vec<String> = conditions
            .map(|it| format!("{} {} {}", it.operator, it.key, it.values.join(",")))
            .collect();
        lines.push(format!(
            "{} {} if {}",
            one.action,
            one.resource,
            conditions.join(" and ")
        ));
    }
    for not in &outcome.not_narrowed {
        lines.push(format!(
            "{:?} not: {}: {}",
            not.narrowing, not.what, not.why
        ));
    }
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn calls_by_services_keep_their_way() {
    check(
        &[Narrowing::SourceIp],
        &[
            ("s3:GetObject", "arn:aws:s3:::b/1", from("203.0.113.7")),
            ("s3:GetObject", "arn:aws:s3:::b/1", facts(Way::Service)),
            ("s3:GetObject", "arn:aws:s3:::b/2", from("203.0.113.9")),
            ("s3:GetObject", "arn:aws:s3:::b/3", facts(Way::Service)),
        ],
        expect![[r#"
            s3:GetObject arn:aws:s3:::b/1 if IpAddress aws:SourceIp 203.0.113.7,203.0.113.9
            s3:GetObject arn:aws:s3:::b/1 if Bool aws:ViaAWSService true
            s3:GetObject arn:aws:s3:::b/2 if IpAddress aws:SourceIp 203.0.113.7,203.0.113.9
            s3:GetObject arn:aws:s3:::b/3 if Bool aws:ViaAWSService true"#]],
    );
}

#[test]
fn a_call_of_unknown_origin_keeps_its_permission_free() {
    check(
        &[Narrowing::SourceIp, Narrowing::Mfa],
        &[
            ("s3:GetObject", "arn:aws:s3:::b/1", from("203.0.113.7")),
            ("s3:GetObject", "arn:aws:s3:::b/1", facts(Way::Unclear)),
            ("s3:GetObject", "arn:aws:s3:::b/1", facts(Way::Service)),
        ],
        expect![[r#"
            s3:GetObject arn:aws:s3:::b/1 if 
            SourceIp not: s3:GetObject on arn:aws:s3:::b/1: some events do not tell where the call came from
            Mfa not: s3:GetObject on arn:aws:s3:::b/1: some calls were made without MFA"#]],
    );
}

#[test]
fn a_network_is_an_address_or_an_endpoint() {
    let through = Facts {
        source_vpce: Some("vpce-1".to_owned()),
        mfa_present: Some(true),
        ..facts(Way::Direct)
    };
    let with_mfa = Facts {
        mfa_present: Some(true),
        ..from("203.0.113.7")
    };
    check(
        &[Narrowing::SourceIp, Narrowing::SourceVpce, Narrowing::Mfa],
        &[
            ("s3:GetObject", "arn:aws:s3:::b/1", with_mfa),
            ("s3:GetObject", "arn:aws:s3:::b/1", through),
        ],
        expect![[r#"
            s3:GetObject arn:aws:s3:::b/1 if IpAddress aws:SourceIp 203.0.113.7 and Bool aws:MultiFactorAuthPresent true
            s3:GetObject arn:aws:s3:::b/1 if StringEquals aws:SourceVpce vpce-1 and Bool aws:MultiFactorAuthPresent true"#]],
    );
}

#[test]
fn the_region_is_left_out_where_the_resource_says_it() {
    check(
        &[Narrowing::RequestedRegion, Narrowing::OrgId],
        &[
            ("ec2:DescribeInstances", "*", facts(Way::Service)),
            (
                "sqs:SendMessage",
                "arn:aws:sqs:eu-west-1:1:q",
                facts(Way::Direct),
            ),
        ],
        expect![[r#"
            ec2:DescribeInstances * if StringEquals aws:RequestedRegion eu-west-1
            sqs:SendMessage arn:aws:sqs:eu-west-1:1:q if 
            OrgId not: ec2:DescribeInstances on *: no event tells the organization
            OrgId not: sqs:SendMessage on arn:aws:sqs:eu-west-1:1:q: no event tells the organization"#]],
    );
}

#[test]
fn a_listing_of_all_is_not_narrowed_by_the_prefixes_of_others() {
    let listing = |prefix: Option<&str>| Facts {
        s3_prefix: prefix.map(ToOwned::to_owned),
        ..facts(Way::Direct)
    };
    check(
        &[Narrowing::S3Prefix],
        &[
            ("s3:ListBucket", "arn:aws:s3:::a", listing(Some("x/"))),
            ("s3:ListBucket", "arn:aws:s3:::a", listing(Some("$y/"))),
            ("s3:ListBucket", "arn:aws:s3:::b", listing(Some("x/"))),
            ("s3:ListBucket", "arn:aws:s3:::b", listing(None)),
            ("s3:GetObject", "arn:aws:s3:::b/1", listing(None)),
        ],
        expect![[r#"
            s3:ListBucket arn:aws:s3:::a if StringEquals s3:prefix ${$}y/,x/
            s3:ListBucket arn:aws:s3:::b if 
            s3:GetObject arn:aws:s3:::b/1 if 
            S3Prefix not: s3:ListBucket on arn:aws:s3:::b: some calls gave no prefix"#]],
    );
}

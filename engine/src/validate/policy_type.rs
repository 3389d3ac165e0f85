//! What is a policy meant to be, and what does that ask of it?

use crate::pattern::arn_fields;

/// What kind of policy a document is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyType {
    /// Attached to a user, group or role, also as its permissions boundary.
    Identity,
    /// Attached to an organization, a unit of it or an account, and about its principals.
    ServiceControl,
    /// Attached to the same, and about its resources.
    ResourceControl,
    /// Attached to a resource, of this type if that is known.
    Resource(Option<ResourceType>),
}

/// Types of resources whose policies have rules of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceType {
    /// A bucket.
    S3Bucket,
    /// An access point of a bucket.
    S3AccessPoint,
    /// An access point of buckets in several regions.
    S3MultiRegionAccessPoint,
    /// An access point that changes objects on their way.
    S3ObjectLambdaAccessPoint,
    /// A role: who may assume it is said by its trust policy.
    RoleTrust,
    /// A table.
    DynamoDbTable,
}

/// What holds for the policies of a type of resources.
struct Rules {
    /// Its name in IAM Access Analyzer's API.
    name: &'static str,
    /// The service whose actions and ARNs they are about.
    service: &'static str,
    /// The most characters, if there is a documented number.
    limit: Option<usize>,
}

/// How large a policy may be.
pub(super) struct Quota {
    pub(super) code: &'static str,
    pub(super) limit: usize,
    /// Whether white space counts.
    pub(super) white_space: bool,
}

impl PolicyType {
    /// Whether its statements say whom they are about.
    pub(super) fn names_principals(self) -> bool {
        matches!(self, Self::Resource(_) | Self::ResourceControl)
    }

    /// Whether it says who may assume a role.
    pub(super) fn is_trust(self) -> bool {
        self == Self::Resource(Some(ResourceType::RoleTrust))
    }

    /// The type of the resource that it is attached to, if it is known.
    pub(super) fn resource_type(self) -> Option<ResourceType> {
        match self {
            Self::Resource(known) => known,
            _ => None,
        }
    }

    /// Whether IAM or Organizations keeps it, which take letters and digits in Sids and none twice.
    pub(super) fn has_strict_sids(self) -> bool {
        !matches!(self, Self::Resource(_)) || self.is_trust()
    }

    /// How large it may be, if that is known.
    pub(super) fn quota(self) -> Option<Quota> {
        let quota = |code, limit, white_space| Quota {
            code,
            limit,
            white_space,
        };
        Some(match self {
            Self::Identity => quota("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", 6_144, false),
            Self::ServiceControl => quota("POLICY_SIZE_EXCEEDS_SCP_QUOTA", 5_120, false),
            Self::ResourceControl => quota("POLICY_SIZE_EXCEEDS_RCP_QUOTA", 5_120, false),
            Self::Resource(Some(ResourceType::RoleTrust)) => {
                let limit = ResourceType::RoleTrust.rules().limit?;
                quota("POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA", limit, false)
            }
            Self::Resource(known) => {
                let limit = known?.rules().limit?;
                quota("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", limit, true)
            }
        })
    }

    /// The code of a text that is too large to be looked into, whatever it is.
    pub(super) fn far_too_large(self) -> &'static str {
        let known = self.quota().map(|it| it.code);
        known.unwrap_or("POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA")
    }
}

impl ResourceType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::S3Bucket,
        Self::S3AccessPoint,
        Self::S3MultiRegionAccessPoint,
        Self::S3ObjectLambdaAccessPoint,
        Self::RoleTrust,
        Self::DynamoDbTable,
    ];

    /// The type of this name in IAM Access Analyzer's API.
    ///
    /// ```
    /// # use trailwright_engine::validate::ResourceType;
    /// assert_eq!(ResourceType::find("AWS::S3::Bucket"), Some(ResourceType::S3Bucket));
    /// ```
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Its name in IAM Access Analyzer's API.
    pub fn name(self) -> &'static str {
        self.rules().name
    }

    /// The service whose actions and ARNs its policies are about.
    pub(super) fn service(self) -> &'static str {
        self.rules().service
    }

    /// Whether a policy of it may be about this ARN, or pattern of ARNs.
    pub(super) fn takes(self, resource: &str) -> bool {
        match *arn_fields(resource).as_slice() {
            [_, _, service, ..] => crate::arn::wildcard(service, self.service()),
            // What is no ARN has a finding of its own.
            _ => true,
        }
    }

    /// The limits are those that the services' own guides tell: Amazon S3 and DynamoDB 20 KB with white
    /// space, IAM 2,048 characters without it, which an account can have raised.
    fn rules(self) -> Rules {
        let rules = |name, service, limit| Rules {
            name,
            service,
            limit,
        };
        let kilobytes = Some(20 * 1024);
        match self {
            Self::S3Bucket => rules("AWS::S3::Bucket", "s3", kilobytes),
            Self::S3AccessPoint => rules("AWS::S3::AccessPoint", "s3", kilobytes),
            Self::S3MultiRegionAccessPoint => {
                rules("AWS::S3::MultiRegionAccessPoint", "s3", kilobytes)
            }
            Self::S3ObjectLambdaAccessPoint => {
                rules("AWS::S3ObjectLambda::AccessPoint", "s3-object-lambda", None)
            }
            Self::RoleTrust => rules("AWS::IAM::AssumeRolePolicyDocument", "sts", Some(2_048)),
            Self::DynamoDbTable => rules("AWS::DynamoDB::Table", "dynamodb", kilobytes),
        }
    }
}

//! Where is a policy to be attached, and how large may it be there?

/// Where a policy is to be attached, which says how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// A managed policy of the customer.
    #[default]
    Managed,
    /// Inline in a role; the limit is for all of a role's inline policies together.
    InlineRole,
    /// Inline in a user.
    InlineUser,
    /// Inline in a group.
    InlineGroup,
    /// The permissions boundary of a role or user, which is one managed policy.
    Boundary,
    /// A service control policy.
    Scp,
}

impl Target {
    /// Characters that IAM takes, white space not counted.
    pub fn limit(self) -> usize {
        match self {
            Self::Managed | Self::Boundary => 6_144,
            Self::InlineRole => 10_240,
            Self::InlineUser => 2_048,
            Self::InlineGroup | Self::Scp => 5_120,
        }
    }

    /// Documents that can be attached: ten managed policies by default, five service control
    /// policies, one boundary. The limit of inline policies is one for all of them.
    pub fn most_documents(self) -> usize {
        match self {
            Self::Managed => 10,
            Self::Scp => 5,
            Self::InlineRole | Self::InlineUser | Self::InlineGroup | Self::Boundary => 1,
        }
    }

    /// As people name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Managed => "a managed policy",
            Self::InlineRole => "the inline policies of a role",
            Self::InlineUser => "the inline policies of a user",
            Self::InlineGroup => "the inline policies of a group",
            Self::Boundary => "a permissions boundary",
            Self::Scp => "a service control policy",
        }
    }
}

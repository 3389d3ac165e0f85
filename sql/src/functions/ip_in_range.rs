//! `ip_in_range(address, '10.0.0.0/8')`, `ip_network(address)` and `ip_is_private(address)`.
//!
//! Of a text that is no address, as of the services that CloudTrail names in their stead, they
//! say null. A range that is none is an error, since it would be wrong for every row.

use std::net::IpAddr;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use ipnet::IpNet;

use super::text::TextColumns;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IpInRange {
    signature: Signature,
}

impl IpInRange {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IpInRange {
    fn name(&self) -> &str {
        "ip_in_range"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        // The range is mostly a literal: read it once.
        let mut last: Option<(&str, IpNet)> = None;
        let mut told = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let range = match columns.get(1, row) {
                None => None,
                Some(text) => match last {
                    Some((known, range)) if known == text => Some(range),
                    _ => Some(last.insert((text, read_range(text)?)).1),
                },
            };
            let address = columns.get(0, row).and_then(read_address);
            told.push(
                range
                    .zip(address)
                    .map(|(range, address)| range.contains(&address)),
            );
        }
        Ok(ColumnarValue::Array(
            Arc::new(BooleanArray::from(told)) as ArrayRef
        ))
    }
}

/// `10.0.0.0/8`, `2001:db8::/32`, or an address alone.
fn read_range(text: &str) -> Result<IpNet> {
    let alone = || text.trim().parse::<IpAddr>().map(IpNet::from).ok();
    text.trim().parse().ok().or_else(alone).ok_or_else(|| {
        DataFusionError::Plan(format!(
            "expected a range of addresses such as 10.0.0.0/8, got `{text}`"
        ))
    })
}

/// An address; one of IPv4 that is written as one of IPv6 counts as IPv4.
fn read_address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.trim().parse().ok()?;
    Some(address.to_canonical())
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IpIsPrivate {
    signature: Signature,
}

impl IpIsPrivate {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IpIsPrivate {
    fn name(&self) -> &str {
        "ip_is_private"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        let private = |address: IpAddr| match address {
            IpAddr::V4(address) => {
                // 100.64.0.0/10 is what carriers share among their customers.
                let [a, b, ..] = address.octets();
                address.is_private()
                    || address.is_loopback()
                    || address.is_link_local()
                    || (a == 100 && (64..128).contains(&b))
            }
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        };
        let told: BooleanArray = (0..args.number_rows)
            .map(|row| columns.get(0, row).and_then(read_address).map(private))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(told) as ArrayRef))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IpNetwork {
    signature: Signature,
}

impl IpNetwork {
    pub(super) fn new() -> Self {
        Self {
            signature: Signature::string(1, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IpNetwork {
    fn name(&self) -> &str {
        "ip_network"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = TextColumns::of(&args)?;
        let network = |address: IpAddr| {
            // What one customer of a network usually has.
            let bits = if address.is_ipv4() { 24 } else { 48 };
            let network = IpNet::new(address, bits).ok()?;
            Some(network.trunc().to_string())
        };
        let told: StringArray = (0..args.number_rows)
            .map(|row| columns.get(0, row).and_then(read_address).and_then(network))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(told) as ArrayRef))
    }
}

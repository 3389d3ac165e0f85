//! Which service logs under an event source that is not its own prefix?

use super::load::{Cells, Row};

/// An event source that is not the prefix of the service that logs under it.
#[derive(Debug)]
pub(super) struct EventSource {
    pub(super) label: &'static str,
    pub(super) prefix: &'static str,
}

/// An event source without the domain: `s3` of `s3.amazonaws.com` and of `s3.amazonaws.com.cn`.
pub(super) fn label(event_source: &str) -> &str {
    event_source
        .split_once(".amazonaws.")
        .map_or(event_source, |(label, _)| label)
}

/// The letters and digits of a label, in lower case.
pub(super) fn letters(label: &str) -> impl Iterator<Item = u8> {
    let letters = label.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|byte| byte.to_ascii_lowercase())
}

impl Row for EventSource {
    fn parse(_: &'static str, mut cells: Cells) -> Option<EventSource> {
        let row = EventSource {
            label: cells.required()?,
            prefix: cells.required()?,
        };
        // The evidence is for readers of the table.
        cells.required()?;
        cells.end().map(|()| row)
    }

    fn key(&self) -> &'static str {
        self.label
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn an_event_source_leads_to_its_service() {
        let prefix = |source| Reference::bundled().prefix_of(source);
        assert_eq!(prefix("s3.amazonaws.com"), Some("s3"));
        assert_eq!(prefix("ec2.amazonaws.com.cn"), Some("ec2"));
        assert_eq!(prefix("monitoring.amazonaws.com"), Some("cloudwatch"));
        assert_eq!(prefix("streams.dynamodb.amazonaws.com"), Some("dynamodb"));
        assert_eq!(prefix("iotsecuredtunneling.amazonaws.com"), Some("iot"));
        assert_eq!(prefix("nothing.amazonaws.com"), None);
        assert_eq!(prefix(""), None);
    }

    #[test]
    fn separators_in_a_source_do_not_matter() {
        let prefix = |source| Reference::bundled().prefix_of(source);
        assert_eq!(
            prefix("application-insights.amazonaws.com"),
            Some("applicationinsights")
        );
        assert_eq!(
            prefix("metering-marketplace.amazonaws.com"),
            Some("aws-marketplace")
        );
        assert_eq!(prefix("metrics-sagemaker.amazonaws.com"), Some("sagemaker"));
    }

    #[test]
    fn the_source_of_another_provider_is_no_service() {
        let prefix = |source| Reference::bundled().prefix_of(source);
        assert_eq!(prefix("sts.aliyuncs.com"), None);
        assert_eq!(prefix("ec2.example.com"), None);
    }
}

//! Where does a lake or a log lie, and how is it reached?
//!
//! Words only: nothing is opened here. Folders are paths, everything else is a URL. What AWS's
//! own tools take from the environment counts here as well.

use std::collections::HashMap;

/// Whether `location` is a URL, `s3://bucket/prefix`, and not a path.
///
/// ```
/// # use trailwright_engine::location::is_url;
/// assert!(is_url("s3://logs/trail") && !is_url("logs/trail") && !is_url("C:/logs"));
/// ```
pub fn is_url(location: &str) -> bool {
    location.contains("://")
}

/// The URL of the folder `name` in the folder that the URL `location` names.
///
/// ```
/// # use trailwright_engine::location::url_of;
/// assert_eq!(url_of("s3://lakes/mine/", "events"), "s3://lakes/mine/events/");
/// assert_eq!(url_of("s3://lakes", "events"), "s3://lakes/events/");
/// ```
pub fn url_of(location: &str, name: &str) -> String {
    format!("{}/{name}/", location.trim_end_matches('/'))
}

/// How S3 and its like are reached, beside the usual environment and profiles of AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// Address of a server that speaks S3, `http://localhost:9000`.
    pub endpoint_url: Option<String>,
}

impl Storage {
    /// The same as options that `object_store` and `deltalake` take. `variable` gives what an
    /// environment variable holds.
    pub fn options(&self, variable: impl Fn(&str) -> Option<String>) -> HashMap<String, String> {
        let mut options = HashMap::new();
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let endpoint = self.endpoint_url.clone();
        let endpoint = endpoint
            .or_else(|| variable("AWS_ENDPOINT_URL_S3"))
            .or_else(|| variable("AWS_ENDPOINT_URL"));
        if let Some(endpoint) = endpoint {
            if endpoint.starts_with("http://") {
                options.insert("aws_allow_http".to_owned(), "true".to_owned());
            }
            options.insert("aws_endpoint".to_owned(), endpoint);
            // Without this, profiles are looked at for AWS's own endpoint only.
            if variable("AWS_ACCESS_KEY_ID").is_none() {
                options.insert("AWS_FORCE_CREDENTIAL_LOAD".to_owned(), "true".to_owned());
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_typed_goes_before_the_environment() {
        let environment = |name: &str| match name {
            "AWS_ENDPOINT_URL" => Some("https://all".to_owned()),
            "AWS_ENDPOINT_URL_S3" => Some("https://s3".to_owned()),
            "AWS_ACCESS_KEY_ID" => Some("id".to_owned()),
            _ => None,
        };
        let endpoint = |storage: Storage| storage.options(environment).remove("aws_endpoint");
        let typed = Storage {
            endpoint_url: Some("https://typed".to_owned()),
        };
        assert_eq!(endpoint(typed).as_deref(), Some("https://typed"));
        assert_eq!(endpoint(Storage::default()).as_deref(), Some("https://s3"));
    }

    #[test]
    fn only_an_endpoint_that_says_http_is_reached_without_tls() {
        let options = |url: &str| {
            let endpoint_url = Some(url.to_owned());
            Storage { endpoint_url }.options(|_| None)
        };
        assert!(options("http://localhost:9000").contains_key("aws_allow_http"));
        assert!(!options("https://localhost:9000").contains_key("aws_allow_http"));
        assert!(Storage::default().options(|_| None).is_empty());
    }
}

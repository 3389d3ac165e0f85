//! What of an event do the rules look at?

use std::cell::OnceCell;
use std::iter;

use serde_json::{Map, Value};

use super::listed::{self, ListedArn};
use super::members::Members;
use crate::event::Row;

/// A call, as CloudTrail recorded it. JSON is unparsed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// `s3.amazonaws.com`.
    pub event_source: &'a str,
    /// `GetObject`.
    pub event_name: &'a str,
    /// `AwsApiCall`.
    pub event_type: Option<&'a str>,
    /// Region that was called.
    pub aws_region: Option<&'a str>,
    /// Account that was called.
    pub account: Option<&'a str>,
    /// Who called, by ARN.
    pub principal: Option<&'a str>,
    /// Service that called for the principal, or where the call came from, which may be the name of
    /// a service too. Old records say it there alone.
    pub invoked_by: Option<&'a str>,
    /// Whether it ended in an error of any kind.
    pub failed: bool,
    /// Why it failed, in words.
    pub error_message: Option<&'a str>,
    /// JSON of `requestParameters`.
    pub request_parameters: Option<&'a str>,
    /// JSON of `responseElements`.
    pub response_elements: Option<&'a str>,
    /// JSON of `resources`.
    pub resources: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// The call that an event is.
    pub fn of(row: &'a Row<'_>) -> Self {
        Self {
            event_source: row.text("event_source").unwrap_or_default(),
            event_name: row.text("event_name").unwrap_or_default(),
            event_type: row.text("event_type"),
            aws_region: row.text("aws_region"),
            account: row
                .text("recipient_account_id")
                .or(row.text("principal_account")),
            principal: row.text("principal"),
            invoked_by: row.text("invoked_by").or(row.text("source_ip_address")),
            failed: row.text("error_code").is_some(),
            error_message: row.text("error_message"),
            request_parameters: row.text("request_parameters"),
            response_elements: row.text("response_elements"),
            resources: row.text("resources"),
        }
    }
}

/// A call with its JSON, each part parsed when a rule first asks for it.
pub(super) struct CallInfo<'a> {
    pub(super) call: &'a Call<'a>,
    request: OnceCell<Members<'a>>,
    response: OnceCell<Members<'a>>,
    request_value: OnceCell<Value>,
    resource_arns: OnceCell<Vec<ListedArn<'a>>>,
}

impl<'a> CallInfo<'a> {
    pub(super) fn new(call: &'a Call<'a>) -> Self {
        Self {
            call,
            request: OnceCell::new(),
            response: OnceCell::new(),
            request_value: OnceCell::new(),
            resource_arns: OnceCell::new(),
        }
    }

    /// The members of the request, flat.
    pub(super) fn request(&self) -> &Members<'a> {
        self.request
            .get_or_init(|| Members::of(self.call.request_parameters.unwrap_or_default()))
    }

    /// The members of the response, flat.
    pub(super) fn response(&self) -> &Members<'a> {
        self.response
            .get_or_init(|| Members::of(self.call.response_elements.unwrap_or_default()))
    }

    /// The request as a tree, for the few rules that need its shape.
    pub(super) fn request_value(&self) -> &Value {
        self.request_value.get_or_init(|| {
            let text = self.call.request_parameters.unwrap_or("null");
            serde_json::from_str(text).unwrap_or_default()
        })
    }

    /// Whether the request gives a member, as [`Members::has`] says; `a.b` is a member of the object
    /// `a`, which the flat members do not show where it holds tags.
    pub(super) fn has(&self, key: &str) -> bool {
        let Some((around, name)) = key.split_once('.') else {
            return self.request().has(key);
        };
        let Some(request) = self.request_value().as_object() else {
            return false;
        };
        // `RequestThingRequest` is around all of some requests.
        let wrapped = request.values().filter_map(Value::as_object);
        let mut objects = iter::once(request).chain(wrapped);
        objects.any(|object| {
            let inner = member(object, around).and_then(Value::as_object);
            inner.and_then(|inner| member(inner, name)).is_some()
        })
    }

    /// Whether what the request does not give has its default value. A denied call mostly shows
    /// no request at all.
    pub(super) fn takes_defaults(&self) -> bool {
        let shown = |text: &str| text.starts_with('{');
        !self.call.failed || self.call.request_parameters.is_some_and(shown)
    }

    /// Whether the request names a launch template, which gives what it does not.
    pub(super) fn by_launch_template(&self) -> bool {
        let names = ["launchtemplateid", "launchtemplatename"];
        names.iter().any(|name| self.request().get(name).is_some())
    }

    /// Whether the request was recorded and says nothing but how much to show at a time.
    pub(super) fn asks_for_all(&self) -> bool {
        const PAGES: [&str; 12] = [
            "limit",
            "marker",
            "maxitems",
            "maxrecords",
            "maxresults",
            "nexttoken",
            "paginationtoken",
            "pagenumber",
            "pagesize",
            "pagetoken",
            "startingtoken",
            "token",
        ];
        let text = self.call.request_parameters.unwrap_or_default();
        let mut members = self.request().iter();
        text.starts_with('{')
            && !text.contains("HIDDEN")
            && self.call.resources.is_none()
            && members.all(|member| PAGES.contains(&member.name))
    }

    /// The ARNs that the event lists under `resources`.
    pub(super) fn resource_arns(&self) -> &[ListedArn<'a>] {
        self.resource_arns
            .get_or_init(|| self.call.resources.map(listed::arns).unwrap_or_default())
    }
}

/// A member of an object that is given, by its name without regard to case.
fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let mut named = object
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let (_, value) = named.next()?;
    let is_empty = match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        _ => false,
    };
    (!is_empty).then_some(value)
}

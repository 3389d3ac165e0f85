//! What do AWS's SDKs know of operations, beyond that an action of the same name exists?

use super::load::{Cells, Row};

/// An operation of an API, where there is something to tell of it.
#[derive(Debug)]
pub struct Operation {
    /// The IAM prefix of its service.
    pub prefix: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What the SDK for Python calls the API; tells `apigateway` from `apigatewayv2`.
    pub sdk_service: &'static str,
    /// The HTTP method, given for API Gateway only: its actions are named for it.
    pub http_method: Option<&'static str>,
    /// The path with `{members}`, given for API Gateway only: its ARNs are made of it.
    pub request_uri: Option<&'static str>,
    /// Takes it requests without a signature?
    pub unsigned: bool,
    /// Is there an action of the same name?
    pub has_action: bool,
    /// Other actions that its documentation names, as `prefix:Name`. Not all of them are required.
    pub documented_actions: Vec<&'static str>,
}

impl Row for Operation {
    fn parse(prefix: &'static str, mut cells: Cells) -> Option<Operation> {
        let (name, sdk_service) = (cells.required()?, cells.required()?);
        let (http_method, request_uri) = (cells.optional(), cells.optional());
        let flags = cells.list();
        let operation = Operation {
            prefix,
            name,
            sdk_service,
            http_method,
            request_uri,
            unsigned: flags.contains(&"unsigned"),
            has_action: !flags.contains(&"no-action"),
            documented_actions: cells.list(),
        };
        cells.end().map(|()| operation)
    }

    fn key(&self) -> &'static str {
        self.name
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    #[test]
    fn api_gateway_has_two_operations_of_one_name() {
        let found = Reference::bundled().operations("apigateway.amazonaws.com", "CreateStage");
        let paths: Vec<_> = found.iter().filter_map(|it| it.request_uri).collect();
        assert_eq!(
            paths,
            ["/restapis/{restapi_id}/stages", "/v2/apis/{apiId}/stages"]
        );
        assert!(found.iter().all(|it| it.http_method == Some("POST")));
    }
}

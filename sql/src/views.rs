//! Which views does every session have? Each is a query in `queries/`, in the order in which
//! one builds on the other.

use datafusion::prelude::SessionContext;

use crate::Error;

/// Name and query of each view.
const VIEWS: [(&str, &str); 3] = [
    ("permissions", include_str!("../queries/permissions.sql")),
    ("activity", include_str!("../queries/activity.sql")),
    ("principals", include_str!("../queries/principals.sql")),
];

pub(crate) async fn register(ctx: &SessionContext) -> Result<(), Error> {
    for (name, query) in VIEWS {
        let view = ctx.sql(query).await?.into_view();
        ctx.register_table(name, view)?;
    }
    Ok(())
}

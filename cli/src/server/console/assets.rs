//! Which files do pages use? All are in the program.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::layout::protect;
use super::{Answer, Trouble};

/// Names, types and texts.
const FILES: [(&str, &str, &str); 3] = [
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../../../console/style.css"),
    ),
    (
        "console.js",
        "text/javascript; charset=utf-8",
        include_str!("../../../console/console.js"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../../../console/icon.svg"),
    ),
];

pub(super) async fn answer(Path(name): Path<String>) -> Answer {
    let found = FILES.iter().find(|(own, ..)| *own == name);
    let Some((_, kind, text)) = found else {
        return Err(Trouble::not_found("there is no such file"));
    };
    let mut response: Response = ([(CONTENT_TYPE, *kind)], *text).into_response();
    protect(&mut response);
    Ok(response)
}

//! Which part of a long list does a page show?

use maud::{Markup, html};

use super::fields::Fields;
use super::text::count;

/// Rows of a page.
const ROWS: usize = 50;

/// A page of a list. Which one is in the URL; a page that there is not is the nearest one.
pub(super) struct Paged<'a, T> {
    pub(super) rows: &'a [T],
    page: usize,
    pages: usize,
}

impl<'a, T> Paged<'a, T> {
    pub(super) fn of(all: &'a [T], fields: &Fields) -> Self {
        let pages = all.len().div_ceil(ROWS).max(1);
        let page = fields.number("page").unwrap_or(1).clamp(1, pages);
        let rows = all.chunks(ROWS).nth(page - 1).unwrap_or_default();
        Self { rows, page, pages }
    }

    /// Links to the pages before and behind.
    pub(super) fn turn(&self, fields: &Fields, path: &str) -> Markup {
        let Self { page, pages, .. } = *self;
        let to = |page: usize| fields.clone().with("page", page).link(path);
        html! {
            @if pages > 1 {
                nav.pager aria-label="Pages" {
                    @if page > 1 { a href=(to(page - 1)) rel="prev" { "← Previous" } }
                    span { "Page " (page) " of " (count(pages as u64)) }
                    @if page < pages { a href=(to(page + 1)) rel="next" { "Next →" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_there_is_not_is_the_nearest_one() {
        let all: Vec<usize> = (0..120).collect();
        let rows = |page: &str| {
            let fields = Fields::default().and("page", page);
            Paged::of(&all, &fields).rows.to_vec()
        };
        assert_eq!(rows(""), (0..50).collect::<Vec<_>>());
        assert_eq!(rows("3"), (100..120).collect::<Vec<_>>());
        for (page, first) in [
            ("0", 0),
            ("-1", 0),
            ("two", 0),
            ("4", 100),
            ("99999999999999999999", 0),
        ] {
            assert_eq!(rows(page).first(), Some(&first), "{page}");
        }
        assert!(Paged::<u8>::of(&[], &Fields::default()).rows.is_empty());
    }
}

//! The span of a review: what every line of the log says that is written while the review is answered.

use tracing::Span;
use tracing::field::{self, Empty};

use crate::admission::{Review, TraceId};
use crate::visible_text::excerpt;

/// The most bytes of a field, however it is written. Names in Kubernetes are no longer; what a stranger sends may be.
const FIELD: usize = 253;

/// The span of a review of which nothing is known yet but its trace. Whatever level of lines is chosen, it is there for them.
#[must_use]
pub fn begin(trace: Option<TraceId>) -> Span {
    tracing::error_span!(
        "review",
        trace_id = trace.map(field::display),
        uid = Empty,
        operation = Empty,
        kind = Empty,
        namespace = Empty,
        name = Empty
    )
}

/// Says in `span` which review it is. All at once: every review has a span, also the many of which no line tells.
pub fn describe(span: &Span, review: &Review<'_>) {
    tracing::record_all!(
        span,
        uid = &*excerpt(&review.uid, FIELD),
        operation = review.operation.as_str(),
        kind = &*excerpt(&review.kind.kind, FIELD),
        namespace = review
            .namespace
            .as_deref()
            .map(|text| excerpt(text, FIELD))
            .as_deref(),
        name = review
            .name
            .as_deref()
            .map(|text| excerpt(text, FIELD))
            .as_deref()
    );
}

//! What is answered on the operations port.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::readiness::Readiness;
use crate::metrics::{self, Registry};

/// The probes of kubelet and the metrics of Prometheus.
///
/// | path | answer |
/// |---|---|
/// | `/livez` | 200 as long as the process answers at all |
/// | `/readyz` | 200 when every condition holds, else 503; the text says which do not, and why |
/// | `/metrics` | all metrics as `OpenMetrics` text |
pub fn router(readiness: Readiness, metrics: Registry) -> Router {
    Router::new()
        .route(
            "/livez",
            get(async || plain(StatusCode::OK, "alive\n".to_owned())),
        )
        .route("/readyz", get(readyz).with_state(readiness))
        .route("/metrics", get(write_metrics).with_state(metrics))
        .fallback(async || {
            let text = "nothing is here; try /livez, /readyz or /metrics\n";
            plain(StatusCode::NOT_FOUND, text.to_owned())
        })
}

async fn readyz(State(readiness): State<Readiness>) -> Response {
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    plain(status, readiness.report())
}

async fn write_metrics(State(metrics): State<Registry>) -> Response {
    match metrics.encode() {
        Ok(text) => {
            let content_type = HeaderValue::from_static(metrics::CONTENT_TYPE);
            ([(CONTENT_TYPE, content_type)], text).into_response()
        }
        Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

fn plain(status: StatusCode, text: String) -> Response {
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(CONTENT_TYPE, content_type)], text).into_response()
}

//! *Bare*: an axum and rustls server that decodes the envelope of a review and says yes, without any limit.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::post;
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use l7guard::admission::{Answer, Review};
use l7guard::pki;
use l7guard::server::{OldestTls, tls_config};
use rustls::sign::SingleCertAndKey;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// `bare ADDRESS CERTIFICATE KEY`; ends with its standard input.
pub(crate) fn run(words: &[String]) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let loaded = pki::files::load(words[1].as_ref(), words[2].as_ref()).unwrap();
        let resolver = Arc::new(SingleCertAndKey::from(Arc::new(loaded.certificate)));
        let tls = tls_config(pki::crypto::install(), resolver, OldestTls::Tls13, None).unwrap();
        let listener = TcpListener::bind(&words[0]).await.unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr().unwrap()).unwrap();
        let owner_is_gone =
            tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            () = serve(listener, tls.into()) => {}
            _ = owner_is_gone => {}
        }
    });
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

async fn serve(listener: TcpListener, tls: TlsAcceptor) {
    let router = Router::new().route(
        "/validate",
        post(async |body: Bytes| {
            let review = Review::decode_envelope(&body).unwrap();
            let json = Answer::allow().to_json(&review.uid).unwrap();
            ([(CONTENT_TYPE, "application/json")], json).into_response()
        }),
    );
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let (tls, router) = (tls.clone(), router.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            let stream = tls.accept(stream).await?;
            let service = TowerToHyperService::new(router);
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            connection.await.map_err(std::io::Error::other)
        });
    }
}

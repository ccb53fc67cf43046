//! Services by which the API server reaches a webhook that runs in the test's own process.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};

use serde_json::{Value, json};

use crate::kubectl::Kubectl;
use crate::{ControlPlane, Error};

/// The port of a webhook's Service, and so the port that the webhook has to listen on.
pub const WEBHOOK_PORT: u16 = 8443;

/// The API server draws addresses at random from a range that all control planes of this machine share.
const TRIES: usize = 5;

impl ControlPlane {
    /// Creates the Service `namespace/name` without a selector, and its namespace where that does not exist, and
    /// returns where the webhook has to listen: a free address in 127.64.0.0/16, port [`WEBHOOK_PORT`].
    ///
    /// A webhook configuration whose `clientConfig.service` names this Service and port makes the API server call
    /// that address without kube-proxy, and with the protocol of production: HTTP/1.1, and a certificate for
    /// `<name>.<namespace>.svc`. (A `url:` on loopback gets HTTP/2.)
    ///
    /// # Errors
    ///
    /// [`Error::Kubectl`] when the Service exists or its name is invalid; [`Error::NoFreeAddress`] when every address
    /// that the API server chose was in use.
    pub fn create_webhook_service(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<SocketAddrV4, Error> {
        let kubectl = &self.kubectl;
        create_namespace(kubectl, namespace)?;
        for _ in 0..TRIES {
            let address = create_service(kubectl, namespace, name)?;
            if is_free(address) {
                return Ok(address);
            }
            let arguments = ["delete", "service", name, "--namespace", namespace];
            kubectl.run(&arguments)?.success(&arguments)?;
        }
        Err(Error::NoFreeAddress {
            service: format!("{namespace}/{name}"),
            port: WEBHOOK_PORT,
            tried: TRIES,
        })
    }
}

/// Whether nobody listens there. Asked by connecting: binding it for a test would keep it from the webhook for as long
/// as a child that another thread is just starting holds a copy of the socket.
fn is_free(address: SocketAddrV4) -> bool {
    TcpStream::connect(address).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// By server-side apply: that succeeds for a namespace that is there, and for one that another thread makes just now.
fn create_namespace(kubectl: &Kubectl, namespace: &str) -> Result<(), Error> {
    let arguments = ["apply", "--server-side", "--filename", "-"];
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    kubectl
        .run_with_input(&arguments, &object.to_string())?
        .success(&arguments)?;
    Ok(())
}

fn create_service(kubectl: &Kubectl, namespace: &str, name: &str) -> Result<SocketAddrV4, Error> {
    let arguments = ["create", "--filename", "-", "--output", "json"];
    let object = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"ports": [{"name": "https", "port": WEBHOOK_PORT}]},
    });
    let created = kubectl.run_with_input(&arguments, &object.to_string())?;
    cluster_address(&created.json(&arguments)?)
}

fn cluster_address(service: &Value) -> Result<SocketAddrV4, Error> {
    service["spec"]["clusterIP"]
        .as_str()
        .and_then(|address| address.parse::<Ipv4Addr>().ok())
        .filter(Ipv4Addr::is_loopback)
        .map(|address| SocketAddrV4::new(address, WEBHOOK_PORT))
        .ok_or_else(|| Error::Unexpected {
            what: "the created Service".to_owned(),
            problem: format!("no loopback clusterIP in {service}"),
        })
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};

    use super::*;

    #[test]
    fn a_webhook_listens_on_the_service_address_at_the_webhook_port() {
        let service = json!({"spec": {"clusterIP": "127.64.3.4"}});
        assert_eq!(
            cluster_address(&service).unwrap().to_string(),
            "127.64.3.4:8443"
        );
    }

    #[test]
    fn an_address_on_which_somebody_listens_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let SocketAddr::V4(address) = listener.local_addr().unwrap() else {
            panic!("an IPv6 address");
        };
        assert!(!is_free(address));
    }

    #[test]
    fn an_address_beyond_this_machine_is_refused() {
        let service = json!({"spec": {"clusterIP": "10.96.0.1"}});
        let error = cluster_address(&service).unwrap_err().to_string();
        assert!(error.contains("10.96.0.1"), "{error}");
    }
}

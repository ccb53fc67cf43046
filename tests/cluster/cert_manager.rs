//! `certs/cert-manager.yaml`: what cert-manager takes, by its own CRDs.

use std::fs;

use control_plane::cert_manager_crds;
use libtest_mimic::Failed;

use crate::Case;
use crate::kubectl::{kubectl_with_input, silent_success};
use crate::scene::{Scene, root};
use control_plane::until;

pub(crate) const CASES: &[Case] = &[(
    "cert-manager's objects of certs/ are valid by its CRDs, and are for our Service",
    objects_are_valid,
)];

fn objects_are_valid(scene: &Scene) -> Result<(), Failed> {
    let crds = cert_manager_crds()?;
    for kind in ["issuers", "certificates"] {
        let crd = crds.join(format!("cert-manager.io_{kind}.yaml"));
        let crd = crd.display().to_string();
        silent_success(&scene.kubectl(&["apply", "--server-side", "--filename", &crd])?)?;
        let served = [
            "get",
            &format!("{kind}.cert-manager.io"),
            "--namespace",
            "l7guard",
        ];
        until("cert-manager's kinds are served", || {
            Ok(scene.kubectl(&served)?.status.success().then_some(()))
        })?;
    }
    let text = fs::read_to_string(root().join("certs/cert-manager.yaml"))?;
    let strict = [
        "create",
        "--dry-run=server",
        "--validate=strict",
        "--filename",
        "-",
    ];
    let create = |text: &str| kubectl_with_input(&scene.cluster, &strict, text);
    let created = create(&text)?;
    assert_eq!(silent_success(&created)?.lines().count(), 4);
    let misspelt = create(&text.replace("dnsNames:", "dnsName:"))?;
    assert!(
        misspelt.stderr.contains("unknown field"),
        "{}",
        misspelt.stderr
    );
    for wanted in [
        "    - l7guard.l7guard.svc\n",
        "inject-ca-from=l7guard/l7guard-tls\n",
    ] {
        assert!(text.contains(wanted), "{wanted}");
    }
    Ok(())
}

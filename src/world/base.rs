//! Files laid over a cluster: what the files do not hold is what the cluster holds.

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::{Inventory, Origin, World};
use l7guard_policy::verdict::{self, Verdict};

use super::ManifestWorld;
use crate::snapshot::BaseWorld;

/// The cluster below the files.
#[derive(Debug)]
pub(super) struct Base {
    inventory: Inventory,
    /// Whether what was there before is reported as well.
    reports_all: bool,
}

impl ManifestWorld {
    /// Lays what was read over a cluster. From then on only what the files add to it is reported, or everything if
    /// `reports_all`.
    pub fn lay_over(&mut self, base: BaseWorld, reports_all: bool) {
        let files = std::mem::take(&mut self.inventory);
        let mut both = base.inventory.clone().with_origin(Origin::FilesOverCluster);
        for object in files.objects() {
            both.apply(object.clone());
        }
        self.inventory = both;
        self.whole.lay_over(base.whole);
        self.base = Some(Base {
            inventory: base.inventory,
            reports_all,
        });
    }
}

/// Takes out of verdicts what was there before the files.
pub(super) struct Before(Option<Verdict>);

impl Before {
    /// What was there; nothing without a cluster, or where everything is reported.
    pub(super) fn of(base: Option<&Base>, configuration: &Configuration, today: Date) -> Self {
        let base = base.filter(|base| !base.reports_all);
        Self(base.map(|base| verdict::evaluate(&World::new(&base.inventory), configuration, today)))
    }

    /// What the files add.
    pub(super) fn added(&self, verdict: Verdict) -> Verdict {
        match &self.0 {
            Some(before) => verdict.without(before),
            None => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use l7guard_manifests::Source;
    use l7guard_policy::configuration::{Configuration, Date};

    use super::*;
    use crate::snapshot::{Header, Lines};

    const CLASS: &str = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "public"},
        "spec": {"controller": "ingress.k8s.aws/alb"}}"#;
    const GATEWAY: &str = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "edge", "namespace": "mesh"},
        "spec": {"template": {"metadata": {"labels": {"app": "edge"}},
            "spec": {"containers": [{"name": "istio-proxy", "args": ["proxy", "router"]}]}}}}"#;
    const SERVICE: &str = r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "edge", "namespace": "mesh"},
        "spec": {"selector": {"app": "edge"}}}"#;

    fn ingress(name: &str, class: &str) -> String {
        format!(
            r#"{{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {{"name": "{name}", "namespace": "mesh",
                "annotations": {{"alb.ingress.kubernetes.io/scheme": "internal"}}}},
                "spec": {{{class} "defaultBackend": {{"service": {{"name": "edge", "port": {{"number": 80}}}}}}}}}}"#
        )
    }

    const PUBLIC: &str = r#""ingressClassName": "public","#;

    /// Rule and object of what is found in files over a cluster.
    fn found(files: &[&str], cluster: &[&str], reports_all: bool) -> (Vec<String>, usize) {
        let mut base = BaseWorld::new(Header::new("prod", String::new()));
        for object in cluster {
            base.put(serde_json::from_str(object).unwrap()).unwrap();
        }
        let mut world = ManifestWorld::default();
        for file in files {
            let source = Source::new("file", file.as_bytes().to_vec());
            world.add(&Arc::new(source), "default");
        }
        world.lay_over(base, reports_all);
        let judgement = world.judge(&Configuration::default(), Date::MIN);
        let findings = judgement.findings.iter().map(|reported| {
            let finding = &reported.judged.finding;
            format!("{} {}", finding.rule, finding.object)
        });
        (findings.collect(), judgement.unresolved.len())
    }

    #[test]
    fn only_what_files_add_is_found() {
        let (older, newer) = (ingress("older", PUBLIC), ingress("newer", PUBLIC));
        let cluster = [CLASS, GATEWAY, SERVICE, &older];
        let (findings, _) = found(&[&newer], &cluster, false);
        assert_eq!(findings, ["L7G001 Ingress mesh/newer"]);
        // The cluster holds it with the same effect.
        let changed = older.replace("internal", "internet-facing");
        assert!(found(&[&changed], &cluster, false).0.is_empty());
        let (findings, _) = found(&[&newer], &cluster, true);
        assert_eq!(
            findings,
            ["L7G001 Ingress mesh/newer", "L7G001 Ingress mesh/older"]
        );
    }

    #[test]
    fn a_file_that_completes_a_path_of_the_cluster_adds_it() {
        let older = ingress("older", PUBLIC);
        let (findings, _) = found(&[SERVICE], &[CLASS, GATEWAY, &older], false);
        assert_eq!(findings, ["L7G001 Ingress mesh/older"]);
        let elsewhere = SERVICE.replace(r#"{"app": "edge"}"#, r#"{"app": "shop"}"#);
        let cluster = [CLASS, GATEWAY, SERVICE, &older];
        assert!(found(&[&elsewhere], &cluster, true).0.is_empty());
    }

    #[test]
    fn what_the_cluster_does_not_hold_does_not_exist() {
        let without_class = ingress("newer", "");
        // In files a class may be set by what renders them; of the cluster it is known that none is the default.
        let (findings, unresolved) = found(&[&without_class], &[CLASS, GATEWAY, SERVICE], false);
        assert_eq!((findings, unresolved), (Vec::new(), 0));
    }
}

//! What happens to watches in the life of a cluster: a relist, an outage, rights that are missing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kube::Client;
use l7guard::cluster::ClusterWorld;
use l7guard::judge::ClusterView;
use l7guard::judge::metrics::ReviewMetrics;
use l7guard::operations::Readiness;
use l7guard::shares::{ReadAllowance, Sender};
use l7guard_policy::confirmation::{LiveQuery, PodSelection};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Scope;
use l7guard_policy::labels::Labels;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::gate::{Passes, until};
use crate::scenery::{ALB, Write, Written, binding, deployment, ingress, ingress_class, service};
use crate::stage::{Stage, client, done, key, metric_of};
use crate::{Case, Named, boxed};

/// When a kind was last heard of.
const HEARD: &str = "inventory_last_event_timestamp_seconds";

/// What the webhook's `ServiceAccount` needs, without the Ingresses.
const NOT_INGRESSES: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reads-some}
rules:
  - {apiGroups: [""], resources: [services], verbs: [get, list, watch]}
  - {apiGroups: [networking.k8s.io], resources: [ingressclasses], verbs: [get, list, watch]}
  - {apiGroups: [apps], resources: [deployments, statefulsets, daemonsets, replicasets], verbs: [get, list, watch]}
  - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}
  - {apiGroups: [gateway.networking.k8s.io, networking.istio.io, elbv2.k8s.aws, eks.amazonaws.com], resources: ["*"], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reads-some}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reads-some}
subjects: [{kind: User, name: developer, apiGroup: rbac.authorization.k8s.io}]
"#;

/// The Ingresses too.
const INGRESSES: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reads-ingresses}
rules:
  - {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reads-ingresses}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reads-ingresses}
subjects: [{kind: User, name: developer, apiGroup: rbac.authorization.k8s.io}]
";

pub(crate) fn cases() -> Vec<Case> {
    let cases: [Named; 7] = [
        (
            "what was deleted while a watch fell behind is no ghost after the relist",
            relist_without_ghosts,
        ),
        (
            "while the API server is away nothing is decided by guessing, and what changed meanwhile is known afterwards",
            outage,
        ),
        (
            "while a watch is held back the age of what is known of its kind grows",
            age_of_a_held_watch,
        ),
        (
            "a missing right keeps l7guard unready, says which it is, and heals",
            missing_right,
        ),
        (
            "the ClusterRole of the operations page is all that l7guard needs",
            rights_of_the_page,
        ),
        (
            "an object that cannot be read is left out and hinders no other",
            unreadable_object,
        ),
        (
            "a default IngressClass takes in the Ingresses that have no class",
            default_class,
        ),
    ];
    cases.into_iter().map(boxed).collect()
}

fn relist_without_ghosts(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        let (ghost, stays) = (service(at, "ghost", "web"), service(at, "stays", "web"));
        stage.know(&[ghost.clone(), stays.clone()]).await?;
        stage.gate.let_pass(Passes::NoWatchEvents);
        stage
            .hand
            .write(&Write::Delete(ghost.clone()))
            .await?
            .accepted()?;
        assert!(stage.knows(&key(&ghost)?), "the watch is held");
        stage.gate.let_pass(Passes::NoOldWatches);
        until("the ghost is gone", || {
            key(&ghost).is_ok_and(|ghost| !stage.knows(&ghost))
        })
        .await?;
        assert!(stage.knows(&key(&stays)?));
        stage.gate.let_pass(Passes::Everything);
        stage.know(&[service(at, "new", "web")]).await
    })
}

/// Seconds since 1970.
fn seconds(time: SystemTime) -> Result<u64, Failed> {
    Ok(time.duration_since(UNIX_EPOCH)?.as_secs())
}

/// l7guard did not guess.
fn undecided(written: Written) -> Result<(), Failed> {
    match written {
        Written::Failed(error) if error.contains("failed calling webhook") => Ok(()),
        other => Err(format!("decided without the cluster: {other:?}").into()),
    }
}

fn outage(stage: &Stage) -> Result<(), Failed> {
    let kinds_heard = || Kind::all().filter_map(|kind| metric_of(&stage.metrics, HEARD, kind));
    stage.play(async |stage, at| {
        stage
            .know(&[
                deployment(at, "edge", true),
                deployment(at, "web", false),
                ingress_class(at, ALB),
                ingress_class(&format!("{at}-nginx"), crate::scenery::NGINX),
                service(at, "front", "edge"),
                service(at, "shop", "web"),
            ])
            .await?;
        stage.gate.let_pass(Passes::Nothing);
        let shut = seconds(SystemTime::now())?;
        // Both ends are in sight, and none can be confirmed.
        let violating = ingress(at, "web", Some(at), "front");
        undecided(stage.hand.create(&violating).await?)?;
        // No end is in sight.
        let ordinary = ingress(at, "shop", Some(&format!("{at}-nginx")), "shop");
        stage.hand.create(&ordinary).await?.accepted()?;
        let age = stage.world.age();
        let grown = age.map(|age| age + Duration::from_secs(5));
        until("what is known grows old", || stage.world.age() >= grown).await?;
        assert!(
            kinds_heard().all(|heard| heard <= shut),
            "a watch counts as heard of"
        );
        assert!(
            stage.readiness.is_ready(),
            "replicas do not all leave at once"
        );
        // Reviews go on as in the first moment.
        undecided(stage.hand.create(&violating).await?)?;
        let another = ingress(at, "blog", Some(&format!("{at}-nginx")), "shop");
        stage.hand.create(&another).await?.accepted()?;
        stage.gate.let_pass(Passes::Everything);
        until("every watch goes on", || {
            kinds_heard().all(|heard| heard > shut)
        })
        .await?;
        let key = key(&ordinary)?;
        until("the watches are back", || stage.knows(&key)).await?;
        stage.hand.create(&violating).await?.refused().map(drop)
    })
}

fn age_of_a_held_watch(stage: &Stage) -> Result<(), Failed> {
    let heard = || metric_of(&stage.metrics, HEARD, Kind::Service);
    stage.play(async |stage, at| {
        let began = seconds(SystemTime::now())?;
        stage.know(&[service(at, "first", "web")]).await?;
        assert!(heard() >= Some(began), "{:?}", heard());
        stage.gate.let_pass(Passes::NoWatchEvents);
        let (before, age) = (heard(), stage.world.age());
        let second = service(at, "second", "web");
        stage.hand.create(&second).await?.accepted()?;
        let held = SystemTime::now();
        until("l7guard has looked about itself", || {
            held.elapsed()
                .is_ok_and(|held| held > Duration::from_secs(11))
        })
        .await?;
        assert_eq!(heard(), before, "nothing came");
        assert!(stage.world.age() >= age.map(|age| age + Duration::from_secs(11)));
        stage.gate.let_pass(Passes::Everything);
        until("it is young again", || heard() > before).await
    })
}

fn missing_right(stage: &Stage) -> Result<(), Failed> {
    done(&stage.cluster.apply(NOT_INGRESSES)?)?;
    stage.play(async |stage, _| {
        let developer = client(&stage.cluster.developer_kubeconfig().to_owned()).await?;
        let (readiness, _world, _watching) = another(developer);
        let complains = || {
            let report = readiness.report();
            report.contains("ingresses.networking.k8s.io") && report.contains("get, list and watch")
        };
        until("the missing right is named", complains).await?;
        let others = readiness.report();
        assert!(!others.contains("services"), "{others}");
        done(&stage.cluster.apply(INGRESSES)?)?;
        until("l7guard is ready", || readiness.is_ready()).await
    })
}

/// The YAML block that follows a comment of the page.
fn cluster_role() -> Result<&'static str, Failed> {
    const PAGE: &str = include_str!("../../docs/operations.md");
    let (_, after) = PAGE
        .split_once("<!-- cluster role -->")
        .ok_or("no such comment")?;
    let (_, block) = after.split_once("```yaml\n").ok_or("no YAML follows")?;
    Ok(block.split_once("```").ok_or("the YAML has no end")?.0)
}

fn rights_of_the_page(stage: &Stage) -> Result<(), Failed> {
    const BINDING: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: l7guard}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: l7guard}
subjects: [{kind: User, name: developer, apiGroup: rbac.authorization.k8s.io}]
";
    for name in ["reads-some", "reads-ingresses"] {
        let delete = ["delete", "clusterrolebinding", name, "--ignore-not-found"];
        done(&stage.cluster.run_kubectl(&delete)?)?;
    }
    done(
        &stage
            .cluster
            .apply(&format!("{}---{BINDING}", cluster_role()?))?,
    )?;
    stage.play(async |stage, at| {
        let developer = client(&stage.cluster.developer_kubeconfig().to_owned()).await?;
        let (readiness, world, _watching) = another(developer);
        until("l7guard is ready", || readiness.is_ready()).await?;
        let all = Kind::all()
            .filter(|kind| {
                let unlisted = [
                    Kind::Pod,
                    Kind::Endpoints,
                    Kind::IstioOperator,
                    Kind::TcpRoute,
                    Kind::TlsRoute,
                    Kind::Namespace,
                ];
                !unlisted.contains(kind)
            })
            .map(|kind| LiveQuery::Objects(kind, Scope::Cluster));
        let web = PodSelection {
            namespace: at.into(),
            labels: Labels::new([("app", "web")]),
        };
        let revision = ObjectKey::new(Kind::ReplicaSet, at, "web");
        let of_pods = [
            LiveQuery::Pods(web.clone()),
            LiveQuery::PodMetadata(web),
            LiveQuery::Revision(revision),
            LiveQuery::Object(ObjectKey::new(Kind::Namespace, "", at)),
        ];
        let queries = all.chain(of_pods).collect();
        world
            .read(queries, &ReadAllowance::new(Sender::default().flow()))
            .await
            .map_err(|error| error.to_string())?;
        Ok(())
    })
}

/// Another l7guard, which watches as long as the set of its task is kept.
fn another(client: Client) -> (Readiness, ClusterWorld, JoinSet<()>) {
    let readiness = Readiness::new();
    let world = ClusterWorld::new(client, &ReviewMetrics::new(), &readiness);
    let mut watching = JoinSet::new();
    watching.spawn(world.keep_watching());
    (readiness, world, watching)
}

fn unreadable_object(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        let mut broken = binding(at, "broken", "front");
        broken["spec"]["serviceRef"] = json!("a text where an object belongs");
        // While it is under review that is an error, so it has to come past the webhook.
        let without_webhook = ["delete", "validatingwebhookconfiguration", "l7guard"];
        let configuration: Value = stage
            .cluster
            .get_json(&["validatingwebhookconfiguration", "l7guard"])?;
        done(&stage.cluster.run_kubectl(&without_webhook)?)?;
        let broken_written = stage.hand.create(&broken).await?;
        let mut again = configuration;
        again["metadata"] = json!({"name": "l7guard"});
        done(&stage.cluster.apply(&again.to_string())?)?;
        broken_written.accepted()?;
        stage.know(&[binding(at, "sound", "other")]).await?;
        assert!(!stage.knows(&key(&broken)?));
        Ok(())
    })
}

fn default_class(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage
            .know(&[deployment(at, "edge", true), service(at, "front", "edge")])
            .await?;
        stage.gate.let_pass(Passes::NoWatchEvents);
        let class_less = ingress(at, "web", None, "front");
        stage.hand.create(&class_less).await?.accepted()?;
        let mut class = ingress_class(at, ALB);
        class["metadata"]["annotations"] =
            json!({"ingressclass.kubernetes.io/is-default-class": "true"});
        stage.hand.create(&class).await?.refused()?;
        // The other way round the API server itself writes the class into the Ingress.
        stage
            .hand
            .write(&Write::Delete(class_less.clone()))
            .await?
            .accepted()?;
        stage.hand.create(&class).await?.accepted()?;
        let refused = stage.hand.create(&class_less).await?.refused();
        stage.hand.write(&Write::Delete(class)).await?.accepted()?;
        refused.map(drop)
    })
}

//! What the installers of Istio make, as their own tests have it, with an ALB's Ingress to every Service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use l7guard_manifests::Source;
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::World;
use l7guard_policy::labels::Labels;
use l7guard_policy::objects::Facts;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::Outcome;
use super::fixture::{entries, file_name, require};
use super::setting::Setting;
use super::world::{read, verdict};

/// A file, a Service in it, what is said of an Ingress to that Service, and what is said if egress and east-west
/// gateways are asked for too: `confirmed` and `likely` are refusals. To each workload there is a second Service,
/// `alias-NAME`, that selects all its labels.
const ROWS: &str = "\
banzai-istiomeshgateway                        demo-gw                           confirmed  confirmed
banzai-istiomeshgateway                        demo-gw-external                  unresolved unresolved
banzai-istiomeshgateway                        alias-demo-gw                     confirmed  confirmed
istio-chart-gateway-deployment                 alias-istio-ingress               confirmed  confirmed
# The network and the ports tell an east-west gateway; no workload is there to be asked for.
istio-chart-gateway-network-gateway-default    istio-eastwest                    nothing    unresolved
istio-chart-gateway-service-default            istio-ingress                     likely     likely
istio-chart-gateway-service-selector-labels    istio-ingress                     likely     likely
istio-gwapi-agentgateway-waypoint              namespace                         nothing    nothing
istio-gwapi-agentgateway-waypoint              alias-namespace                   nothing    nothing
istio-gwapi-agentgateway                       namespace                         confirmed  confirmed
istio-gwapi-agentgateway                       alias-namespace                   confirmed  confirmed
istio-gwapi-cluster-ip                         default                           confirmed  confirmed
istio-gwapi-cluster-ip                         alias-default                     confirmed  confirmed
istio-gwapi-custom-class                       default-custom                    confirmed  confirmed
istio-gwapi-custom-class                       alias-default-custom              confirmed  confirmed
istio-gwapi-customizations                     namespace-istio                   confirmed  confirmed
istio-gwapi-customizations                     alias-namespace-istio             confirmed  confirmed
istio-gwapi-infrastructure-labels-annotations  default-istio                     confirmed  confirmed
istio-gwapi-infrastructure-labels-annotations  alias-default-istio               confirmed  confirmed
# Ambient's east-west gateway runs a waypoint's proxy, and waypoints never count.
istio-gwapi-istio-east-west                    eastwestgateway                   nothing    nothing
istio-gwapi-istio-east-west                    alias-eastwestgateway             nothing    nothing
# The Gateway that is upgraded there is a waypoint's.
istio-gwapi-istio-upgrade-to-1.24              test-upgrade                      nothing    nothing
istio-gwapi-istio-upgrade-to-1.24              alias-test-upgrade                nothing    nothing
istio-gwapi-manual-ip                          default                           confirmed  confirmed
istio-gwapi-manual-ip                          alias-default                     confirmed  confirmed
istio-gwapi-simple                             default-istio                     confirmed  confirmed
istio-gwapi-simple                             alias-default-istio               confirmed  confirmed
istio-gwapi-waypoint                           namespace                         nothing    nothing
istio-gwapi-waypoint                           alias-namespace                   nothing    nothing
istio-injection-gateway-spire.injected         alias-istio-ingressgateway        confirmed  confirmed
istio-injection-gateway-spire                  alias-istio-ingressgateway        confirmed  confirmed
istio-injection-gateway.injected               alias-istio-ingressgateway        confirmed  confirmed
istio-injection-gateway                        alias-istio-ingressgateway        confirmed  confirmed
istioctl-all-on-ingress-egress                 istio-egressgateway               nothing    confirmed
istioctl-all-on-ingress-egress                 istio-ingressgateway              confirmed  confirmed
istioctl-all-on-ingress-egress                 alias-istio-egressgateway         nothing    confirmed
istioctl-all-on-ingress-egress                 alias-istio-ingressgateway        confirmed  confirmed
istioctl-two-ingressgateways-same-selector     istio-ingressgateway              confirmed  confirmed
istioctl-two-ingressgateways-same-selector     istio-ingressgateway-custom       confirmed  confirmed
istioctl-two-ingressgateways-same-selector     alias-istio-ingressgateway        confirmed  confirmed
istioctl-two-ingressgateways-same-selector     alias-istio-ingressgateway-custom confirmed  confirmed
knative-local-gateway-alias-service            knative-local-gateway             likely     likely
sail-east-west-gateway                         istio-eastwestgateway             nothing    confirmed
sail-east-west-gateway                         alias-istio-eastwestgateway       nothing    confirmed
sail-egress-gateway                            istio-egressgateway               nothing    confirmed
sail-egress-gateway                            alias-istio-egressgateway         nothing    confirmed
sail-ingress-gateway                           istio-ingressgateway              confirmed  confirmed
sail-ingress-gateway                           alias-istio-ingressgateway        confirmed  confirmed
";

/// What is said of the Ingress to each Service, by the Service's name.
type Answers = BTreeMap<String, String>;

/// One test a file, and one for two files together.
pub(super) fn trials(folder: &Path) -> Vec<Trial> {
    let files = entries(folder);
    let stems: Vec<String> = files.iter().map(|file| stem(file)).collect();
    let mut trials = Vec::new();
    for file in files {
        let name = format!("corpus/fixtures/{}", file_name(&file));
        trials.push(Trial::test(name, move || one(&file)));
    }
    let name = "corpus/fixtures/every row has a file";
    trials.push(Trial::test(name, move || {
        let lost: Vec<_> = rows()
            .filter(|row| !stems.contains(&row[0].to_owned()))
            .collect();
        require(lost.is_empty(), || format!("{lost:?}"))
    }));
    let together = [
        "istioctl-all-on-ingress-egress.yaml",
        "knative-local-gateway-alias-service.yaml",
    ];
    let together = together.map(|name| folder.join(name));
    let name = "corpus/fixtures/the alias of knative with the gateway in sight";
    trials.push(Trial::test(name, move || {
        let answers = answers(&together, &Setting::default())?;
        let answer = answers.get("knative-local-gateway").map(String::as_str);
        require(answer == Some("confirmed"), || format!("{answers:?}"))
    }));
    trials
}

fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let lines = ROWS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| {
        let mut words = line.split_whitespace();
        [(); 4].map(|()| words.next().unwrap_or_default())
    })
}

fn stem(file: &Path) -> String {
    let name = file_name(file);
    name.strip_suffix(".yaml").unwrap_or(&name).to_owned()
}

fn one(file: &Path) -> Outcome {
    let stem = stem(file);
    let wanted = |column: usize| -> Answers {
        let rows = rows().filter(|row| row[0] == stem);
        rows.map(|row| (row[1].to_owned(), row[column].to_owned()))
            .collect()
    };
    let files = [file.to_owned()];
    let mut setting = Setting::default();
    agree(&wanted(2), &answers(&files, &setting)?, "ingress gateways")?;
    setting.configuration.istio.gateway_kinds = vec![
        GatewayKind::Ingress,
        GatewayKind::Egress,
        GatewayKind::EastWest,
    ];
    agree(&wanted(3), &answers(&files, &setting)?, "all gateways")
}

fn agree(wanted: &Answers, found: &Answers, asked: &str) -> Outcome {
    require(wanted == found, || {
        format!("asked for {asked}: expected {wanted:#?}\nfound {found:#?}")
    })
}

/// What is said of an Ingress to each Service of the files, by the Service's name.
fn answers(files: &[PathBuf], setting: &Setting) -> Result<Answers, String> {
    let mut world = read(files, setting);
    if !world.errors.is_empty() {
        return Err(format!("{:?}", world.errors));
    }
    let mut added = Vec::new();
    let mut services = Vec::new();
    for object in World::new(&world.inventory).objects() {
        let (namespace, name) = (object.key.namespace.to_string(), &object.key.name);
        if object.key.kind == Kind::Service {
            services.push((namespace, name.to_string()));
        } else if let Facts::Workload(workload) = &object.facts {
            let alias = format!("alias-{name}");
            added.push(alias_service(&namespace, &alias, &workload.labels));
            services.push((namespace, alias));
        }
    }
    let fronts = services
        .iter()
        .map(|(namespace, name)| alb_to(namespace, name));
    added.extend(fronts);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": added}).to_string();
    world.add(
        &Arc::new(Source::new("added", list.into_bytes())),
        "default",
    );
    if !world.errors.is_empty() {
        return Err(format!("{:?}", world.errors));
    }
    let verdict = verdict(&world, setting);
    let of = |(namespace, service): (String, String)| {
        let front = ObjectKey::new(Kind::Ingress, namespace, service.as_str());
        let finding = verdict
            .denials()
            .find(|judged| judged.finding.object == front);
        let answer = match finding {
            Some(judged) => judged.finding.confidence.as_str(),
            None if verdict.unresolved.iter().any(|open| open.object == front) => "unresolved",
            None => "nothing",
        };
        (service, answer.to_owned())
    };
    Ok(services.into_iter().map(of).collect())
}

fn alias_service(namespace: &str, name: &str, labels: &Labels) -> Value {
    let labels = labels
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()));
    let selector: BTreeMap<String, String> = labels.collect();
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"selector": selector},
    })
}

/// An ALB's Ingress that is called like the Service that it leads to.
fn alb_to(namespace: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "namespace": namespace,
            "name": service,
            "annotations": {"kubernetes.io/ingress.class": "alb"},
        },
        "spec": {"defaultBackend": {"service": {"name": service, "port": {"number": 80}}}},
    })
}

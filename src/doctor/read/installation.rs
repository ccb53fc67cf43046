//! Which installation is meant: the one that the options name, or the only one whose webhook configuration is there.

use std::collections::BTreeMap;

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use kube::{Api, Client};

use super::api;
use super::unreachable::Unreachable;
use crate::doctor::options::Options;
use crate::doctor::seen::Seen;
use crate::installation::{Installation, ServiceName};

const WHAT: &str = "validatingwebhookconfigurations.admissionregistration.k8s.io";

/// What the charts label, and what an installation is called by default.
const NAME: &str = "l7guard";

/// What was found.
pub(super) struct Found {
    pub(super) installation: Seen<Installation>,
    pub(super) webhook: Seen<ValidatingWebhookConfiguration>,
}

/// Looks for the installation.
///
/// # Errors
/// When several fit.
pub(super) async fn find(client: &Client, options: &Options) -> Result<Found, Unreachable> {
    let configurations = Api::<ValidatingWebhookConfiguration>::all(client.clone());
    match api::list(&configurations, "", WHAT).await {
        Seen::There(all) => among(all, options),
        // By name a caller may be allowed more than by list.
        unlisted => Ok(match named(options) {
            Some(installation) => Found {
                webhook: webhook(client, &installation.webhook_configuration).await,
                installation: Seen::There(installation),
            },
            None => Found {
                installation: match unlisted {
                    Seen::Unknown(reason) => Seen::Unknown(reason),
                    Seen::There(_) | Seen::Absent => Seen::Absent,
                },
                webhook: Seen::Absent,
            },
        }),
    }
}

/// The webhook configuration of this name.
pub(super) async fn webhook(client: &Client, name: &str) -> Seen<ValidatingWebhookConfiguration> {
    api::get(&Api::all(client.clone()), name, WHAT).await
}

/// The installation that the options name by themselves.
fn named(options: &Options) -> Option<Installation> {
    let service = ServiceName {
        namespace: options.namespace.clone()?,
        name: options.service.clone()?,
    };
    let mut installation = Installation::of(service);
    if let Some(name) = &options.webhook_configuration {
        installation.webhook_configuration.clone_from(name);
    }
    Some(installation)
}

/// The installation among all webhook configurations.
fn among(
    all: Vec<ValidatingWebhookConfiguration>,
    options: &Options,
) -> Result<Found, Unreachable> {
    let mut fitting: BTreeMap<(String, String), ValidatingWebhookConfiguration> = BTreeMap::new();
    for configuration in all {
        for service in services(&configuration) {
            if fits(options, &configuration, &service) {
                let key = (service.to_string(), name(&configuration).to_owned());
                fitting.insert(key, configuration.clone());
            }
        }
    }
    if fitting.len() > 1 {
        prefer_the_services_own(&mut fitting);
    }
    if fitting.len() > 1 {
        let names = fitting.into_keys();
        let names = names.map(|(service, configuration)| {
            format!("{service} (webhook configuration {configuration})")
        });
        return Err(Unreachable::Several(names.collect()));
    }
    Ok(match fitting.pop_first() {
        Some(((service, name), configuration)) => Found {
            installation: service.parse().map_or(Seen::Absent, |service| {
                let mut installation = Installation::of(service);
                installation.webhook_configuration = name;
                Seen::There(installation)
            }),
            webhook: Seen::There(configuration),
        },
        None => Found {
            installation: named(options).map_or(Seen::Absent, Seen::There),
            webhook: Seen::Absent,
        },
    })
}

/// Of several configurations that send reviews to one Service the one with the Service's name is the installation's.
fn prefer_the_services_own(
    fitting: &mut BTreeMap<(String, String), ValidatingWebhookConfiguration>,
) {
    let own = |(service, configuration): &(String, String)| {
        service.rsplit('/').next() == Some(configuration)
    };
    let services: std::collections::BTreeSet<_> =
        fitting.keys().map(|(service, _)| service.clone()).collect();
    if services.len() == 1 && fitting.keys().any(own) {
        fitting.retain(|key, _| own(key));
    }
}

fn services(configuration: &ValidatingWebhookConfiguration) -> Vec<ServiceName> {
    let entries = configuration.webhooks.iter().flatten();
    let services = entries.filter_map(|entry| entry.client_config.service.as_ref());
    services
        .map(|service| ServiceName {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
        })
        .collect()
}

fn fits(
    options: &Options,
    configuration: &ValidatingWebhookConfiguration,
    service: &ServiceName,
) -> bool {
    let agrees = |option: &Option<String>, value: &str| {
        option.as_deref().is_none_or(|option| option == value)
    };
    let is_named = options.service.is_some() || options.webhook_configuration.is_some();
    agrees(&options.namespace, &service.namespace)
        && agrees(&options.service, &service.name)
        && agrees(&options.webhook_configuration, name(configuration))
        && (is_named || is_ours(configuration, service))
}

/// Whether a configuration that nobody named is one of l7guard's.
fn is_ours(configuration: &ValidatingWebhookConfiguration, service: &ServiceName) -> bool {
    let labels = configuration.metadata.labels.as_ref();
    let label = labels.and_then(|labels| labels.get("app.kubernetes.io/name"));
    label.is_some_and(|label| label == NAME)
        || name(configuration).contains(NAME)
        || service.name.contains(NAME)
}

fn name(configuration: &ValidatingWebhookConfiguration) -> &str {
    configuration.metadata.name.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn configuration(name: &str, service: &str, label: &str) -> ValidatingWebhookConfiguration {
        let (namespace, service) = service.split_once('/').unwrap();
        serde_json::from_value(json!({
            "metadata": {"name": name, "labels": {"app.kubernetes.io/name": label}},
            "webhooks": [{"name": "a.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "clientConfig": {"service": {"namespace": namespace, "name": service}}}],
        }))
        .unwrap()
    }

    fn found(all: &[ValidatingWebhookConfiguration], options: &Options) -> Option<Installation> {
        let found = among(all.to_vec(), options).ok()?;
        found.installation.there().cloned()
    }

    #[test]
    fn the_only_one_of_l7guard_is_taken_whatever_else_there_is() {
        let all = [
            configuration("other", "x/webhook", "other"),
            configuration("guard", "platform/edge", "l7guard"),
        ];
        let installation = found(&all, &Options::default()).unwrap();
        assert_eq!(installation.service.to_string(), "platform/edge");
        assert_eq!(installation.webhook_configuration, "guard");
        assert_eq!(found(&all[..1], &Options::default()), None);
    }

    #[test]
    fn of_several_one_has_to_be_named() {
        let all = [
            configuration("l7guard", "a/l7guard", "l7guard"),
            configuration("l7guard-b", "b/l7guard", "l7guard"),
        ];
        assert!(
            matches!(among(all.to_vec(), &Options::default()), Err(Unreachable::Several(names)) if names.len() == 2)
        );
        let options = Options {
            namespace: Some("b".to_owned()),
            ..Options::default()
        };
        assert_eq!(
            found(&all, &options).unwrap().webhook_configuration,
            "l7guard-b"
        );
    }

    #[test]
    fn of_two_configurations_for_one_service_its_own_is_taken() {
        let all = [
            configuration("l7guard-extra", "a/l7guard", "l7guard"),
            configuration("l7guard", "a/l7guard", "l7guard"),
        ];
        assert_eq!(
            found(&all, &Options::default())
                .unwrap()
                .webhook_configuration,
            "l7guard"
        );
    }

    #[test]
    fn a_named_service_without_a_configuration_is_an_installation() {
        let options = Options {
            namespace: Some("a".to_owned()),
            service: Some("guard".to_owned()),
            ..Options::default()
        };
        assert_eq!(found(&[], &options).unwrap().webhook_configuration, "guard");
    }
}

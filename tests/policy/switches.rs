//! `# config:` lines: the settings that a fixture differs in from the defaults.

use std::str::FromStr;

use l7guard_policy::configuration::{
    Configuration, Date, Exemption, Likely, Matcher, NamePattern, NamespaceModes, Ratchet,
};
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::{Mode, RuleCode};

/// Settings of one fixture.
#[derive(Clone, Debug, Default)]
pub(super) struct Switches {
    /// What the policy is asked with.
    pub(super) configuration: Configuration,
    /// The namespace of objects that name none.
    pub(super) namespace: Option<String>,
}

impl Switches {
    /// Applies `KEY=VALUE`.
    pub(super) fn set(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line
            .split_once('=')
            .ok_or_else(|| format!("{line:?} is no KEY=VALUE"))?;
        let configuration = &mut self.configuration;
        let (aws, istio) = (&mut configuration.aws, &mut configuration.istio);
        match key {
            "aws.ingressClassAnnotations" => aws.ingress_class_annotations = names(value),
            "aws.ingressControllers" => aws.ingress_controllers = names(value),
            "aws.managesClasslessIngresses" => aws.manages_classless_ingresses = truth(value)?,
            "aws.wellKnownClassNames" => aws.well_known_class_names = names(value),
            "aws.gatewayControllers" => aws.gateway_controllers = names(value),
            "aws.wellKnownGatewayClassNames" => aws.well_known_gateway_class_names = names(value),
            "istio.gatewayKinds" => {
                let kinds = value.split(',').map(gateway_kind).collect::<Result<_, _>>();
                istio.gateway_kinds = kinds?;
            }
            "istio.gatewayControllers" => istio.gateway_controllers = names(value),
            "istio.wellKnownServiceNames" => istio.well_known_service_names = names(value),
            "istio.clusterDomain" => istio.cluster_domain = value.into(),
            "likely" => configuration.likely = likely(value)?,
            "ratchet" => configuration.ratchet = ratchet(value)?,
            "modes.atMost" => configuration.modes.at_most = mode(value)?,
            "exempt" => configuration.exemptions.push(exemption(value)?),
            "namespace" => self.namespace = Some(value.to_owned()),
            _ => return self.set_mode(key, value),
        }
        Ok(())
    }

    /// `mode.RULE=MODE`, or `mode.RULE@NAMESPACES=MODE`.
    fn set_mode(&mut self, key: &str, value: &str) -> Result<(), String> {
        let unknown = || format!("unknown setting {key:?}");
        let target = key.strip_prefix("mode.").ok_or_else(unknown)?;
        let modes = &mut self.configuration.modes;
        match target.split_once('@') {
            None => {
                modes.rules.insert(rule(target)?, mode(value)?);
            }
            Some((code, namespaces)) => modes.namespaces.push(NamespaceModes {
                namespaces: patterns(namespaces)?,
                at_most: None,
                rules: [(rule(code)?, mode(value)?)].into(),
            }),
        }
        Ok(())
    }
}

fn names(value: &str) -> Vec<Box<str>> {
    let names = value.split(',').filter(|name| !name.is_empty());
    names.map(Box::from).collect()
}

fn truth(value: &str) -> Result<bool, String> {
    bool::from_str(value).map_err(|error| format!("{value:?}: {error}"))
}

fn gateway_kind(value: &str) -> Result<GatewayKind, String> {
    [
        GatewayKind::Ingress,
        GatewayKind::Egress,
        GatewayKind::EastWest,
    ]
    .into_iter()
    .find(|kind| kind.as_str() == value)
    .ok_or_else(|| format!("{value:?} is no kind of gateway"))
}

fn mode(value: &str) -> Result<Mode, String> {
    [Mode::Off, Mode::Audit, Mode::Warn, Mode::Deny]
        .into_iter()
        .find(|mode| mode.as_str() == value)
        .ok_or_else(|| format!("{value:?} is no mode"))
}

fn likely(value: &str) -> Result<Likely, String> {
    match value {
        "deny" => Ok(Likely::Deny),
        "warn" => Ok(Likely::Warn),
        _ => Err(format!("likely: {value:?}")),
    }
}

fn ratchet(value: &str) -> Result<Ratchet, String> {
    match value {
        "on" => Ok(Ratchet::On),
        "off" => Ok(Ratchet::Off),
        day => date(day).map(Ratchet::Until),
    }
}

/// `RULE KIND NAMESPACE/NAME until YYYY-MM-DD`.
fn exemption(value: &str) -> Result<Exemption, String> {
    let words: Vec<&str> = value.split(' ').collect();
    let [code, kind, place, "until", expires] = words[..] else {
        return Err(format!("{value:?} is no exemption"));
    };
    let (namespace, name) = place
        .split_once('/')
        .ok_or_else(|| format!("{place:?} is no NAMESPACE/NAME"))?;
    Ok(Exemption {
        name: "fixture".into(),
        reason: "a test".into(),
        owner: "tests".into(),
        expires: date(expires)?,
        covers: Matcher {
            kinds: vec![self::kind(kind)?],
            namespaces: patterns(namespace)?,
            names: patterns(name)?,
            rules: vec![rule(code)?],
        },
    })
}

fn kind(name: &str) -> Result<Kind, String> {
    [Kind::Ingress, Kind::HttpRoute, Kind::TargetGroupBinding]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| format!("{name:?} is no kind of a front"))
}

fn patterns(value: &str) -> Result<Vec<NamePattern>, String> {
    let patterns = value.split(',').map(NamePattern::parse);
    patterns
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{value:?}: {error}"))
}

fn rule(code: &str) -> Result<RuleCode, String> {
    RuleCode::parse(code).ok_or_else(|| format!("{code:?} is no rule"))
}

/// `YYYY-MM-DD`.
fn date(value: &str) -> Result<Date, String> {
    let wrong = || format!("{value:?} is no day");
    let numbers: Vec<&str> = value.split('-').collect();
    let [year, month, day] = numbers[..] else {
        return Err(wrong());
    };
    let month: u8 = month.parse().map_err(|_| wrong())?;
    Date::from_calendar_date(
        year.parse().map_err(|_| wrong())?,
        month.try_into().map_err(|_| wrong())?,
        day.parse().map_err(|_| wrong())?,
    )
    .map_err(|_| wrong())
}

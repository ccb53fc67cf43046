//! Is there a webhook configuration that sends reviews to l7guard?

use super::listing::counted;
use super::{Check, Examined, Seen, Verdict};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "webhook-configuration",
    question: "Does a webhook configuration send reviews to l7guard?",
    run,
};

const NEXT: &str = "Install l7guard, or name the installation with --namespace, --service and --webhook-configuration.";

fn run(examined: &Examined) -> Vec<Verdict> {
    let installation = match &examined.installation {
        Seen::There(installation) => installation,
        Seen::Absent => {
            return vec![Verdict::bad(
                "no ValidatingWebhookConfiguration sends reviews to a Service of l7guard: no object is judged",
                NEXT,
            )];
        }
        Seen::Unknown(reason) => return vec![Verdict::unknown(reason, NEXT)],
    };
    let (name, service) = (&installation.webhook_configuration, &installation.service);
    vec![match examined.entries() {
        Seen::There(entries) => Verdict::good(format!(
            "ValidatingWebhookConfiguration {name} sends reviews to Service {service} ({})",
            counted(entries.len(), "entry")
        )),
        Seen::Unknown(reason) => Verdict::unknown(
            reason,
            "Ask for the right, or for somebody who has it to run this.",
        ),
        Seen::Absent if examined.webhook.there().is_some() => Verdict::bad(
            format!(
                "no entry of ValidatingWebhookConfiguration {name} points to Service {service}: no object is judged"
            ),
            "Apply the installation's chart or manifests again.",
        ),
        Seen::Absent => Verdict::bad(
            format!("there is no ValidatingWebhookConfiguration {name}: no object is judged"),
            NEXT,
        ),
    }]
}

#[cfg(test)]
mod tests {
    use super::super::samples::{examined, outcomes, webhook};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn only_entries_for_our_service_count() {
        let mut examined = examined();
        assert_eq!(outcomes(&CHECK, &examined), [Outcome::Good]);
        examined.webhook = Seen::There(webhook(|entry| {
            entry["clientConfig"]["service"]["namespace"] = "elsewhere".into();
        }));
        assert_eq!(outcomes(&CHECK, &examined), [Outcome::Bad]);
        examined.webhook = Seen::Absent;
        assert_eq!(outcomes(&CHECK, &examined), [Outcome::Bad]);
        examined.webhook = Seen::Unknown("you may not".to_owned());
        assert_eq!(outcomes(&CHECK, &examined), [Outcome::Unknown]);
        examined.installation = Seen::Absent;
        assert_eq!(outcomes(&CHECK, &examined), [Outcome::Bad]);
    }
}

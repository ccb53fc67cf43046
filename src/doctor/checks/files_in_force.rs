//! Is what the mounted files hold now in force in each replica?

use super::listing::listed;
use super::{Check, Examined, Verdict, replicas};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "files-in-force",
    question: "Is what configuration and certificate files hold now in force?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let (exposed, mut unseen) = replicas::seen(examined, |replica| &replica.metrics);
    let mut verdicts = Vec::new();
    for (pod, metrics) in &exposed {
        let refused: Vec<&str> = metrics
            .by_label("l7guard_reload_last_successful", "file")
            .filter(|(_, value)| *value < 1.0)
            .map(|(file, _)| file)
            .collect();
        if !refused.is_empty() {
            verdicts.push(Verdict::bad(
                format!("Pod {pod} has refused what it last read of: {}; an older state is in force", listed(&refused)),
                "The log of the Pod says why, with line and column; try the file with `l7guard config check`.",
            ));
        }
    }
    if verdicts.is_empty() && !exposed.is_empty() {
        verdicts.push(Verdict::good("every file is in force as it is now"));
    }
    verdicts.append(&mut unseen);
    verdicts
}

#[cfg(test)]
mod tests {
    use super::super::Seen;
    use super::super::samples::{examined, replica, said};
    use super::*;
    use crate::doctor::Outcome;

    #[test]
    fn a_file_that_was_refused_is_named() {
        let mut examined = examined();
        for (value, outcome) in [(1, Outcome::Good), (0, Outcome::Bad)] {
            let text =
                format!("l7guard_reload_last_successful{{file=\"configuration\"}} {value}\n");
            examined.replicas = Seen::There(vec![replica("a", Seen::Absent, &text)]);
            let (said, message) = said(&CHECK, &examined);
            assert_eq!(said, outcome);
            assert_eq!(message.contains("configuration"), value == 0, "{message}");
        }
    }
}

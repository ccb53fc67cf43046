//! Lines about other controllers' own flags.

use libtest_mimic::Failed;
use serde_json::json;

use crate::Case;
use crate::objects;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    (
        "aws-controller: it honours another class annotation",
        aws_controller,
    ),
    ("istiod: it makes gateways for another controller", istiod),
    (
        "a controller that is not found is unknown where its kinds are served",
        not_found,
    ),
];

fn aws_controller(stage: &Stage) -> Result<(), Failed> {
    stage.put(&objects::aws_controller(&["--ingress-class=edge"]))?;
    stage.expect(
        "aws-controller",
        "bad",
        "annotated kubernetes.io/ingress.class: edge",
    )
}

fn istiod(stage: &Stage) -> Result<(), Failed> {
    let environment =
        json!([{"name": "PILOT_GATEWAY_API_CONTROLLER_NAME", "value": "example.com/mesh"}]);
    stage.put(&objects::istiod(&environment))?;
    stage.expect("istiod", "bad", "for the controller example.com/mesh")
}

fn not_found(stage: &Stage) -> Result<(), Failed> {
    stage.kubectl(&[
        "delete",
        "deployment",
        "aws-load-balancer-controller",
        "--namespace",
        "kube-system",
    ])?;
    stage.expect("aws-controller", "unknown", "no Deployment with the label")
}

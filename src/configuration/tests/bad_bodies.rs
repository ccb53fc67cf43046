//! Documents with something wrong in them: bodies that begin on line 3, behind `apiVersion` and `kind`.

/// Whether the JSON Schema refuses a document, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    Refuses,
    /// The schema cannot express it.
    Takes,
}
use Schema::{Refuses, Takes};

/// A body, what the schema makes of it, and for each problem its place and a part of the message.
pub(super) type Case = (
    &'static str,
    Schema,
    &'static [(&'static str, &'static str)],
);

pub(super) const WITHOUT_EFFECT: &[Case] = &[
    (
        "namespaces:\n  - match: [a]\n    mode: audit\n    rules: {L7G001: deny, L7G002: audit}\n",
        Takes,
        &[("6:21", "`deny` has no effect")],
    ),
    (
        "namespaces:\n  - match: [\"team-*\"]\n    mode: \"off\"\nexemptions:\n  - name: x\n    reason: r\n    owner: o\n    expires: 2999-01-01\n    match: {namespaces: [shop, team-a]}\n",
        Takes,
        &[("11:32", "\"team-a\" is off by `namespaces`")],
    ),
];

pub(super) const UNKNOWN_KEYS: &[Case] = &[
    (
        "mdoe: warn\n",
        Refuses,
        &[("3:1", "unknown key `mdoe` (did you mean \"mode\"?)")],
    ),
    (
        "timeout: 5\n",
        Refuses,
        &[(
            "3:1",
            "the keys here are admission, apiVersion, audit, aws, ",
        )],
    ),
    (
        "metadata: {name: x}\n",
        Refuses,
        &[("3:1", "unknown key `metadata`;")],
    ),
    (
        "aws:\n  ingressController: [a/b]\n",
        Refuses,
        &[("4:3", "did you mean \"ingressControllers\"?")],
    ),
    (
        "istio: {gateway_kinds: [ingress]}\n",
        Refuses,
        &[("3:9", "did you mean \"gatewayKinds\"?")],
    ),
    (
        "ratchet:\n  enabled: true\n  Until: 2027-01-01\n",
        Refuses,
        &[("5:3", "did you mean \"until\"?")],
    ),
    (
        "namespaces:\n  - match: [a]\n    mode: warn\n    a/b: 1\n",
        Refuses,
        &[(
            "6:5",
            "unknown key `a/b`; the keys here are match, mode and rules",
        )],
    ),
    (
        "aws: {1: 2, yes: no}\n",
        Refuses,
        &[("3:7", "unknown key `1`"), ("3:13", "unknown key `true`")],
    ),
];

pub(super) const WRONG_TYPES: &[Case] = &[
    (
        "mode: 1\n",
        Refuses,
        &[(
            "3:7",
            "the number 1 stands here, expected deny, warn or audit",
        )],
    ),
    (
        "likely: [deny]\n",
        Refuses,
        &[("3:9", "a list stands here, expected deny or warn")],
    ),
    (
        "rules: [L7G001]\n",
        Refuses,
        &[(
            "3:8",
            "a list stands here, expected a mapping of rules to modes",
        )],
    ),
    (
        "rules: {L7G001: true}\n",
        Refuses,
        &[(
            "3:17",
            "the boolean true stands here, expected deny, warn, audit or off",
        )],
    ),
    (
        "namespaces: {match: [a]}\n",
        Refuses,
        &[("3:13", "a mapping stands here, expected a list")],
    ),
    (
        "namespaces: [a]\n",
        Refuses,
        &[("3:14", "the text \"a\" stands here, expected a mapping")],
    ),
    (
        "namespaces: [{match: team, mode: warn}]\n",
        Refuses,
        &[("3:22", "expected a list, such as [a, b]")],
    ),
    (
        "namespaces: [{match: [1], mode: warn}]\n",
        Refuses,
        &[(
            "3:23",
            "the number 1 stands here, expected a name or a pattern of names; if it is meant as a text, put it in quotes",
        )],
    ),
    (
        "aws: alb\n",
        Refuses,
        &[("3:6", "the text \"alb\" stands here, expected a mapping")],
    ),
    (
        "aws: {manageClasslessIngresses: \"yes\"}\n",
        Refuses,
        &[(
            "3:33",
            "the text \"yes\" stands here, expected true or false",
        )],
    ),
    (
        "istio: {gatewayKinds: ingress}\n",
        Refuses,
        &[("3:23", "expected a list")],
    ),
    (
        "ratchet: on\n",
        Refuses,
        &[("3:10", "the boolean true stands here, expected a mapping")],
    ),
    (
        "ratchet: {until: 20270331}\n",
        Refuses,
        &[(
            "3:18",
            "the number 20270331 stands here, expected a date such as 2027-03-31",
        )],
    ),
    (
        "exemptions: {}\n",
        Refuses,
        &[("3:13", "a mapping stands here, expected a list")],
    ),
    ("mode:\n", Refuses, &[("3:1", "nothing stands here")]),
    (
        "exemptions:\n  -\n",
        Refuses,
        &[("4:4", "nothing stands here")],
    ),
];

pub(super) const UNKNOWN_WORDS: &[Case] = &[
    (
        "mode: block\n",
        Refuses,
        &[(
            "3:7",
            "there is no mode \"block\"; write deny, warn or audit",
        )],
    ),
    (
        "mode: Deny\n",
        Refuses,
        &[("3:7", "did you mean \"deny\"?")],
    ),
    (
        "mode: off\n",
        Refuses,
        &[("3:7", "the guard as a whole has no `off`: write audit")],
    ),
    (
        "mode: \"off\"\n",
        Refuses,
        &[("3:7", "the guard as a whole has no `off`: write audit")],
    ),
    ("likely: audit\n", Refuses, &[("3:9", "write deny or warn")]),
    (
        "rules: {L7G001: ofF}\n",
        Refuses,
        &[("3:17", "did you mean \"off\"?")],
    ),
    (
        "rules: {L7G999: deny}\n",
        Refuses,
        &[("3:9", "there is no rule \"L7G999\"")],
    ),
    (
        "rules: {alb-ingres: deny}\n",
        Refuses,
        &[("3:9", "did you mean \"alb-ingress\"?")],
    ),
    (
        "rules: {l7g001: deny}\n",
        Refuses,
        &[("3:9", "did you mean \"L7G001\"?")],
    ),
    (
        "istio: {gatewayKinds: [east-west]}\n",
        Refuses,
        &[("3:24", "did you mean \"eastWest\"?")],
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [Deployment, ingress]}}]\n",
        Refuses,
        &[
            (
                "3:82",
                "no finding is about an object of kind \"Deployment\"",
            ),
            ("3:94", "did you mean \"Ingress\"?"),
        ],
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {rules: [L7G1]}}]\n",
        Refuses,
        &[("3:82", "there is no rule \"L7G1\"")],
    ),
];

pub(super) const BAD_VALUES: &[Case] = &[
    (
        "istio:\n  gatewayServices: [edge, \"shop/[a-z]\", shop/]\n",
        Refuses,
        &[
            ("4:21", "write namespace/name"),
            ("4:27", "is in no Kubernetes name"),
            ("4:41", "an empty pattern matches nothing"),
        ],
    ),
    (
        "istio:\n  unknownRouter: allow\n",
        Refuses,
        &[("4:18", "write deny, warn or unresolved")],
    ),
    (
        "namespaces: [{match: [Team], mode: warn}]\n",
        Refuses,
        &[("3:23", "'T' is in no Kubernetes name")],
    ),
    (
        "namespaces: [{match: [\"[a-z]\"], mode: warn}]\n",
        Refuses,
        &[("3:23", "'[' is in no Kubernetes name")],
    ),
    (
        "namespaces: [{match: [\"\"], mode: warn}]\n",
        Refuses,
        &[("3:23", "an empty pattern matches nothing")],
    ),
    (
        "ratchet: {until: 2027-02-30}\n",
        Takes,
        &[("3:18", "\"2027-02-30\" is no date")],
    ),
    (
        "ratchet: {until: 31.03.2027}\n",
        Refuses,
        &[("3:18", "is no date: write year, month and day")],
    ),
    (
        "ratchet: {until: 2027-3-31}\n",
        Refuses,
        &[("3:18", "\"2027-3-31\" is no date")],
    ),
    (
        "ratchet: {until: \"+2027-03-31\"}\n",
        Refuses,
        &[("3:18", "is no date")],
    ),
    (
        "ratchet: {until: \"+202-03-31\"}\n",
        Refuses,
        &[("3:18", "is no date")],
    ),
    (
        "ratchet: {until: \"-202-03-31\"}\n",
        Refuses,
        &[("3:18", "is no date")],
    ),
    (
        "ratchet: {until: \" 027-03-31\"}\n",
        Refuses,
        &[("3:18", "is no date")],
    ),
    (
        "ratchet: {until: 2027-03-31T00:00:00Z}\n",
        Refuses,
        &[("3:18", "is no date")],
    ),
    (
        "aws: {ingressControllers: [alb]}\n",
        Refuses,
        &[("3:28", "\"alb\" is no controller's name: write domain/path")],
    ),
    (
        "aws: {gatewayControllers: [\"gateway.k8s.aws/*\"]}\n",
        Refuses,
        &[("3:28", "there are no wildcards here")],
    ),
    (
        "aws: {ingressClassAnnotations: [\"\"]}\n",
        Refuses,
        &[("3:33", "one line of text is wanted")],
    ),
    (
        "aws: {wellKnownIngressClassNames: [\"alb-*\"]}\n",
        Refuses,
        &[("3:36", "there are no wildcards here")],
    ),
    (
        "messages: {documentation: \"https://wiki.example.com/l7guard\"}\n",
        Refuses,
        &[(
            "3:27",
            "write a URL with {code} in place of the rule's code",
        )],
    ),
    (
        "messages: {documentation: \"wiki.example.com/{code}\"}\n",
        Refuses,
        &[("3:27", "is no page of a rule")],
    ),
    (
        "messages: {documentation: \"https://wiki.example.com/{code}/{name}\"}\n",
        Refuses,
        &[("3:27", "is no page of a rule")],
    ),
    (
        "messages: {documentation: \"https://wiki.example.com/{code} here\"}\n",
        Refuses,
        &[("3:27", "is no page of a rule")],
    ),
    (
        "messages: {contact: \"two\\nlines\"}\n",
        Refuses,
        &[("3:21", "one line of text is wanted")],
    ),
    (
        "istio: {wellKnownServiceNames: [Gateway]}\n",
        Refuses,
        &[("3:33", "\"Gateway\" is no name")],
    ),
    (
        "istio: {clusterDomain: cluster.local.}\n",
        Refuses,
        &[("3:24", "is no name")],
    ),
    (
        "exemptions: [{name: \" \", reason: \" \", owner: \"\", expires: soon, match: {kinds: [Ingress]}}]\n",
        Refuses,
        &[
            ("3:21", "one line of text"),
            ("3:34", "this is blank"),
            ("3:46", "one line of text"),
            ("3:59", "\"soon\" is no date"),
        ],
    ),
];

pub(super) const EMPTY_LISTS: &[Case] = &[
    (
        "aws: {ingressClassAnnotations: []}\n",
        Refuses,
        &[(
            "3:32",
            "this list is empty: no class annotation would make an ALB",
        )],
    ),
    (
        "aws: {ingressControllers: []}\n",
        Refuses,
        &[("3:27", "no IngressClass would make an ALB")],
    ),
    (
        "aws: {gatewayControllers: []}\n",
        Refuses,
        &[("3:27", "no Gateway would make an ALB")],
    ),
    (
        "istio: {gatewayKinds: []}\n",
        Refuses,
        &[("3:23", "no gateway would be guarded")],
    ),
    (
        "istio: {gatewayControllers: []}\n",
        Refuses,
        &[("3:29", "no Gateway would become an Istio gateway")],
    ),
    (
        "namespaces: [{match: [], mode: warn}]\n",
        Refuses,
        &[("3:22", "no namespace would match")],
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [Ingress], names: []}}]\n",
        Refuses,
        &[("3:99", "the exemption would cover nothing")],
    ),
];

pub(super) const MISSING: &[Case] = &[
    (
        "exemptions:\n  - name: a\n",
        Refuses,
        &[
            ("4:5", "`reason` is missing"),
            ("4:5", "`owner` is missing"),
            ("4:5", "`expires` is missing"),
            ("4:5", "`match` is missing"),
        ],
    ),
    (
        "exemptions: [{reason: b, owner: c, expires: 2027-01-01, match: {}}]\n",
        Refuses,
        &[
            ("3:14", "`name` is missing"),
            ("3:64", "an exemption of everything is none"),
        ],
    ),
    (
        "namespaces:\n  - mode: warn\n",
        Refuses,
        &[("4:5", "`match` is missing")],
    ),
    (
        "namespaces:\n  - match: [a]\n",
        Refuses,
        &[("4:5", "this entry changes nothing: write `mode` or `rules`")],
    ),
    (
        "namespaces:\n  - match: [a]\n    rules: {}\n",
        Refuses,
        &[("4:5", "this entry changes nothing")],
    ),
];

pub(super) const CONTRADICTIONS: &[Case] = &[
    (
        "istio:\n  gatewayControllers: [istio.io/gateway-controller, istio.io/unmanaged-gateway]\n",
        Takes,
        &[("4:53", "Istio deploys nothing for a Gateway")],
    ),
    (
        "istio:\n  gatewayKinds: [egress]\n  gatewayServices: [shop/edge]\n",
        Takes,
        &[("5:20", "`gatewayKinds` has no ingress")],
    ),
    (
        "istio:\n  gatewayServices: [shop/edge, shop/edge]\n",
        Refuses,
        &[("4:32", "this stands in the list twice")],
    ),
    (
        "rules: {L7G001: deny, alb-ingress: warn}\n",
        Takes,
        &[(
            "3:23",
            "L7G001 and alb-ingress are the same rule: keep one of them, with `deny`",
        )],
    ),
    (
        "mode: warn\nmode: deny\n",
        Takes,
        &[("4:1", "the key `mode` is given more than once")],
    ),
    (
        "ratchet:\n  enabled: false\n  until: 2027-01-01\n",
        Takes,
        &[("5:10", "a ratchet that is not enabled has no end")],
    ),
    (
        "namespaces:\n  - {match: [a], mode: warn}\n  - {match: [b, a], mode: deny}\n",
        Takes,
        &[("5:17", "\"a\" stands in /namespaces/0/match/0 already")],
    ),
    (
        "namespaces: [{match: [a, a], mode: warn}]\n",
        Refuses,
        &[("3:26", "stands in /namespaces/0/match/0 already")],
    ),
    (
        "namespaces:\n  - {match: [\"team-*\"], mode: warn}\n  - {match: [\"team-a?*\"], mode: deny}\n",
        Takes,
        &[(
            "5:14",
            "\"team-a?*\" never counts, as \"team-*\" (/namespaces/0/match/0) takes these namespaces first",
        )],
    ),
    (
        "exemptions:
  - {name: a, reason: b, owner: c, expires: 2027-01-01, match: {names: [x]}}
  - {name: a, reason: b, owner: c, expires: 2027-01-01, match: {names: [z]}}
",
        Takes,
        &[("5:12", "\"a\" is the name of /exemptions/0 already")],
    ),
    (
        "rules: {L7G001: off}\nexemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {rules: [alb-ingress]}}]\n",
        Takes,
        &[("4:82", "rule L7G001 is off everywhere")],
    ),
    (
        "namespaces: [{match: [\"*\"], mode: off}]\nexemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {rules: [L7G001]}}]\n",
        Takes,
        &[("4:82", "rule L7G001 is off everywhere")],
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [Ingress, Service], rules: [L7G001, L7G002]}}]\n",
        Takes,
        &[
            ("3:91", "none of these rules finds anything about Service"),
            (
                "3:117",
                "findings of L7G002 are about HTTPRoute and GRPCRoute, which `kinds` leaves out",
            ),
        ],
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {names: [x, x], rules: [L7G001, alb-ingress]}}]\n",
        Refuses,
        &[
            ("3:85", "this stands in the list twice"),
            ("3:105", "this stands in the list twice"),
        ],
    ),
    (
        "istio: {gatewayKinds: [egress, egress]}\n",
        Refuses,
        &[("3:32", "this stands in the list twice")],
    ),
    (
        "aws: {ingressControllers: [a/b, a/b]}\n",
        Refuses,
        &[("3:33", "this stands in the list twice")],
    ),
];

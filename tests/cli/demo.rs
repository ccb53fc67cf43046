use super::run;

#[test]
fn the_demo_shows_one_refusal_and_two_that_pass() {
    let ended = run(&["demo"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    // The port is whatever was free.
    let from = ended.stdout.find("127.0.0.1:").unwrap();
    let to = from + ended.stdout[from..].find('/').unwrap();
    let stable = format!("{}ADDRESS{}", &ended.stdout[..from], &ended.stdout[to..]);
    insta::assert_snapshot!("demo", stable);
}

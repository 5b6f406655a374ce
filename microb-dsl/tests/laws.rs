//! Laws that hold for every recipe, tried on generated ones.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Instant;

use microb_dsl::llb::{Definition, Inputs, lower};
use microb_dsl::prelude::*;
use microb_dsl::{SourceFile, Span};
use proptest::prelude::*;

/// A recipe as data: stages, each with a base and steps, where a number names an earlier stage.
#[derive(Debug, Clone)]
struct Plan(Vec<(Option<usize>, Vec<Made>)>);

#[derive(Debug, Clone)]
enum Made {
    Run(String),
    Exec(Vec<String>),
    CopyFrom(usize, String),
    CopyContext(String),
    Mount(usize, String),
    Secret(String),
    File(String, String),
    Env(String, String),
    Folder(String),
}

fn made() -> impl Strategy<Value = Made> {
    let text = "[ -~]{0,12}";
    let path = "/[a-c]{1,2}(/[a-c])?";
    prop_oneof![
        text.prop_map(Made::Run),
        prop::collection::vec(text, 1..3).prop_map(Made::Exec),
        (0usize..4, path).prop_map(|(stage, path)| Made::CopyFrom(stage, path)),
        path.prop_map(Made::CopyContext),
        (0usize..4, path).prop_map(|(stage, path)| Made::Mount(stage, path)),
        "[a-z]{1,3}".prop_map(Made::Secret),
        (path, text).prop_map(|(path, text)| Made::File(path, text)),
        ("[A-Z]{1,3}", text).prop_map(|(name, value)| Made::Env(name, value)),
        path.prop_map(Made::Folder),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let stage = (
        prop::option::of(0usize..4),
        prop::collection::vec(made(), 1..6),
    );
    prop::collection::vec(stage, 1..5).prop_map(Plan)
}

/// Spans, names, stage names and the meanings of failures are made from `mark`; nothing else is.
fn stage(plan: &Plan, mark: Option<&Span>) -> Stage {
    let mut stages: Vec<Stage> = Vec::new();
    for (n, (base, steps)) in plan.0.iter().enumerate() {
        let earlier = |k: &usize| stages.get(k % stages.len().max(1));
        let mut stage = match base.as_ref().and_then(earlier) {
            Some(base) => from(base),
            None => from("alpine".parse::<ImageRef>().unwrap()),
        };
        for step in steps {
            let steps = steps_of(step, &stages, mark);
            stage = stage.then(match mark {
                Some(span) => steps
                    .at(span)
                    .called("named")
                    .grouped("group")
                    .on_failure(Diagnostic::error("failed").at(span)),
                None => steps,
            });
        }
        if mark.is_some() {
            stage = stage.named(format!("stage-number-{n}"));
        }
        stages.push(stage);
    }
    stages.pop().unwrap()
}

fn steps_of(made: &Made, stages: &[Stage], mark: Option<&Span>) -> Vec<Step> {
    let earlier = |k: &usize| stages.get(k % stages.len().max(1));
    match made {
        Made::Run(line) => run(line.as_str()).into_steps(),
        Made::Exec(argv) => run(argv.clone()).into_steps(),
        Made::CopyFrom(k, path) => earlier(k)
            .map(|stage| copy(path.as_str(), path).from(stage))
            .into_steps(),
        Made::CopyContext(path) => copy(path.as_str(), "/ctx/").into_steps(),
        Made::Mount(k, path) => earlier(k)
            .map(|stage| run(["true"]).mount(bind(path).from(stage)))
            .into_steps(),
        Made::Secret(id) => run(["true"])
            .mount(secret(id.as_str()).at(mark))
            .into_steps(),
        Made::File(path, text) => mkfile(path, text).into_steps(),
        Made::Env(name, value) => env(name, value).into_steps(),
        Made::Folder(path) => workdir(path).into_steps(),
    }
}

fn lowered(stage: &Stage) -> Definition {
    let inputs = Inputs::offline("linux/amd64".parse().unwrap());
    lower(stage, &inputs).unwrap().definition.unwrap()
}

proptest! {
    #[test]
    fn lowering_twice_gives_equal_bytes(plan in plan()) {
        prop_assert_eq!(
            lowered(&stage(&plan, None)).to_bytes(),
            lowered(&stage(&plan, None)).to_bytes()
        );
    }

    #[test]
    fn spans_and_names_never_change_a_digest(plan in plan()) {
        let file = SourceFile::new("pyproject.toml", "a\nb\n");
        let span = file.find("b").unwrap();
        let (plain, marked) = (lowered(&stage(&plan, None)), lowered(&stage(&plan, Some(&span))));
        prop_assert_eq!(plain.digests(), marked.digests());
        prop_assert!(marked.to_text().contains("pyproject.toml:2") || plain.digests().len() <= 2);
    }

    #[test]
    fn a_step_at_the_end_changes_no_earlier_vertex(plan in plan()) {
        let before = stage(&plan, None);
        let after = before.clone().then(run(["last"]));
        let (mut before, after) = (lowered(&before).digests(), lowered(&after).digests());
        let terminal = before.pop();
        prop_assert!(terminal.is_some());
        prop_assert!(before.iter().all(|digest| after.contains(digest)));
        prop_assert_eq!(after.len(), before.len() + 2);
    }

    #[test]
    fn sequencing_is_associative_and_nothing_is_neutral(
        a in "[ -~]{0,8}", b in "[ -~]{0,8}", c in "[ -~]{0,8}"
    ) {
        let step = |text: &String| run(text.as_str());
        let one_by_one = scratch().then(step(&a)).then(step(&b)).then(step(&c));
        let left = scratch().then(((step(&a), step(&b)), step(&c)));
        let right = scratch().then((step(&a), (step(&b), step(&c))));
        let listed = scratch().then(vec![step(&a), step(&b), step(&c)]);
        let with_nothing = scratch().then(((), step(&a), None::<Step>, step(&b), Vec::<Step>::new(), step(&c)));
        prop_assert_eq!(&one_by_one, &left);
        prop_assert_eq!(&one_by_one, &right);
        prop_assert_eq!(&one_by_one, &listed);
        prop_assert_eq!(&one_by_one, &with_nothing);
    }

    #[test]
    fn an_image_reference_is_read_as_it_is_written(
        host in "([a-z]{1,5}\\.[a-z]{2}(:[0-9]{2})?/)?",
        path in "[a-z0-9]{1,5}(/[a-z0-9]{1,4}([._-][a-z0-9]{1,3})?)?",
        tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,5})?",
    ) {
        let reference: ImageRef = format!("{host}{path}{tag}").parse().unwrap();
        prop_assert_eq!(reference.to_string().parse::<ImageRef>().unwrap(), reference.clone());
        prop_assert_eq!(reference.familiar().parse::<ImageRef>().unwrap(), reference);
    }
}

/// Run with `cargo test --release -p microb-dsl --test laws -- --nocapture ten_thousand` to see the times.
#[test]
fn ten_thousand_steps_cost_ten_times_a_thousand() {
    let time = |n: usize| {
        let stage = (0..n).fold(from(ImageRef::official("alpine", "3")), |stage, n| {
            stage.then(run(["echo", &n.to_string()]))
        });
        // The shortest of three, since other work on the machine only ever adds.
        let times = (0..3).map(|_| {
            let started = Instant::now();
            let definition = lowered(&stage);
            assert_eq!(definition.digests().len(), n + 2);
            started.elapsed()
        });
        times.min().unwrap()
    };
    time(100);
    let (thousand, ten_thousand) = (time(1_000), time(10_000));
    println!("1,000 steps: {thousand:?}; 10,000 steps: {ten_thousand:?}");
    // Quadratic work would be a hundred times as much.
    assert!(
        ten_thousand < thousand * 40,
        "{thousand:?} {ten_thousand:?}"
    );
}

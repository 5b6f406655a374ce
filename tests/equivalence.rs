//! The law of the macros: what they make is what the functions make, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use microb::llb::{Inputs, lower};
use microb::prelude::*;
use microb::{MemoryContext, shell};
use proptest::prelude::*;

#[path = "../examples/combinators.rs"]
#[expect(dead_code, reason = "the example's main function is not called")]
mod combinators;
#[path = "../examples/macros.rs"]
#[expect(dead_code, reason = "the example's main function is not called")]
mod macros;

/// The definition's bytes; an empty image has none.
fn bytes(stage: &Stage) -> Option<Vec<u8>> {
    let inputs = Inputs::offline("linux/amd64".parse().unwrap());
    let definition = lower(stage, &inputs).unwrap().definition?;
    Some(definition.to_bytes())
}

fn assert_same(with_macros: &Stage, with_functions: &Stage) {
    assert!(
        with_macros == with_functions,
        "{with_macros:?} {with_functions:?}"
    );
    assert_eq!(with_macros.name(), with_functions.name());
    assert_eq!(bytes(with_macros), bytes(with_functions));
}

#[test]
fn the_examples_are_the_same_recipe() {
    let plain = MemoryContext::new("");
    let other = MemoryContext::new("").arg("PYTHON", "3.13");
    for cx in [plain, other] {
        let with_macros = macros::recipe(&cx).unwrap();
        assert_same(&with_macros, &combinators::recipe(&cx).unwrap());
    }
    let wrong = MemoryContext::new("").arg("PYTHON", "a b");
    assert_eq!(macros::recipe(&wrong), combinators::recipe(&wrong));
}

/// How a generated recipe goes: each value is a decision that both forms take.
#[derive(Debug, Clone)]
struct Shape {
    words: Vec<String>,
    value: String,
    flag: bool,
    choice: Option<u8>,
    number: u32,
}

fn shape() -> impl Strategy<Value = Shape> {
    let text = "[^\0]{0,8}";
    (
        prop::collection::vec(text, 0..4),
        text,
        any::<bool>(),
        prop::option::of(0u8..4),
        any::<u32>(),
    )
        .prop_map(|(words, value, flag, choice, number)| Shape {
            words,
            value,
            flag,
            choice,
            number,
        })
}

fn with_macros(shape: &Shape) -> Result<Stage, Diagnostics> {
    let Shape {
        words,
        value,
        flag,
        choice,
        number,
    } = shape;
    let build = stage! {
        from "python:3.14" as "the-build";
        apt!["libpq5=15.1", value.as_str()];
        apk!["curl>=8"].cached("alpine");
        pip!["numpy>=1.26", "humanize ; os_name == 'nt'"];
        run!("echo {words...} --value={value} 'a b' {{}} {number}").cache("/c");
        sh!("echo {value}; show {words...} | cat -{number} > '{{}}'");
        run!["python", "-m", value];
        let loud = *flag;
        if loud {
            env!(LOUD = "1", VALUE = value);
        } else if let Some(choice) = choice {
            env!(CHOICE = choice.to_string());
        } else {
            label!("a" = "1", "b" = value);
        }
    };
    let mut count = 0;
    Ok(stage! {
        from &build as runtime;
        for word in words {
            if word.is_empty() {
                continue;
            }
            count += 1;
            copy!([word.as_str(), "b"] => "/dst/").from(&build).owner(*number);
        }
        match choice {
            None => {}
            Some(0) => add!("a.tar" => "/srv/"),
            Some(1) => {
                workdir("/one");
                user(*number);
            }
            Some(2) => return Err(Diagnostic::error(value).into()),
            Some(_) => fragment(value)?,
        }
        flag.then(|| cmd!("--count {count}"));
        entrypoint!["app", value.as_str()];
    })
}

fn with_functions(shape: &Shape) -> Result<Stage, Diagnostics> {
    let Shape {
        words,
        value,
        flag,
        choice,
        number,
    } = shape;
    let quoted: Vec<_> = words.iter().map(|word| shell::quote(word)).collect();
    let mut argv = vec!["echo".to_owned()];
    argv.extend(words.clone());
    argv.extend([
        format!("--value={value}"),
        "a b".into(),
        "{}".into(),
        number.to_string(),
    ]);
    let line = format!(
        "echo {}; show {} | cat -{number} > '{{}}'",
        shell::quote(value),
        quoted.join(" ")
    );
    let image: ImageRef = "python:3.14".parse().unwrap();
    let build = from(image)
        .named("the-build")
        .then(apt(["libpq5=15.1", value.as_str()]))
        .then(apk(["curl>=8"]).cached("alpine"))
        .then(pip(["numpy>=1.26", "humanize ; os_name == 'nt'"]))
        .then(run(argv).cache("/c"))
        .then(run(line))
        .then(run(["python", "-m", value]));
    let build = match (flag, choice) {
        (true, _) => build.then((env("LOUD", "1"), env("VALUE", value))),
        (false, Some(choice)) => build.then(env("CHOICE", choice.to_string())),
        (false, None) => build.then((label("a", "1"), label("b", value))),
    };
    let full: Vec<_> = words.iter().filter(|word| !word.is_empty()).collect();
    let copies: Vec<_> = full
        .iter()
        .map(|word| {
            copy([word.as_str(), "b"], "/dst/")
                .from(&build)
                .owner(*number)
        })
        .collect();
    let runtime = from(&build).named("runtime").then(copies);
    let runtime = match choice {
        None => runtime,
        Some(0) => runtime.then(add("a.tar", "/srv/")),
        Some(1) => runtime.then((workdir("/one"), user(*number))),
        Some(2) => return Err(Diagnostic::error(value).into()),
        Some(_) => runtime.then(fragment(value)?),
    };
    let count = full.len().to_string();
    Ok(runtime
        .then(flag.then(|| cmd(["--count", &count])))
        .then(entrypoint(["app", value])))
}

fn fragment(value: &str) -> Result<impl IntoSteps + use<>, Diagnostic> {
    if value.len() > 4 {
        return Err(Diagnostic::error("too long"));
    }
    Ok((mkfile("/value", value), expose("80")))
}

proptest! {
    #[test]
    fn any_recipe_is_the_same_in_both_forms(shape in shape()) {
        match (with_macros(&shape), with_functions(&shape)) {
            (Ok(with_macros), Ok(with_functions)) => {
                prop_assert!(with_macros == with_functions);
                prop_assert_eq!(bytes(&with_macros), bytes(&with_functions));
            }
            (with_macros, with_functions) => prop_assert_eq!(with_macros.err(), with_functions.err()),
        }
    }
}

#[test]
fn the_header_takes_what_from_takes() {
    let base = from(image!("python:3.14")).named("base");
    assert_same(
        &stage! { from "python:3.14"; },
        &from(image!("python:3.14")),
    );
    assert_same(
        &stage! { from scratch as empty; },
        &scratch().named("empty"),
    );
    assert_same(&stage! { from &base as next; }, &from(&base).named("next"));
    assert_same(
        &stage! { from merge([&base, &base]).base().clone() as both; user(1); },
        &merge([&base, &base]).named("both").then(user(1)),
    );
    assert_same(
        &stage! { from "python:3.14"; }.on(StagePlatform::Fixed(platform!("linux/aarch64"))),
        &from(image!("python:3.14")).on(StagePlatform::Fixed("linux/arm64".parse().unwrap())),
    );
    assert_same(
        &stage! { from "python:3.14" as final; }.on(StagePlatform::Build),
        &from(image!("python:3.14"))
            .named("final")
            .on(StagePlatform::Build),
    );
}

#[test]
fn names_of_the_body_and_of_the_macro_do_not_meet() {
    let steps = "mine";
    let stage = "mine too";
    let made = stage! {
        from scratch;
        #[cfg(not(test))]
        compile_error!("a step under a condition of the compiler");
        let steps = format!("{steps} {stage}");
        label("version", env!("CARGO_PKG_NAME"));
        (env!(STEPS = steps), user(1));
    };
    let functions = (
        label("version", "microb"),
        env("STEPS", "mine mine too"),
        user(1),
    );
    assert_same(&made, &scratch().then(functions));
}

/// Something of a user's own with a mode that is none of a file.
struct Chart(&'static str);

impl Chart {
    fn mode(&self, number: u32) -> Step {
        label(self.0, number.to_string())
    }
}

#[test]
fn only_a_mode_of_the_language_is_an_octal_number() {
    let chart = Chart("mode");
    let made = stage! { from scratch; chart.mode(3); };
    assert_same(&made, &scratch().then(label("mode", "3")));
}

/// A macro of a user's own may pass a literal on.
macro_rules! tool {
    ($name:literal, $argument:expr) => {
        (apt![$name], run![$name, $argument], copy!($name => "/bin/"))
    };
}

#[test]
fn literals_may_come_through_another_macro() {
    let made = scratch().then(tool!("curl", "--version"));
    let functions = (
        apt(["curl"]),
        run(["curl", "--version"]),
        copy("curl", "/bin/"),
    );
    assert_same(&made, &scratch().then(functions));
}

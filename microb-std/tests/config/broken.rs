//! Files that nobody wrote on purpose: whatever they hold, there is an answer.

use std::time::{Duration, Instant};

use microb::{MemoryContext, SourceFile};
use microb_std::Config;

const SEED: &str = r#"#syntax=microb
[project]
name = "app"
version = "1.0"
description = "α \u00e9"
requires-python = ">=3.9,<4"
dependencies = ["numpy>=1.20,<2 ; python_version < '3.12'", "x @ git+ssh://git@h/x.git"]
dynamic = ["readme"]
license = {text = "MIT"}
authors = [{name = "J", email = "j@x"}]
scripts = {a = "b:c [d]"}
[project.optional-dependencies]
all = ["app[a,b]"]
a = ["app[b]", "idna"]
b = ["app[a] ; os_name == 'nt'"]
[project.urls]
Homepage = "https://h"
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"
[tool.poetry]
authors = ["Jane <j@x>"]
[tool.poetry.dependencies]
python = "^3.9 || ~3.12"
[tool.microb.target.default]
python_version = "3.11"
build_deps = ["gcc=1:2"]
env = {A = "${B:-${C}} \\$x", D = "$TARGETARCH"}
indices = [{url = "https://u:p@h:1/s", username_secret = "u", password = "p", trust = true}]
entrypoint = ["a"]
extras = ["all"]
copy_files = [{src = "a", dst = "/a", from = "other"}]
add_files = [{src = "https://h/a", dst = "/a", checksum = "sha256:aa"}]
[tool.microb.target.other]
flavor = "alpine"
requirements = "r.txt"
"#;

const REQUIREMENTS: &str = "# c\n-r r.txt\n-e .[a]\nidna==3.7 \\\n  --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n./x[y] ; os_name == 'nt'\nα @ file:./b\n-i https://h --pre\nhttps://h/x.whl#a=b\n-c c.txt\n";

/// A small generator, so that the same mutations are tried everywhere: xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }
}

/// Cuts, repeats, swaps and replaces pieces of a text.
fn mutated(text: &str, random: &mut Random) -> String {
    const PIECES: &[&str] = &[
        "\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        "=",
        "\n",
        "\\",
        "${",
        "$",
        ",",
        ";",
        "@",
        "#",
        "(",
        ")",
        "^",
        "~",
        "||",
        ">=",
        "..",
        "/",
        "\u{feff}",
        "é",
        "\0",
        "99999999999999999999",
        "-",
        " ",
        "1e400",
        "\"\"\"",
        "[[",
        "-.",
        "file:",
        "git+ssh://",
        "0x",
        "nan",
        "1979-05-27",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(12)).min(chars.len());
        match random.below(4) {
            0 => {
                chars.drain(at..end);
            }
            1 => {
                let piece: Vec<char> = chars[at..end].to_vec();
                chars.splice(at..at, piece);
            }
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                chars.splice(at..end, piece.chars());
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                chars.splice(at..at, piece.chars());
            }
        }
    }
    chars.into_iter().collect()
}

#[test]
fn no_mutation_of_a_file_is_a_panic_and_no_refusal_is_silent() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut refused = 0;
    for n in 0..6_000 {
        let toml = mutated(SEED, &mut random);
        let requirements = match n % 3 {
            0 => mutated(REQUIREMENTS, &mut random),
            _ => REQUIREMENTS.to_owned(),
        };
        let version = mutated("# v\ncpython-3.12.1\n", &mut random);
        let cx = MemoryContext::new(toml)
            .file("r.txt", requirements)
            .file(".python-version", version);
        match Config::resolve(&cx) {
            Ok(config) => assert!(config.dependencies.requirements_txt().is_some()),
            Err(errors) => {
                refused += 1;
                assert!(errors.iter().count() > 0);
                for error in &errors {
                    assert!(!error.message.contains("microb bug"), "{error}");
                    assert!(!error.message.contains('\n'), "{error:?}");
                }
            }
        }
    }
    assert!(refused > 1_000, "the mutations do nothing: {refused}");
}

#[test]
fn every_beginning_of_a_file_has_an_answer() {
    for end in (0..SEED.len()).filter(|end| SEED.is_char_boundary(*end)) {
        let cx = MemoryContext::new(&SEED[..end]).file("r.txt", REQUIREMENTS);
        // What it is does not matter, only that it comes.
        let _ = Config::resolve(&cx);
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let toml = format!("x = {}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(Config::resolve(&MemoryContext::new(toml)).is_err());
    }
    let dotted = format!("{}a = 1", "a.".repeat(50_000));
    let _ = Config::resolve(&MemoryContext::new(dotted));
    let header = format!("[{}a]", "a.".repeat(50_000));
    let _ = Config::resolve(&MemoryContext::new(header));
}

#[test]
fn ten_megabytes_take_seconds_at_most() {
    let keys: Vec<_> = (0..400_000)
        .map(|n| {
            format!(
                "unknown_key_{n} = 1
"
            )
        })
        .collect();
    let keys = keys.concat();
    let same = "x = 1\n".repeat(1_500_000);
    let lines = "-\n".repeat(3_000_000);
    let head = "[project]\nname = 'a'\nversion = '1'\n";
    for (toml, requirements) in [
        (
            format!("{head}[tool.microb.target.default]\n{keys}"),
            String::new(),
        ),
        (
            format!("{head}[tool.microb.target.default]\n{same}"),
            String::new(),
        ),
        ("[".repeat(10_000_000), String::new()),
        (
            format!("{head}dependencies = [{}]", "'a;',".repeat(1_000_000)),
            String::new(),
        ),
        (
            format!("{head}[tool.microb.target.default]\nrequirements = 'r.txt'\n"),
            lines,
        ),
    ] {
        let begin = Instant::now();
        let file = SourceFile::new("pyproject.toml", toml);
        let cx = MemoryContext::with_definition(file).file("r.txt", requirements);
        let errors = Config::resolve(&cx).unwrap_err();
        assert!(errors.iter().count() <= 100);
        assert!(
            begin.elapsed() < Duration::from_mins(1),
            "{:?}",
            begin.elapsed()
        );
    }
}

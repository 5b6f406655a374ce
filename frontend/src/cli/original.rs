//! The flags of the original `microb`, a Go program, as arguments of the command line.
//!
//! `-llb`, `-dockerfile`, `-buildkit` and `-filename X` follow the rules of Go's package `flag`:
//! one or two dashes, `-name=value`, and a bare name is `true` for a switch.

use microb_dsl::grammar;

/// Rewrites the original's flags; other command lines come back as they are.
///
/// `-llb` writes protobuf unless a person would see it, so that it pipes into `buildctl build`.
///
/// # Errors
///
/// When a switch has a value that is neither true nor false, or `-filename` has none.
pub(super) fn translate(
    args: Vec<String>,
    stdout_is_terminal: bool,
) -> Result<Vec<String>, String> {
    let is_original = |arg: &String| flag(arg).is_some();
    let starts_with_command = args.first().is_none_or(|arg| !arg.starts_with('-'));
    if starts_with_command || !args.iter().take_while(|arg| *arg != "--").any(is_original) {
        return Ok(args);
    }
    let original = Original::read(args)?;
    let mut translated = vec![
        match (original.dockerfile, original.llb, original.buildkit) {
            (true, _, _) => "dockerfile".to_owned(),
            (false, true, _) => "llb".to_owned(),
            (false, false, true) => "build".to_owned(),
            (false, false, false) => {
                return Err(
                    "`-buildkit=false` without `-llb` or `-dockerfile` leaves nothing to do"
                        .to_owned(),
                );
            }
        },
    ];
    if translated[0] == "llb" && !stdout_is_terminal {
        translated.push("--raw".to_owned());
    }
    translated.extend(original.rest);
    Ok(translated)
}

/// The flags' values, with the defaults that the original documents.
struct Original {
    llb: bool,
    dockerfile: bool,
    buildkit: bool,
    rest: Vec<String>,
}

impl Original {
    fn read(args: Vec<String>) -> Result<Self, String> {
        let mut read = Self {
            llb: false,
            dockerfile: false,
            buildkit: true,
            rest: Vec::new(),
        };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                read.rest.push(arg);
                read.rest.extend(args);
                break;
            }
            match flag(&arg) {
                Some(("llb", value)) => read.llb = switch(&arg, value)?,
                Some(("dockerfile", value)) => read.dockerfile = switch(&arg, value)?,
                Some(("buildkit", value)) => read.buildkit = switch(&arg, value)?,
                Some((_, Some(file))) => read.rest.push(format!("--file={file}")),
                Some((_, None)) => {
                    let file = args.next().ok_or_else(|| {
                        format!("`{arg}` needs a value, for instance `{arg} pyproject.toml`")
                    })?;
                    read.rest.push(format!("--file={file}"));
                }
                None => read.rest.push(arg),
            }
        }
        Ok(read)
    }
}

/// The name and the value of one of the original's flags.
fn flag(arg: &str) -> Option<(&str, Option<&str>)> {
    let bare = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-'))?;
    let (name, value) = match bare.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (bare, None),
    };
    ["llb", "dockerfile", "buildkit", "filename"]
        .contains(&name)
        .then_some((name, value))
}

/// Whether a flag of Go's kind is set, which may have a value.
fn switch(arg: &str, value: Option<&str>) -> Result<bool, String> {
    let Some(value) = value else {
        return Ok(true);
    };
    grammar::boolean(value)
        .ok_or_else(|| format!("`{arg}`: `{value}` is neither `true` nor `false`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, terminal: bool, expected: Result<&str, &str>) {
        let args = input.split_whitespace().map(str::to_owned).collect();
        let found = translate(args, terminal).map(|args| args.join(" "));
        let found = found.as_deref().map_err(String::as_str);
        assert_eq!(found, expected, "{input}");
    }

    #[test]
    fn the_original_flags_choose_what_is_printed() {
        for (input, expected) in [
            ("-llb", "llb --raw"),
            ("--llb", "llb --raw"),
            ("-llb=true", "llb --raw"),
            ("-dockerfile", "dockerfile"),
            ("-dockerfile -llb", "dockerfile"),
            ("-dockerfile=F -llb=1", "llb --raw"),
            ("-llb=false", "build"),
            ("-buildkit", "build"),
            ("-buildkit=false -llb", "llb --raw"),
            ("-filename a/b.toml", "build --file=a/b.toml"),
            (
                "-filename=a/b.toml -dockerfile",
                "dockerfile --file=a/b.toml",
            ),
            (
                "--filename x -llb --target api .",
                "llb --raw --file=x --target api .",
            ),
            ("-t x:1 -buildkit .", "build -t x:1 ."),
        ] {
            check(input, false, Ok(expected));
        }
    }

    #[test]
    fn a_person_at_a_terminal_gets_llb_as_text() {
        check("-llb", true, Ok("llb"));
    }

    #[test]
    fn other_command_lines_stay_as_they_are() {
        for input in [
            "",
            "--help",
            "--version",
            "llb --raw",
            "dockerfile --filename x",
            "build -t x:1 . --filename x",
            "-x",
            "-- -llb",
        ] {
            check(input, false, Ok(input));
        }
    }

    #[test]
    fn wrong_values_are_told() {
        check(
            "-llb=maybe",
            false,
            Err("`-llb=maybe`: `maybe` is neither `true` nor `false`"),
        );
        check(
            "-llb -filename",
            false,
            Err("`-filename` needs a value, for instance `-filename pyproject.toml`"),
        );
        check(
            "-buildkit=false",
            false,
            Err("`-buildkit=false` without `-llb` or `-dockerfile` leaves nothing to do"),
        );
    }
}

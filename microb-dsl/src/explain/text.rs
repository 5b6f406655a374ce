//! Explanations as text for people.

use std::fmt;

use super::{Explanation, Reruns};

/// How many files are named before the rest is counted.
const MAX_FILES: usize = 3;

/// Columns after which a line is broken, or cut if it is a command.
const WIDTH: usize = 100;

/// What holds for all steps, told once.
const RULES: &str = "\
A step runs again when its own words change, when a step above it in its stage runs, or as listed.
What a program fetches from the network, finds in a cache mount or reads from a secret never makes it run again.";

/// `a, b, c and 4 more`.
pub(super) fn short_list<T>(items: &[T], shown: impl Fn(&T) -> String) -> String {
    let mut words: Vec<String> = items.iter().take(MAX_FILES).map(shown).collect();
    let rest = items.len().saturating_sub(MAX_FILES);
    if rest > 0 {
        words.push(format!("and {rest} more"));
        words.join(", ").replace(", and ", " and ")
    } else {
        words.join(", ")
    }
}

/// One line, with an ellipsis where it is too long.
pub(super) fn one_line(text: &str, width: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= width {
        return line;
    }
    line.chars()
        .take(width.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// Words in lines of [`WIDTH`] columns; all lines but the first are indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if indent + line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

fn steps(count: usize) -> String {
    match count {
        1 => "1 step".to_owned(),
        count => format!("{count} steps"),
    }
}

impl fmt::Display for Reruns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_base = |name: &str| name.contains("] FROM ");
        let count = |is_certain| {
            let steps = self.steps.iter();
            steps
                .filter(|step| step.is_certain == is_certain && !is_base(&step.name))
                .count()
        };
        let total = self.n_steps;
        match (count(true), count(false)) {
            (0, 0) if self.steps.is_empty() => {
                write!(f, "no step runs again: the cache has all {total}")?;
            }
            (0, possible) => write!(f, "{} of {total} may run again", steps(possible))?,
            (1, 0) => write!(f, "1 of {total} steps runs again")?,
            (certain, 0) => write!(f, "{certain} of {total} steps run again")?,
            (1, possible) => {
                write!(
                    f,
                    "1 of {total} steps runs again, {possible} more may run again"
                )?;
            }
            (certain, possible) => write!(
                f,
                "{certain} of {total} steps run again, {possible} more may run again"
            )?,
        }
        writeln!(f, "{}", if self.steps.is_empty() { "" } else { ":\n" })?;
        for step in &self.steps {
            let verb = if step.is_certain { "runs" } else { "may run" };
            writeln!(f, "  {verb:7}  {}", one_line(&step.name, WIDTH - 11))?;
            for reason in &step.reasons {
                writeln!(f, "           {}", wrapped(reason, 11))?;
            }
        }
        if !self.config.is_empty() {
            let all = format!(
                "The image config changes, which runs nothing: {}",
                self.config.join(", ")
            );
            writeln!(f, "\n{}", wrapped(&all, 0))?;
        }
        Ok(())
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{RULES}")?;
        for stage in &self.stages {
            writeln!(f)?;
            writeln!(f, "{}: {}", stage.name, stage.base)?;
            for step in &stage.steps {
                writeln!(f, "  {}", one_line(&step.name, WIDTH - 2))?;
                if !step.when.is_empty() {
                    let when = step.when.join(" · ");
                    writeln!(f, "      runs again when: {}", wrapped(&when, 23))?;
                }
                if !step.never.is_empty() {
                    let never = step.never.join(" · ");
                    writeln!(f, "      never because of: {}", wrapped(&never, 24))?;
                }
            }
            if !stage.config.is_empty() {
                let config = stage.config.join(" · ");
                writeln!(f, "  without a step: {}", wrapped(&config, 18))?;
            }
        }
        Ok(())
    }
}

//! Where Python finds the modules that a command of the user names, in a project that is no package.

use microb::Context;

use crate::config::{Config, Packaging};
use crate::project_dir::within;

/// The folder that modules stand in and projects do not say.
const SRC: &str = "src";

/// `/app/src`, if `entrypoint` or `command` name a module that stands in `src` and not in the project's folder.
pub(crate) fn of(cx: &dyn Context, config: &Config) -> Option<String> {
    if config.project.packaging != Packaging::Sources || config.script.is_some() {
        return None;
    }
    let written = [&config.entrypoint, &config.command];
    let mut words = written.into_iter().flatten().flat_map(|argv| &argv.value);
    let is_in_src = |word: &String| {
        let module = module(word);
        !module.is_empty()
            && has(cx, &within(&within(&config.project_dir, SRC), module))
            && !has(cx, &within(&config.project_dir, module))
    };
    words.any(is_in_src).then(|| format!("/app/{SRC}"))
}

/// The first part of what may be a module: `shop` for `shop.main:app`, `--app=shop:app` and `shop`.
fn module(word: &str) -> &str {
    let value = word.rsplit('=').next().unwrap_or(word);
    let module = value.split([':', '.']).next().unwrap_or(value);
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    if module.chars().all(is_name) {
        module
    } else {
        ""
    }
}

/// Whether there is a module or a package at this path.
fn has(cx: &dyn Context, path: &str) -> bool {
    let is_module = matches!(cx.read(&format!("{path}.py")), Ok(Some(_)));
    is_module || cx.list(path).is_ok_and(|files| !files.is_empty())
}

//! The bytecode of what is installed.

use microb::prelude::*;

use crate::builder::{REQUIREMENTS, VENV};
use crate::config::{Config, Dependencies};
use crate::flavor;

/// Compiles the modules of an environment but for their tests, which installers compile too.
const COMPILE_PY: &str = include_str!("compile.py");

/// The last step of the environment: its modules are compiled, and what the tools keep for themselves is removed.
///
/// ```text
/// RUN rm -f /app/.venv/.lock /app/.venv/.gitignore && PYTHONHASHSEED=0 /usr/local/bin/python3 /requirements/compile.py /app/.venv
/// ```
pub(crate) fn finish(config: &Config) -> Vec<Step> {
    let remove = format!("rm -f {VENV}/.lock {VENV}/.gitignore");
    let is_empty =
        matches!(&config.dependencies, Dependencies::Listed(listed) if listed.is_empty());
    if is_empty || !config.compile {
        return run(remove)
            .called("remove what the tools keep for themselves")
            .into_steps();
    }
    let script = format!("{REQUIREMENTS}/compile.py");
    let python = flavor::python(config);
    // Until 3.11 the order of sets in bytecode was that of their hashes.
    let compile = format!("{remove} && PYTHONHASHSEED=0 {python} {script} {VENV}");
    (
        mkfile(&script, COMPILE_PY),
        run(compile)
            .network(Network::None)
            .called("compile the installed modules"),
    )
        .into_steps()
}

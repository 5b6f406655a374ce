//! `healthcheck`: how the engine sees that the container works.

use microb::step::{self, Healthcheck};
use microb::{Diagnostic, Spanned};

use crate::builder::VENV;
use crate::config::Config;
use crate::container::WrittenHealthcheck;
use crate::listening;
use crate::mistake::Findings;

/// The check of a table. The image has no `curl`, but it has Python.
pub(crate) fn resolve(
    written: Spanned<WrittenHealthcheck>,
    config: &Config,
    findings: &Findings,
) -> Option<Spanned<Healthcheck>> {
    let Spanned { value, span } = written;
    let (table, ways) = match value {
        WrittenHealthcheck::On { table, ways } => (table, ways),
        WrittenHealthcheck::Off => return Some(Spanned::new(step::no_healthcheck(), span)),
    };
    if ways != 1 {
        let error = Diagnostic::error("`healthcheck` needs one of `http`, `tcp` and `command`");
        findings.add(
            error
                .at(&span)
                .help("write for instance `http = \"/health\"`"),
        );
        return None;
    }
    let seconds = table.timeout.map_or(30, |time| time.0.as_secs().max(1));
    let command = if let Some(path) = table.http {
        let written = table.port.map(|port| port.number);
        let Some(port) = written.or_else(|| port(config)) else {
            let error = Diagnostic::error("it is not known on which port the program listens");
            let port = told_port(config).unwrap_or(8000);
            let help = format!("add `port = {port}` beside `http`");
            findings.add(error.at(&path.span).help(help));
            return None;
        };
        // A proxy that is set for the program is not on the way to the program.
        python(&format!(
            "import urllib.request as r; r.build_opener(r.ProxyHandler({{}})).open({}, timeout={seconds})",
            literal(&format!("http://127.0.0.1:{port}{}", path.value))
        ))
    } else if let Some(port) = table.tcp {
        python(&format!(
            "import socket; socket.create_connection(('127.0.0.1', {}), {seconds}).close()",
            port.number
        ))
    } else {
        // What is written and cannot be read has been told.
        table.command?
    };
    let mut check = step::healthcheck(command);
    check.interval = table.interval.map(|time| time.0);
    check.timeout = table.timeout.map(|time| time.0);
    check.start_period = table.start_period.map(|time| time.0);
    check.retries = table.retries;
    Some(Spanned::new(check, span))
}

/// The first port that is exposed, or that of the program that was found.
fn port(config: &Config) -> Option<u16> {
    let exposed = config.expose.first().map(|port| port.value.number);
    exposed.or_else(|| config.program.as_ref().and_then(|program| program.port))
}

/// The port that an option of the program's own names. What it means is only likely.
fn told_port(config: &Config) -> Option<u16> {
    let argv = [&config.entrypoint, &config.command].into_iter().flatten();
    let words: Vec<String> = argv.flat_map(|argv| argv.value.iter().cloned()).collect();
    listening::ports(&words).find(|port| *port != 0)
}

fn python(code: &str) -> Vec<String> {
    let python = format!("{VENV}/bin/python");
    [&python, "-I", "-c", code].map(str::to_owned).to_vec()
}

/// A text as Python writes it. Of what JSON writes otherwise, nothing is in a URL.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

//! A company's frontend: its own base image, certificate authority and package index, and labels that every image must have.
//!
//! ```sh
//! cargo run --example company -- check examples/company
//! cargo run --example company -- dockerfile examples/company
//! cargo run --example company -- schema --table tool.acme
//! ```

use std::process::ExitCode;

use microb::grammar::Mistake;
use microb::prelude::*;
use microb::std::builder::packages_on;
use microb::std::{Bases, Config, Index, IndexRole, PYPROJECT, flavor, image, rules, schema};
use microb_frontend::Recipe;

/// Our Python images, by version. They have the same interpreter as the official ones, in the same place.
const BASE: &str = "registry.acme.example/python";

/// Our packages. `--build-arg ACME_INDEX=…` names another index, for those who try one out.
const INDEX: &str = "https://pypi.acme.example/simple/";

/// Labels without which our registry takes no image, and what to write for them.
const LABELS: &[(&str, &str)] = &[(
    "org.opencontainers.image.source",
    "`[project.urls]` with `Source = \"https://git.acme.example/…\"",
)];

/// All certificates that are trusted: the system's and ours.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What the platform team asks of every service.
#[derive(Table)]
#[table("tool.acme")]
struct Acme {
    /// The team that answers for the image.
    #[key(example = "payments")]
    team: String,
    /// Who pays for it.
    #[key(name = "cost-center", check = cost_center, pattern = "^CC-[0-9]{4}$", example = "CC-1234")]
    cost_center: String,
    /// How urgent a failure is.
    #[key(default = Tier::Silver)]
    tier: Tier,
    /// The certificate of our authority in PEM, a file of the build context. Otherwise `acme-ca.pem`.
    certificate: Option<Spanned<String>>,
}

#[derive(Choice)]
enum Tier {
    /// Somebody is called at night.
    Gold,
    /// It waits until the morning.
    Silver,
}

fn cost_center(text: &str) -> Result<(), Mistake> {
    let digits = text.strip_prefix("CC-").unwrap_or_default();
    if digits.len() == 4 && digits.chars().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    let message = format!("`{text}` is no cost center");
    Err(Mistake::new(message, 0..text.len()).help("write `CC-` and four digits"))
}

fn recipe(cx: &dyn Context) -> Result<Stage, Diagnostics> {
    let (config, acme) = Diagnostics::both(Config::resolve(cx), Acme::read(cx))?;
    rules::check(cx, &config);
    let (certificate, ()) = Diagnostics::both(certificate(cx, &acme), required_labels(&config))?;
    let standard = image(cx, config, &|config| {
        config.indices.insert(0, index(cx));
        let build = from(flavor::build_image(config)).named("packages");
        let base = format!("{BASE}:{}", config.python.version);
        let base: ImageRef = base.parse()?;
        Ok(Bases {
            packages: packages_on(config, trusting(build, &certificate)),
            system: trusting(from(base).named("system"), &certificate)
                .then(flavor::packages(config, &config.system_deps)),
            ..Bases::of(config)
        })
    })?;
    Ok(standard.then(label!(
        "com.example.acme.team" = acme.team,
        "com.example.acme.cost-center" = acme.cost_center,
        "com.example.acme.tier" = acme.tier.as_str(),
    )))
}

/// The certificate of our authority.
fn certificate(cx: &dyn Context, acme: &Acme) -> Result<String, Diagnostics> {
    let written = acme.certificate.as_ref();
    let path = written.map_or("acme-ca.pem", |path| path.value.as_str());
    let file = cx.read(path);
    let problem = match file
        .as_ref()
        .map(|bytes| bytes.as_deref().map(str::from_utf8))
    {
        Ok(Some(Ok(text))) if text.contains("-----BEGIN CERTIFICATE-----") => {
            return Ok(text.to_owned());
        }
        Ok(Some(_)) => format!("`{path}` is no certificate in PEM"),
        Ok(None) => format!("`{path}` is not in the build context"),
        Err(error) => error.to_string(),
    };
    let help =
        "copy it from https://acme.example/ca, or name it with `certificate` in `[tool.acme]`";
    let place = written.map_or_else(|| Acme::span(cx), |path| path.span.clone());
    Err(Diagnostic::error(problem).at(&place).help(help).into())
}

fn required_labels(config: &Config) -> Result<(), Diagnostics> {
    let missing = LABELS
        .iter()
        .filter(|(name, _)| !config.labels.contains_key(*name));
    let mistakes = missing.map(|(name, line)| {
        let error = Diagnostic::error(format!("the label `{name}` is missing"));
        let name = config.project.name.as_ref();
        error
            .help(format!("add {line}"))
            .at(name.map(|name| &name.span))
    });
    Diagnostics::or(mistakes.collect(), ())
}

/// Our index, which is asked first.
fn index(cx: &dyn Context) -> Index {
    let url = cx.build_arg("ACME_INDEX").unwrap_or(INDEX);
    Index {
        name: "acme".to_owned(),
        url: Spanned::new(url.to_owned(), Acme::span(cx)),
        username: None,
        password: None,
        trust: false,
        role: IndexRole::Extra,
        of_tool: false,
    }
}

/// A stage that trusts our authority: its system, uv, pip, and what runs in it.
fn trusting(stage: Stage, certificate: &str) -> Stage {
    stage.then((
        mkfile("/usr/local/share/ca-certificates/acme.crt", certificate),
        run!("update-ca-certificates"),
        env("SSL_CERT_FILE", TRUSTED),
        env("PIP_CERT", TRUSTED),
        env("REQUESTS_CA_BUNDLE", TRUSTED),
    ))
}

fn main() -> ExitCode {
    microb_frontend::main(
        Recipe::new("company", recipe)
            .format(PYPROJECT)
            .reads(["*.pem"])
            .schema(|| schema().table::<Acme>().to_string()),
    )
}

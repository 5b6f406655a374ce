//! Turns a recipe into a BuildKit frontend, a command line and its own packer.
//!
//! The only crate of microb that does input and output. It knows no Python: it takes a [`Recipe`].

mod build;
#[cfg(feature = "cli")]
mod cli;
mod context;
mod decisions;
pub mod definition;
#[cfg(feature = "cli")]
pub mod directory_context;
mod epoch;
mod files;
mod folders;
pub mod gateway;
mod ignore;
mod images;
mod inspect;
mod look;
mod lowered;
mod meanings;
mod needs;
#[cfg(feature = "cli")]
pub mod pack;
mod panics;
mod plan;
mod recipe;
pub mod request;
mod resolve;
mod result;
mod scan;
mod sent;
mod sources;
mod subrequest;
mod tasks;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

pub use recipe::{Recipe, RecipeFunction, TargetsFunction};

use microb_dsl::Diagnostics;
use microb_dsl::rule::{self, Checks};

use build::Build;
use files::Files;
use gateway::{Failure, Gateway, Outcome};
use request::Request;

/// What a recipe's `main` calls: a frontend when BuildKit started the program, else its command line.
///
/// Without the feature `cli` there is no command line, and the program says what it is.
pub fn main(recipe: Recipe) -> ExitCode {
    if is_started_by_buildkit() {
        return serve(recipe);
    }
    #[cfg(feature = "cli")]
    return cli::main(&recipe, std::env::args_os().skip(1).collect());
    #[cfg(not(feature = "cli"))]
    {
        let name = recipe.name();
        log(&format!(
            "this is {name} as a BuildKit frontend, without its command line; \
             name the image in the first line of a file: #syntax=IMAGE"
        ));
        ExitCode::FAILURE
    }
}

/// The gateway sets both for every frontend (`frontend/gateway/gateway.go` in moby/buildkit).
fn is_started_by_buildkit() -> bool {
    ["BUILDKIT_SESSION_ID", "BUILDKIT_WORKERS"]
        .iter()
        .all(|name| std::env::var_os(name).is_some())
}

/// Serves one build as a BuildKit frontend, over standard input and output.
///
/// A build that fails is served well too: BuildKit has its error, and the exit code is 0.
pub fn serve(recipe: Recipe) -> ExitCode {
    let started = Instant::now();
    panics::remember();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let served = runtime.map(|runtime| {
        let served = runtime.block_on(serve_one(recipe, started));
        // A recipe that does not end must not keep the program.
        runtime.shutdown_background();
        served
    });
    match served {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) | Err(error) => {
            log(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Runs the build until it ends or BuildKit goes away.
async fn serve_one(recipe: Recipe, started: Instant) -> std::io::Result<()> {
    let (gateway, end) = Gateway::connect().await?;
    let gateway = Arc::new(gateway);
    let served = async {
        let built = tasks::guarded(build_image(Arc::clone(&gateway), recipe, started)).await;
        let refused = match built {
            Ok(outcome) => gateway.finish(outcome).await.err(),
            Err(failure) => Some(failure),
        };
        match refused {
            Some(failure) => gateway.fail(failure).await.map_err(std::io::Error::other),
            None => Ok(()),
        }
    };
    tokio::select! {
        served = served => served,
        _ = end => Err(std::io::Error::other("BuildKit closed the connection")),
    }
}

/// The whole build, from the request to the result.
async fn build_image(
    gateway: Arc<Gateway>,
    recipe: Recipe,
    started: Instant,
) -> Result<Outcome, Failure> {
    let request = Request::from_env()?;
    let subrequest = request.subrequest.clone();
    if let Some(answer) = subrequest.as_ref().and_then(subrequest::without_files) {
        return answer;
    }
    let request = Arc::new(epoch::resolve(&gateway, request).await?);
    let inputs = Arc::new(gateway.inputs().await?);
    let files = Arc::new(Files::load(&gateway, &request, &recipe, &inputs).await?);
    let given = request.build_args.get(rule::BUILD_ARG);
    let checks = Checks::of(&files.definition, given.map(String::as_str));
    let build = Build {
        gateway,
        request,
        inputs,
        files,
        checks: Arc::new(checks.map_err(Diagnostics::from)?),
    };
    if let Some(subrequest) = &subrequest {
        return subrequest::with_files(&build, &recipe, subrequest).await;
    }
    build.warn_of_limits().await?;
    let mut plans = build.plan(&recipe).await?;
    build.resolve_images(&mut plans).await?;
    let scans = build.plan_scans(&plans).await?;
    let lowered = build.lower(plans, &recipe).await?;
    let looks = inspect::looks(&lowered);
    let images = build.solve(lowered).await?;
    build.inspect_images(looks, &recipe).await?;
    let sboms = build.scan(scans).await?;
    if build.request.debug {
        let (calls, ms) = (build.gateway.calls(), started.elapsed().as_millis());
        log(&format!("{calls} gateway calls, {ms} ms to the last solve"));
    }
    Ok(build.outcome(images, sboms))
}

/// Writes a line to standard error, which goes to the daemon's log.
fn log(line: &str) {
    // Nothing is left to do when even that fails.
    let _ = writeln!(std::io::stderr(), "microb: {line}");
}

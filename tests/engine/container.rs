//! How a container is run: user, ports, volumes, health check, other base images.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::docker::{Image, Ran, docker};
use crate::project::Project;

#[test]
#[ignore = "needs an engine: make test"]
fn a_container_runs_as_its_user_with_its_volume_and_is_healthy() {
    let target = "user = \"1234:5678\"\nexpose = [8000]\nvolumes = [\"/data\"]\nstop_signal = \"SIGINT\"\n\
                  healthcheck = { http = \"/\", interval = \"1s\", timeout = \"5s\" }\n\
                  entrypoint = [\"python\", \"-m\", \"http.server\", \"8000\"]";
    let image = Project::app(target).build(&[]);
    let config = image.inspect()["Config"].take();
    assert_eq!(config["User"], "1234:5678");
    assert_eq!(config["ExposedPorts"], json!({ "8000/tcp": {} }));
    assert_eq!(config["Volumes"], json!({ "/data": {} }));
    assert_eq!(config["StopSignal"], "SIGINT");
    let script =
        "id -u; id -g; touch /data/x && stat -c %u:%g /data; echo ~; touch ~/x && echo home";
    let ran = image.run(&["--entrypoint=sh"], &["-c", script]).succeeded();
    assert_eq!(ran.stdout, "1234\n5678\n1234:5678\n/home/nonroot\nhome\n");
    wait_until_healthy(&image);
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_user_by_name_is_made_unless_the_base_has_another_of_that_name() {
    let image = Project::app("user = \"worker\"").build(&[]);
    let ran = image.run(&["--entrypoint=sh"], &["-c", "id -un; id -u; echo ~"]);
    assert_eq!(ran.succeeded().stdout, "worker\n65532\n/home/worker\n");
    let project = Project::app("user = \"www-data\"");
    let said = "the base image has a user www-data: write user = \"33:33\"";
    project.try_build(&[]).failed().says([said]);
}

#[track_caller]
fn wait_until_healthy(image: &Image) {
    let started = Ran::of(docker(["run", "--detach", "--network=none"]).arg(&image.0)).succeeded();
    let container = started.stdout.trim();
    let begin = Instant::now();
    let health = loop {
        let format = "--format={{json .State.Health}}";
        let health = Ran::of(&mut docker(["inspect", format, container]))
            .succeeded()
            .stdout;
        if health.contains("\"Status\":\"healthy\"") || begin.elapsed() > Duration::from_secs(30) {
            break health;
        }
        thread::sleep(Duration::from_millis(200));
    };
    Ran::of(&mut docker(["rm", "--force", "--volumes", container])).succeeded();
    assert!(health.contains("\"Status\":\"healthy\""), "{health}");
}

#[test]
#[ignore = "needs an engine: make test"]
fn a_base_image_of_ones_own_is_what_runs() {
    let base = Image::new();
    let project = Project::empty().file(
        "Dockerfile",
        "FROM python:3.14-slim\nRUN echo ours > /etc/ours\n",
    );
    let mut build = docker(["build", "--tag", &base.0, "."]);
    Ran::of(build.current_dir(project.folder())).succeeded();
    let target = format!(
        "base_image = \"{}\"\nbuild_image = \"python:3.14\"\ncommand = [\"python\", \"-m\", \"app\"]",
        base.0
    );
    let image = Project::app(&target).build(&[]);
    assert_eq!(image.output(&["cat", "/etc/ours"]), "ours\n");
    assert_eq!(image.run(&[], &[]).succeeded().stdout, "app\n");
}

//! What projects talk to.

use crate::docker::{Image, Ran, docker};
use crate::project::Project;
use crate::service::Service;

/// `PostgreSQL` and Redis in one container, from Debian's packages.
pub(super) struct Databases {
    service: Service,
    _image: Image,
}

impl Databases {
    /// Starts them; both answer on the container's own interface.
    pub(super) fn start() -> Self {
        let image = Image::new();
        let project = Project::empty().file(
            "Dockerfile",
            "FROM python:3.13-slim\n\
             RUN apt-get update && apt-get install --yes --no-install-recommends postgresql redis-server \\\n\
             && echo host all all 127.0.0.1/32 trust | tee /etc/postgresql/*/main/pg_hba.conf\n\
             CMD service redis-server start; service postgresql start; echo ready; exec sleep infinity\n",
        );
        let mut build = docker(["build", "--quiet", "--tag", &image.0, "."]);
        Ran::of(build.current_dir(project.folder())).succeeded();
        let service = Service::start(&image, &[], &[]);
        service.says("ready");
        Self {
            service,
            _image: image,
        }
    }

    /// The flag by which a container reaches them.
    pub(super) fn network(&self) -> String {
        self.service.network()
    }
}

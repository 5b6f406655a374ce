//! Source ops: images, local folders, http files and git repositories.

use std::collections::{BTreeMap, BTreeSet};

use bollard_buildkit_proto::pb;
use prost::Message as _;

use super::graph::{Graph, Node, Notes};
use super::{ImageResolveMode, Inputs};
use crate::platform::Platform;
use crate::reference::ImageRef;
use crate::source::{Git, Http, Local, METADATA_ONLY};
use crate::stage::ForeignDefinition;

/// A source op before it is added to the graph. Attribute names are those of BuildKit's `solver/pb/attr.go`.
struct SourceOp {
    identifier: String,
    attributes: BTreeMap<String, String>,
    capabilities: BTreeSet<&'static str>,
}

impl SourceOp {
    fn new(identifier: String, capability: &'static str) -> Self {
        Self {
            identifier,
            attributes: BTreeMap::new(),
            capabilities: BTreeSet::from([capability]),
        }
    }

    fn set(&mut self, attribute: &str, value: impl Into<String>) {
        self.attributes.insert(attribute.to_owned(), value.into());
    }

    fn set_with(
        &mut self,
        attribute: &str,
        value: Option<impl Into<String>>,
        capability: &'static str,
    ) {
        if let Some(value) = value {
            self.set(attribute, value);
            self.capabilities.insert(capability);
        }
    }

    fn add(self, graph: &mut Graph, platform: Option<&Platform>, notes: &Notes<'_>) -> Node {
        let op = pb::op::Op::Source(pb::SourceOp {
            identifier: self.identifier,
            attrs: self.attributes,
        });
        graph.add(
            Vec::new(),
            platform.map(pb_platform),
            op,
            &self.capabilities,
            notes,
        )
    }
}

pub(super) fn pb_platform(platform: &Platform) -> pb::Platform {
    pb::Platform {
        architecture: platform.architecture.clone(),
        os: platform.os.clone(),
        variant: platform.variant.clone(),
        ..pb::Platform::default()
    }
}

/// `docker-image://…`, by digest when the engine resolved one.
pub(super) fn image(
    graph: &mut Graph,
    inputs: &Inputs,
    image: &ImageRef,
    platform: &Platform,
    notes: &Notes<'_>,
) -> Node {
    let mut op = SourceOp::new(
        format!("docker-image://{}", pinned(inputs, image, platform)),
        "source.image",
    );
    match inputs.image_resolve_mode {
        ImageResolveMode::Default => {}
        ImageResolveMode::ForcePull => {
            op.set_with(
                "image.resolvemode",
                Some("pull"),
                "source.image.resolvemode",
            );
        }
        ImageResolveMode::PreferLocal => op.set("image.resolvemode", "local"),
    }
    op.add(graph, Some(platform), notes)
}

/// The image that the engine has for the reference, with the digest that it resolved it to.
pub(super) fn pinned(inputs: &Inputs, image: &ImageRef, platform: &Platform) -> ImageRef {
    let Some(resolved) = inputs.images.get(&(image.clone(), platform.clone())) else {
        return image.clone();
    };
    let image = resolved.reference.as_ref().unwrap_or(image).clone();
    match &resolved.digest {
        Some(digest) if image.digest().is_none() => image.with_digest(digest),
        _ => image,
    }
}

/// `oci-layout://…`: an image in a content store of the client, by its digest, as a definition of its own.
///
/// `image` names it in messages; the engine asks the client's session for the content of `store`. `name` is the line of
/// progress.
pub fn oci_layout(
    image: &ImageRef,
    session: &str,
    store: &str,
    platform: &Platform,
    name: impl Into<String>,
) -> ForeignDefinition {
    let mut op = SourceOp::new(format!("oci-layout://{image}"), "source.ocilayout");
    op.set("oci.session", session);
    op.set("oci.store", store);
    let mut graph = Graph::default();
    let notes = Notes {
        name: name.into(),
        ..Notes::default()
    };
    let head = op.add(&mut graph, Some(platform), &notes);
    ForeignDefinition(graph.finish(&head).encode_to_vec().into())
}

/// `local://…`: a folder that the client sends.
pub(super) fn local(graph: &mut Graph, local: &Local, notes: &Notes<'_>) -> Node {
    let list = |patterns: &[String]| {
        (!patterns.is_empty()).then(|| serde_json::Value::from(patterns).to_string())
    };
    let mut op = SourceOp::new(format!("local://{}", local.name), "source.local");
    op.set_with(
        "local.session",
        local.session.clone(),
        "source.local.sessionid",
    );
    op.set_with(
        "local.includepattern",
        list(&local.include),
        "source.local.includepatterns",
    );
    op.set_with(
        "local.followpaths",
        list(&local.follow_paths),
        "source.local.followpaths",
    );
    op.set_with(
        "local.excludepatterns",
        list(&local.exclude),
        "source.local.excludepatterns",
    );
    op.set_with(
        "local.sharedkeyhint",
        local.shared_key.clone(),
        "source.local.sharedkeyhint",
    );
    if local.whole {
        // Without its capability, as BuildKit's own frontend does it: an engine that does not know it compares as ever.
        op.set("local.differ", "none");
    }
    if local.metadata_only {
        op.set_with(
            "local.metadatatransfer",
            Some("true".to_owned()),
            METADATA_ONLY,
        );
    }
    op.add(graph, None, notes)
}

/// `https://…`: one file.
pub(super) fn http(graph: &mut Graph, http: &Http, notes: &Notes<'_>) -> Node {
    let mut op = SourceOp::new(http.url.clone(), "source.http");
    op.set("http.filename", http.filename());
    op.set_with(
        "http.checksum",
        http.checksum.clone(),
        "source.http.checksum",
    );
    op.add(graph, None, notes)
}

/// `git://host/path#reference:folder`: a repository; the real URL is an attribute.
pub(super) fn git(graph: &mut Graph, git: &Git, notes: &Notes<'_>) -> Node {
    let mut identifier = format!("git://{}", host_and_path(&git.remote));
    if git.reference.is_some() || git.subdir.is_some() {
        identifier.push('#');
        identifier.push_str(git.reference.as_deref().unwrap_or_default());
    }
    if let Some(subdir) = &git.subdir {
        identifier.push(':');
        identifier.push_str(subdir.trim_matches('/'));
    }
    let mut op = SourceOp::new(identifier, "source.git");
    op.set_with(
        "git.fullurl",
        Some(git.remote.as_str()),
        "source.git.fullurl",
    );
    op.set_with(
        "git.keepgitdir",
        git.keep_git_dir.then_some("true"),
        "source.git.keepgitdir",
    );
    op.set_with("git.checksum", git.checksum.clone(), "source.git.checksum");
    op.set_with(
        "git.skipsubmodules",
        git.skip_submodules.then_some("true"),
        "source.git.skipsubmodules",
    );
    op.set_with(
        "git.mtime",
        git.commit_times.then_some("commit"),
        "source.git.mtime",
    );
    op.set_with(
        "git.fetchbycommit",
        git.fetch_by_commit.then_some("true"),
        "source.git.fetchbycommit",
    );
    // The ids of the secrets that BuildKit takes for https, when the client gives them.
    op.set("git.authtokensecret", "GIT_AUTH_TOKEN");
    op.set("git.authheadersecret", "GIT_AUTH_HEADER");
    op.set_with(
        "git.mountsshsock",
        is_ssh(&git.remote).then_some("default"),
        "source.git.mountsshsock",
    );
    op.add(graph, None, notes)
}

fn is_ssh(remote: &str) -> bool {
    remote.starts_with("ssh://") || (!remote.contains("://") && remote.contains('@'))
}

/// `host/path` of a remote without scheme and user, so that one repository has one identity.
fn host_and_path(remote: &str) -> String {
    let rest = remote.split_once("://").map_or(remote, |(_, rest)| rest);
    let (authority, path) = match rest.find(['/', ':']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    // In `git@host:path` the colon ends the host; in a URL it starts a port.
    let path = match path.strip_prefix(':') {
        Some(path) if !remote.contains("://") => format!("/{}", path.trim_start_matches('/')),
        _ => path.to_owned(),
    };
    format!("{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_one_identity() {
        for (remote, identity) in [
            ("https://github.com/a/b.git", "github.com/a/b.git"),
            ("ssh://git@github.com/a/b.git", "github.com/a/b.git"),
            ("git@github.com:a/b.git", "github.com/a/b.git"),
            (
                "ssh://root@127.0.0.1:2222/srv/b.git",
                "127.0.0.1:2222/srv/b.git",
            ),
        ] {
            assert_eq!(host_and_path(remote), identity);
        }
        assert!(is_ssh("git@github.com:a/b.git"));
        assert!(is_ssh("ssh://git@github.com/a/b.git"));
        assert!(!is_ssh("https://user@github.com/a/b.git"));
    }
}

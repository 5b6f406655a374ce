//! Capabilities: what an engine says it can do, and what engines could do before they said so.

use std::collections::BTreeSet;

use bollard_buildkit_proto::moby::buildkit::v1::apicaps::ApiCap;

// The ids are those of `frontend/gateway/pb/caps.go` in moby/buildkit.
pub(super) const RETURN: &str = "return";
pub(super) const RETURN_MAP: &str = "returnmap";
pub(super) const READ_DIR: &str = "readdir";
pub(super) const STAT_FILE: &str = "statfile";
pub(super) const REF_ARRAY: &str = "proto.refarray";
pub(super) const INPUTS: &str = "frontend.inputs";
pub(super) const EVALUATE_SOLVE: &str = "gateway.solve.evaluate";
pub(super) const EVALUATE: &str = "gateway.evaluate";
pub(super) const WARNINGS: &str = "gateway.warnings";
pub(super) const ATTESTATIONS: &str = "reference.attestations";
pub(super) const SOURCE_META: &str = "source.metaresolver";

/// What a gateway can do that names no capabilities: `defaultCaps` in `frontend/gateway/grpcclient/client.go`. Frozen.
const FRONTEND_BEFORE_CAPS: [&str; 4] = [
    "solve.base",
    "solve.inlinereturn",
    "resolveimage",
    "readfile",
];

/// The same for LLB: `defaultLLBCaps` in the same file, with the ids of `solver/pb/caps.go`. Frozen.
const LLB_BEFORE_CAPS: [&str; 29] = [
    "source.image",
    "source.local",
    "source.local.unique",
    "source.local.sessionid",
    "source.local.includepatterns",
    "source.local.followpaths",
    "source.local.excludepatterns",
    "source.local.sharedkeyhint",
    "source.git",
    "source.git.keepgitdir",
    "source.git.fullurl",
    "source.http",
    "source.http.checksum",
    "source.http.perm",
    "soruce.http.uidgid",
    "source.buildop.llbfilename",
    "exec.meta.base",
    "exec.meta.proxyenv",
    "exec.mount.bind",
    "exec.mount.cache",
    "exec.mount.cache.sharing",
    "exec.mount.selector",
    "exec.mount.tmpfs",
    "exec.mount.secret",
    "constraints",
    "platform",
    "meta.ignorecache",
    "meta.description",
    "meta.exportcache",
];

pub(super) fn frontend(named: Vec<ApiCap>) -> BTreeSet<String> {
    enabled(named, &FRONTEND_BEFORE_CAPS)
}

pub(super) fn llb(named: Vec<ApiCap>) -> BTreeSet<String> {
    enabled(named, &LLB_BEFORE_CAPS)
}

fn enabled(named: Vec<ApiCap>, before_caps: &[&str]) -> BTreeSet<String> {
    if named.is_empty() {
        return before_caps.iter().map(|&id| id.to_owned()).collect();
    }
    named
        .into_iter()
        .filter(|cap| cap.enabled)
        .map(|cap| cap.id)
        .collect()
}

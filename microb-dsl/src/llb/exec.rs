//! Exec ops: what a `run` step is lowered to.

use std::collections::BTreeSet;

use bollard_buildkit_proto::pb;

use super::graph::Node;
use super::image::ContainerConfig;
use super::paths::absolute;
use super::{Capabilities, Inputs};
use crate::mount::{Cache, Mount, Secret, Sharing, Ssh, Tmpfs};
use crate::step::{Network, Run, Security};

/// BuildKit's `pb.Empty`: a mount that starts from nothing.
const EMPTY: i64 = -1;
/// BuildKit's `pb.SkipOutput`: what is written there is dropped.
const SKIP_OUTPUT: i64 = -1;

/// An exec op and what belongs to it.
pub(super) struct Exec {
    pub(super) inputs: Vec<pb::Input>,
    pub(super) op: pb::ExecOp,
    pub(super) capabilities: BTreeSet<&'static str>,
}

/// A bind or cache mount whose source is lowered already.
pub(super) struct Mounted<'a> {
    pub(super) mount: &'a Mount,
    /// The source's node; `None` for an empty file system.
    pub(super) node: Option<Node>,
}

/// Lowers a `run` step on top of `root`.
pub(super) fn exec(
    run: &Run,
    root: Option<&Node>,
    mounts: &[Mounted<'_>],
    config: &ContainerConfig,
    inputs: &Inputs,
) -> Exec {
    let mut exec = Exec {
        inputs: Vec::new(),
        op: pb::ExecOp {
            meta: Some(meta(run, config, inputs)),
            ..pb::ExecOp::default()
        },
        capabilities: BTreeSet::from(["exec.meta.base", "exec.meta.setsdefaultpath"]),
    };
    exec.set_network(match run.network {
        Network::Default => inputs.run_options.network,
        asked => asked,
    });
    if run.security == Security::Insecure {
        exec.op.security = pb::SecurityMode::Insecure.into();
        exec.capabilities.insert("exec.meta.security");
    }
    exec.add_options(inputs);
    exec.add_mounts(root, mounts, config, inputs);
    exec.add_secrets(run, config);
    exec.add_ssh(run, config);
    exec
}

fn meta(run: &Run, config: &ContainerConfig, inputs: &Inputs) -> pb::Meta {
    let options = &inputs.run_options;
    let proxy = &options.proxy;
    pb::Meta {
        args: config.argv(&run.command),
        env: config.env.clone(),
        cwd: absolute("/", &config.working_dir),
        user: config.user.clone(),
        hostname: options.hostname.clone().unwrap_or_default(),
        proxy_env: (*proxy != super::Proxy::default()).then(|| pb::ProxyEnv {
            http_proxy: proxy.http.clone(),
            https_proxy: proxy.https.clone(),
            ftp_proxy: proxy.ftp.clone(),
            no_proxy: proxy.no.clone(),
            all_proxy: proxy.all.clone(),
        }),
        extra_hosts: options
            .extra_hosts
            .iter()
            .map(|(host, ip)| pb::HostIp {
                host: host.clone(),
                ip: ip.clone(),
            })
            .collect(),
        remove_mount_stubs_recursive: true,
        ..pb::Meta::default()
    }
}

impl Exec {
    fn set_network(&mut self, network: Network) {
        let mode = match network {
            Network::Default => return,
            Network::Host => pb::NetMode::Host,
            Network::None => pb::NetMode::None,
        };
        self.op.network = mode.into();
        self.capabilities.insert("exec.meta.network");
    }

    /// What the client asks for and the engine may lack: left out then, as the Dockerfile frontend does.
    fn add_options(&mut self, inputs: &Inputs) {
        let options = &inputs.run_options;
        let has = |id| inputs.capabilities.has(id);
        let Some(meta) = &mut self.op.meta else {
            return;
        };
        if meta.proxy_env.is_some() {
            self.capabilities.insert("exec.meta.proxyenv");
        }
        if !options.ulimits.is_empty() && has("exec.meta.ulimit") {
            meta.ulimit = options
                .ulimits
                .iter()
                .map(|(name, soft, hard)| pb::Ulimit {
                    name: name.clone(),
                    soft: *soft,
                    hard: *hard,
                })
                .collect();
            self.capabilities.insert("exec.meta.ulimit");
        }
        if let Some(parent) = &options.cgroup_parent
            && has("exec.meta.cgroup.parent")
        {
            meta.cgroup_parent.clone_from(parent);
            self.capabilities.insert("exec.meta.cgroup.parent");
        }
    }

    /// The root, bind, cache and tmpfs mounts, in the order of their targets, as Go's client marshals them.
    fn add_mounts(
        &mut self,
        root: Option<&Node>,
        mounts: &[Mounted<'_>],
        config: &ContainerConfig,
        inputs: &Inputs,
    ) {
        let mut all = vec![(root.cloned(), bind_mount("/", "/"))];
        for Mounted { mount, node } in mounts {
            let target = |path: &str| absolute(&config.working_dir, path);
            match mount {
                Mount::Bind(bind) => {
                    let mut mounted = bind_mount(&target(&bind.target), &absolute("/", &bind.path));
                    mounted.readonly = !bind.writable;
                    mounted.output = SKIP_OUTPUT;
                    if bind.writable {
                        self.capabilities
                            .insert("exec.mount.bind.readwrite-nooutput");
                    }
                    all.push((node.clone(), mounted));
                }
                Mount::Cache(cache) => {
                    all.push((
                        node.clone(),
                        cache_mount(cache, &target(&cache.target), inputs),
                    ));
                }
                Mount::Tmpfs(tmpfs) => {
                    all.push((None, tmpfs_mount(tmpfs, &target(&tmpfs.target))));
                }
                Mount::Secret(_) | Mount::Ssh(_) => {}
            }
        }
        if let Some(size) = inputs.run_options.shm_size
            && inputs.capabilities.has("exec.mount.tmpfs.size")
        {
            all.push((
                None,
                tmpfs_mount(&crate::tmpfs("/dev/shm").size(size), "/dev/shm"),
            ));
        }
        all.sort_by(|(_, a), (_, b)| a.dest.cmp(&b.dest));
        for (node, mount) in all {
            self.add_mount(node.as_ref(), mount);
        }
    }

    fn add_mount(&mut self, node: Option<&Node>, mut mount: pb::Mount) {
        mount.input = node.map_or(EMPTY, |node| input_index(&mut self.inputs, node));
        if !mount.selector.is_empty() {
            self.capabilities.insert("exec.mount.selector");
        }
        match mount.mount_type() {
            pb::MountType::Cache => {
                self.capabilities
                    .extend(["exec.mount.cache", "exec.mount.cache.sharing"]);
            }
            pb::MountType::Tmpfs => {
                self.capabilities.insert("exec.mount.tmpfs");
                if mount.tmpfs_opt.is_some_and(|tmpfs| tmpfs.size > 0) {
                    self.capabilities.insert("exec.mount.tmpfs.size");
                }
            }
            pb::MountType::Bind if node.is_some() => {
                self.capabilities.insert("exec.mount.bind");
            }
            pb::MountType::Bind | pb::MountType::Secret | pb::MountType::Ssh => {}
        }
        self.op.mounts.push(mount);
    }

    fn add_secrets(&mut self, run: &Run, config: &ContainerConfig) {
        for secret in run.mounts.iter().filter_map(as_secret) {
            self.capabilities.insert("exec.mount.secret");
            if let Some(name) = &secret.env {
                self.capabilities.insert("exec.secretenv");
                self.op.secretenv.push(pb::SecretEnv {
                    id: secret.id.clone(),
                    name: name.clone(),
                    optional: !secret.required,
                });
            }
            let file = match (&secret.target, &secret.env) {
                (Some(target), _) => absolute(&config.working_dir, target),
                (None, None) => {
                    let name = secret.id.rsplit('/').next().unwrap_or(&secret.id);
                    format!("/run/secrets/{name}")
                }
                (None, Some(_)) => continue,
            };
            self.op.mounts.push(secret_mount(secret, file));
        }
    }

    fn add_ssh(&mut self, run: &Run, config: &ContainerConfig) {
        let agents = run.mounts.iter().filter_map(as_ssh);
        for (n, ssh) in agents.enumerate() {
            self.capabilities.insert("exec.mount.ssh");
            let socket = match &ssh.target {
                Some(target) => absolute(&config.working_dir, target),
                None => format!("/run/buildkit/ssh_agent.{n}"),
            };
            if n == 0
                && config.variable("SSH_AUTH_SOCK").is_none()
                && let Some(meta) = &mut self.op.meta
            {
                // Go's client adds it after the stage's own variables, PATH among them.
                meta.env.push(format!("SSH_AUTH_SOCK={socket}"));
            }
            self.op.mounts.push(ssh_mount(ssh, socket));
        }
    }
}

/// The number of the input, which is added when it is new.
pub(super) fn input_index(inputs: &mut Vec<pb::Input>, node: &Node) -> i64 {
    let input = node.input();
    let known = inputs.iter().position(|known| *known == input);
    let index = known.unwrap_or_else(|| {
        inputs.push(input);
        inputs.len() - 1
    });
    i64::try_from(index).unwrap_or(EMPTY)
}

fn as_secret(mount: &Mount) -> Option<&Secret> {
    match mount {
        Mount::Secret(secret) => Some(secret),
        _ => None,
    }
}

fn as_ssh(mount: &Mount) -> Option<&Ssh> {
    match mount {
        Mount::Ssh(ssh) => Some(ssh),
        _ => None,
    }
}

fn bind_mount(target: &str, path: &str) -> pb::Mount {
    pb::Mount {
        dest: target.to_owned(),
        selector: match path {
            "/" => String::new(),
            path => path.to_owned(),
        },
        ..pb::Mount::default()
    }
}

fn cache_mount(cache: &Cache, target: &str, inputs: &Inputs) -> pb::Mount {
    let id = cache.id.clone().unwrap_or_else(|| target.to_owned());
    let sharing = match cache.sharing {
        Sharing::Shared => pb::CacheSharingOpt::Shared,
        Sharing::Private => pb::CacheSharingOpt::Private,
        Sharing::Locked => pb::CacheSharingOpt::Locked,
    };
    pb::Mount {
        dest: target.to_owned(),
        // A cache with an owner or a mode starts from a folder that was made so.
        selector: if cache.starts_from_folder() {
            "/cache".to_owned()
        } else {
            String::new()
        },
        output: SKIP_OUTPUT,
        mount_type: pb::MountType::Cache.into(),
        cache_opt: Some(pb::CacheOpt {
            id: format!("{}/{id}", inputs.cache_namespace),
            sharing: sharing.into(),
        }),
        ..pb::Mount::default()
    }
}

impl Cache {
    /// Whether the cache needs a folder with an owner or a mode to start from.
    pub(super) fn starts_from_folder(&self) -> bool {
        self.owner.is_some() || self.mode.is_some()
    }
}

fn tmpfs_mount(tmpfs: &Tmpfs, target: &str) -> pb::Mount {
    pb::Mount {
        dest: target.to_owned(),
        output: SKIP_OUTPUT,
        mount_type: pb::MountType::Tmpfs.into(),
        tmpfs_opt: Some(pb::TmpfsOpt {
            size: i64::try_from(tmpfs.size.unwrap_or_default()).unwrap_or(i64::MAX),
        }),
        ..pb::Mount::default()
    }
}

fn secret_mount(secret: &Secret, target: String) -> pb::Mount {
    let (uid, gid) = secret.owner.unwrap_or_default();
    pb::Mount {
        input: EMPTY,
        dest: target,
        mount_type: pb::MountType::Secret.into(),
        secret_opt: Some(pb::SecretOpt {
            id: secret.id.clone(),
            uid,
            gid,
            // The default of `RUN --mount=type=secret`.
            mode: secret.mode.unwrap_or(0o400),
            optional: !secret.required,
        }),
        ..pb::Mount::default()
    }
}

fn ssh_mount(ssh: &Ssh, target: String) -> pb::Mount {
    let (uid, gid) = ssh.owner.unwrap_or_default();
    pb::Mount {
        input: EMPTY,
        dest: target,
        mount_type: pb::MountType::Ssh.into(),
        ssh_opt: Some(pb::SshOpt {
            id: ssh.id.clone().unwrap_or_else(|| "default".to_owned()),
            uid,
            gid,
            // The default of `RUN --mount=type=ssh`.
            mode: ssh.mode.unwrap_or(0o600),
            optional: !ssh.required,
        }),
        ..pb::Mount::default()
    }
}

/// What the engine lacks of `needed`.
pub(super) fn lacking<'a>(capabilities: &Capabilities, needed: &BTreeSet<&'a str>) -> Vec<&'a str> {
    needed
        .iter()
        .copied()
        .filter(|id| !capabilities.has(id))
        .collect()
}

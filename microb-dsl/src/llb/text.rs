//! A definition as text for people and snapshots.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use bollard_buildkit_proto::pb;
use pb::file_action::Action;
use prost::Message;

use crate::shell::quote;

/// One op a line, `%N` for the N-th op; what is at its default is not printed.
pub(super) fn render(definition: &pb::Definition) -> String {
    let mut names = BTreeMap::new();
    let mut text = String::new();
    for (n, bytes) in definition.def.iter().enumerate() {
        let digest = super::graph::digest_of(bytes);
        let Ok(op) = pb::Op::decode(&bytes[..]) else {
            // A foreign definition may hold ops that we do not know.
            let _ = writeln!(text, "%{n} = op that cannot be read");
            names.insert(digest, n);
            continue;
        };
        let shown = ShownOp {
            n,
            op: &op,
            names: &names,
            metadata: definition.metadata.get(&digest),
            locations: locations(definition, &digest),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "{shown}");
        names.insert(digest, n);
    }
    text
}

fn locations(definition: &pb::Definition, digest: &str) -> Vec<String> {
    let Some(source) = &definition.source else {
        return Vec::new();
    };
    let locations = source.locations.get(digest).map(|list| &list.locations);
    let shown = |location: &pb::Location| {
        let index = usize::try_from(location.source_index).ok()?;
        let line = location.ranges.first()?.start?.line;
        Some(format!("{}:{line}", source.infos.get(index)?.filename))
    };
    locations.into_iter().flatten().filter_map(shown).collect()
}

struct ShownOp<'a> {
    n: usize,
    op: &'a pb::Op,
    names: &'a BTreeMap<String, usize>,
    metadata: Option<&'a pb::OpMetadata>,
    locations: Vec<String>,
}

impl ShownOp<'_> {
    /// The op that an input names: `%3`, or `%3.1` for its second output.
    fn input(&self, index: i64) -> String {
        let input = usize::try_from(index)
            .ok()
            .and_then(|index| self.op.inputs.get(index));
        let Some(input) = input else {
            return "scratch".to_owned();
        };
        let name = match self.names.get(&input.digest) {
            Some(n) => format!("%{n}"),
            None => input.digest.clone(),
        };
        match input.index {
            0 => name,
            index => format!("{name}.{index}"),
        }
    }

    fn head(&self) -> String {
        let mut words = Vec::new();
        if let Some(platform) = &self.op.platform {
            words.push(
                crate::Platform::new(&platform.os, &platform.architecture, &platform.variant)
                    .to_string(),
            );
        }
        words.extend(self.locations.iter().cloned());
        if self.metadata.is_some_and(|metadata| metadata.ignore_cache) {
            words.push("no-cache".to_owned());
        }
        words.iter().flat_map(|word| ["  ", word]).collect()
    }

    fn exec(&self, f: &mut fmt::Formatter<'_>, exec: &pb::ExecOp) -> fmt::Result {
        let meta = exec.meta.clone().unwrap_or_default();
        let root = exec.mounts.iter().find(|mount| mount.dest == "/");
        let argv: Vec<_> = meta.args.iter().map(|word| quote(word)).collect();
        let base = self.input(root.map_or(-1, |root| root.input));
        writeln!(f, "exec {base}  {}{}", argv.join(" "), self.head())?;
        for (name, value) in [
            ("cwd", &meta.cwd),
            ("user", &meta.user),
            ("hostname", &meta.hostname),
            ("cgroup", &meta.cgroup_parent),
        ] {
            if !value.is_empty() && (name, value.as_str()) != ("cwd", "/") {
                writeln!(f, "       {name} {value}")?;
            }
        }
        for variable in &meta.env {
            writeln!(f, "       env {}", variable.escape_debug())?;
        }
        for host in &meta.extra_hosts {
            writeln!(f, "       host {} {}", host.host, host.ip)?;
        }
        for limit in &meta.ulimit {
            writeln!(
                f,
                "       ulimit {} {}:{}",
                limit.name, limit.soft, limit.hard
            )?;
        }
        if meta.proxy_env.is_some() {
            writeln!(f, "       proxy")?;
        }
        if exec.network() != pb::NetMode::Unset {
            let network = exec.network().as_str_name().to_lowercase();
            writeln!(f, "       network {network}")?;
        }
        if exec.security() != pb::SecurityMode::Sandbox {
            let security = exec.security().as_str_name().to_lowercase();
            writeln!(f, "       security {security}")?;
        }
        for secret in &exec.secretenv {
            let optional = if secret.optional { " optional" } else { "" };
            writeln!(
                f,
                "       env {} secret {}{optional}",
                secret.name, secret.id
            )?;
        }
        for mount in exec.mounts.iter().filter(|mount| mount.dest != "/") {
            writeln!(f, "       mount {}  {}", mount.dest, self.mount(mount))?;
        }
        Ok(())
    }

    fn mount(&self, mount: &pb::Mount) -> String {
        match mount.mount_type() {
            pb::MountType::Bind => {
                let writable = if mount.readonly { "" } else { " rw" };
                format!(
                    "bind {}:/{}{writable}",
                    self.input(mount.input),
                    mount.selector.trim_start_matches('/')
                )
            }
            pb::MountType::Cache => {
                let cache = mount.cache_opt.clone().unwrap_or_default();
                let start = match mount.input {
                    -1 => String::new(),
                    input => format!(" from {}:{}", self.input(input), mount.selector),
                };
                let sharing = cache.sharing().as_str_name().to_lowercase();
                format!("cache {} {sharing}{start}", cache.id)
            }
            pb::MountType::Tmpfs => match mount.tmpfs_opt.map_or(0, |tmpfs| tmpfs.size) {
                0 => "tmpfs".to_owned(),
                size => format!("tmpfs {size} bytes"),
            },
            pb::MountType::Secret => {
                let secret = mount.secret_opt.clone().unwrap_or_default();
                let optional = if secret.optional { " optional" } else { "" };
                format!(
                    "secret {} {:04o} {}:{}{optional}",
                    secret.id, secret.mode, secret.uid, secret.gid
                )
            }
            pb::MountType::Ssh => {
                let ssh = mount.ssh_opt.clone().unwrap_or_default();
                let optional = if ssh.optional { " optional" } else { "" };
                format!(
                    "ssh {} {:04o} {}:{}{optional}",
                    ssh.id, ssh.mode, ssh.uid, ssh.gid
                )
            }
        }
    }

    fn file(&self, f: &mut fmt::Formatter<'_>, file: &pb::FileOp) -> fmt::Result {
        let base = self.input(file.actions.first().map_or(-1, |action| action.input));
        writeln!(f, "file {base}{}", self.head())?;
        for action in &file.actions {
            let source = self.input(action.secondary_input);
            if let Some(action) = &action.action {
                writeln!(f, "       {}", action_text(action, &source))?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ShownOp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(op) = &self.op.op else {
            return writeln!(f, "output {}", self.input(0));
        };
        write!(f, "%{} = ", self.n)?;
        match op {
            pb::op::Op::Source(source) => {
                writeln!(f, "source {}{}", source.identifier, self.head())?;
                for (name, value) in &source.attrs {
                    writeln!(f, "       {name} {value}")?;
                }
                Ok(())
            }
            pb::op::Op::Exec(exec) => self.exec(f, exec),
            pb::op::Op::File(file) => self.file(f, file),
            pb::op::Op::Merge(merge) => {
                let inputs: Vec<_> = merge.inputs.iter().map(|i| self.input(i.input)).collect();
                writeln!(f, "merge {}{}", inputs.join(" "), self.head())
            }
            pb::op::Op::Diff(diff) => {
                let lower = self.input(diff.lower.map_or(-1, |lower| lower.input));
                let upper = self.input(diff.upper.map_or(-1, |upper| upper.input));
                writeln!(f, "diff {lower} {upper}{}", self.head())
            }
            pb::op::Op::Build(_) => writeln!(f, "build {}{}", self.input(0), self.head()),
        }
    }
}

fn action_text(action: &Action, source: &str) -> String {
    match action {
        Action::Copy(copy) => copy_text(copy, source),
        Action::Mkfile(file) => words([
            format!("mkfile {} mode={:04o}", file.path, file.mode),
            owned(file.owner.as_ref()),
            format!("{} bytes", file.data.len()),
            super::graph::digest_of(&file.data)[..19].to_owned(),
        ]),
        Action::Mkdir(folder) => words([
            format!("mkdir {} mode={:04o}", folder.path, folder.mode),
            flag(folder.make_parents, "parents"),
            owned(folder.owner.as_ref()),
        ]),
        Action::Rm(rm) => words([
            format!("rm {}", rm.path),
            flag(rm.allow_not_found, "allow-missing"),
            flag(rm.allow_wildcard, "wildcard"),
        ]),
        Action::Symlink(link) => words([
            format!("symlink {} -> {}", link.newpath, link.oldpath),
            owned(link.owner.as_ref()),
        ]),
    }
}

fn copy_text(copy: &pb::FileActionCopy, source: &str) -> String {
    let mode = match u32::try_from(copy.mode) {
        Ok(mode) => format!("mode={mode:04o}"),
        // -1 leaves the modes as they are.
        Err(_) => String::new(),
    };
    let include = copy.include_patterns.iter().map(|p| format!("include={p}"));
    let exclude = copy.exclude_patterns.iter().map(|p| format!("exclude={p}"));
    let required = copy.required_paths.iter().map(|p| format!("required={p}"));
    let facts = [
        format!("copy {source}:{} -> {}", copy.src, copy.dest),
        owned(copy.owner.as_ref()),
        mode,
        flag(copy.attempt_unpack_docker_compatibility, "unpack"),
        flag(copy.dir_copy_contents, "contents"),
        flag(copy.allow_wildcard, "wildcard"),
        flag(copy.follow_symlink, "follow"),
        flag(copy.create_dest_path, "parents"),
    ];
    words(
        facts
            .into_iter()
            .chain(include)
            .chain(exclude)
            .chain(required),
    )
}

/// The words that are not empty, with spaces between.
fn words(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn flag(is_set: bool, name: &str) -> String {
    if is_set { name } else { "" }.to_owned()
}

fn owned(owner: Option<&pb::ChownOpt>) -> String {
    let shown = |user: Option<&pb::UserOpt>| match user.and_then(|user| user.user.as_ref()) {
        Some(pb::user_opt::User::ById(id)) => id.to_string(),
        Some(pb::user_opt::User::ByName(named)) => named.name.clone(),
        None => String::new(),
    };
    match owner {
        Some(owner) => format!(
            "owner={}:{}",
            shown(owner.user.as_ref()),
            shown(owner.group.as_ref())
        ),
        None => String::new(),
    }
}

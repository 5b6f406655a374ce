//! Tells the build context apart from the flags that are meant for the client.

/// Long flags of `docker build`, `nerdctl build` and `buildctl build` that take the next argument as their value.
///
/// From the help texts of buildx 0.29, docker 28, nerdctl 2 and buildctl 0.25, and our own.
/// All other flags count as switches.
const FLAGS_WITH_VALUE: &[&str] = &[
    "add-host",
    "addr",
    "allow",
    "annotation",
    "attest",
    "build-arg",
    "build-context",
    "builder",
    "buildkit-host",
    "cache-from",
    "cache-to",
    "call",
    "cgroup-parent",
    "cpu-period",
    "cpu-quota",
    "cpu-shares",
    "cpuset-cpus",
    "cpuset-mems",
    "executable",
    "export-cache",
    "file",
    "filename",
    "iidfile",
    "import-cache",
    "isolation",
    "label",
    "local",
    "memory",
    "memory-swap",
    "metadata-file",
    "network",
    "no-cache-filter",
    "oci-layout",
    "opt",
    "output",
    "platform",
    "policy",
    "progress",
    "provenance",
    "ref-file",
    "registry-auth-tlscontext",
    "sbom",
    "secret",
    "security-opt",
    "shm-size",
    "source-policy-file",
    "ssh",
    "tag",
    "target",
    "tlscacert",
    "tlscert",
    "tlsdir",
    "tlskey",
    "tlsservername",
    "trace",
    "ulimit",
    "userns",
];

/// The short flags with a value, and their long names.
const SHORT_FLAGS_WITH_VALUE: &[(char, &str)] = &[
    ('c', "cpu-shares"),
    ('f', "file"),
    ('m', "memory"),
    ('o', "output"),
    ('t', "tag"),
];

/// The arguments of `build`: our own, and the client's as they were written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ClientArguments {
    /// The build context: a folder, a URL, or `-`.
    pub(super) context: Option<String>,
    /// `--file`: the definition file.
    pub(super) file: Option<String>,
    /// `--executable`: the frontend, instead of the running program.
    pub(super) executable: Option<String>,
    /// All other flags, in order.
    pub(super) flags: Vec<Flag>,
}

/// A flag of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag {
    /// The long name, or the letter of a short switch.
    pub(super) name: String,
    /// The value, if the flag takes one.
    pub(super) value: Option<String>,
    /// The arguments as they were written.
    pub(super) written: Vec<String>,
}

impl ClientArguments {
    /// Sorts the arguments. Flags may stand before and after the build context, as `docker build` has it.
    ///
    /// # Errors
    ///
    /// When two arguments could be the build context, or one of our own flags has no value.
    pub(super) fn read(args: Vec<String>) -> Result<Self, String> {
        let mut read = Self::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                args.by_ref().try_for_each(|arg| read.positional(arg))?;
            } else if arg == "-" || !arg.starts_with('-') {
                read.positional(arg)?;
            } else if let Some(long) = long_flag(&arg) {
                let flag = match long.split_once('=') {
                    Some((name, value)) => {
                        Flag::new(name, Some(value.to_owned()), vec![arg.clone()])
                    }
                    None if FLAGS_WITH_VALUE.contains(&long) => {
                        Flag::with_next(long, &arg, &mut args)
                    }
                    None => Flag::new(long, None, vec![arg.clone()]),
                };
                read.flag(flag)?;
            } else {
                read.short_flags(&arg[1..], &mut args)?;
            }
        }
        Ok(read)
    }

    /// The value of the last flag of this name, which is the one that counts.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut flags = self.flags.iter().rev();
        flags.find(|flag| flag.name == name)?.value.as_deref()
    }

    fn positional(&mut self, arg: String) -> Result<(), String> {
        if let Some(first) = &self.context {
            return Err(format!(
                "`{first}` and `{arg}` cannot both be the build context; \
                 if one of them is the value of a flag, write `--flag=value`"
            ));
        }
        self.context = Some(arg);
        Ok(())
    }

    fn flag(&mut self, flag: Flag) -> Result<(), String> {
        let own = match flag.name.as_str() {
            "file" | "filename" => &mut self.file,
            "executable" => &mut self.executable,
            _ => {
                self.flags.push(flag);
                return Ok(());
            }
        };
        if flag.value.as_ref().is_none_or(String::is_empty) {
            return Err(format!("`{}` needs a value", flag.written.concat()));
        }
        *own = flag.value;
        Ok(())
    }

    /// Reads `-q`, `-t x`, `-tx`, `-t=x` and `-qt x`, as the library pflag does.
    fn short_flags(
        &mut self,
        letters: &str,
        rest: &mut impl Iterator<Item = String>,
    ) -> Result<(), String> {
        for (at, letter) in letters.char_indices() {
            let written = format!("-{letter}");
            let known = SHORT_FLAGS_WITH_VALUE
                .iter()
                .find(|(short, _)| *short == letter);
            let Some((_, long)) = known else {
                let name = letter.to_string();
                self.flag(Flag::new(&name, None, vec![written]))?;
                continue;
            };
            let attached = &letters[at + letter.len_utf8()..];
            return self.flag(if attached.is_empty() {
                Flag::with_next(long, &written, rest)
            } else {
                let value = attached.strip_prefix('=').unwrap_or(attached);
                Flag::new(
                    long,
                    Some(value.to_owned()),
                    vec![format!("-{}", &letters[at..])],
                )
            });
        }
        Ok(())
    }
}

impl Flag {
    fn new(name: &str, value: Option<String>, written: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            value,
            written,
        }
    }

    fn with_next(name: &str, written: &str, rest: &mut impl Iterator<Item = String>) -> Self {
        let value = rest.next();
        let written = [written.to_owned()].into_iter().chain(value.clone());
        Self::new(name, value, written.collect())
    }
}

/// The name of a long flag. `-filename` is one too: the original writes it with one dash.
fn long_flag(arg: &str) -> Option<&str> {
    let original = arg.strip_prefix('-').filter(|name| {
        let name = name.split('=').next();
        name == Some("filename")
    });
    arg.strip_prefix("--").or(original)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> Result<ClientArguments, String> {
        ClientArguments::read(input.split_whitespace().map(str::to_owned).collect())
    }

    /// The build context, the definition file, and what is passed on.
    fn check(input: &str, context: Option<&str>, file: Option<&str>, passed: &str) {
        let found = read(input).unwrap();
        let flags: Vec<String> = found
            .flags
            .iter()
            .flat_map(|flag| flag.written.clone())
            .collect();
        assert_eq!(found.context.as_deref(), context, "{input}");
        assert_eq!(found.file.as_deref(), file, "{input}");
        assert_eq!(flags.join(" "), passed, "{input}");
    }

    #[test]
    fn the_context_is_found_between_flags() {
        for (input, context, passed) in [
            ("", None, ""),
            ("app", Some("app"), ""),
            ("-t x:1 app", Some("app"), "-t x:1"),
            ("app -t x:1", Some("app"), "-t x:1"),
            ("-tx:1 app", Some("app"), "-tx:1"),
            ("-t=x:1 app", Some("app"), "-t=x:1"),
            ("-qt x:1 app", Some("app"), "-q -t x:1"),
            (
                "--tag x:1 --no-cache app --push",
                Some("app"),
                "--tag x:1 --no-cache --push",
            ),
            ("--pull app", Some("app"), "--pull"),
            (
                "--build-arg A=1 --build-arg B",
                None,
                "--build-arg A=1 --build-arg B",
            ),
            (
                "--secret id=a,src=b --ssh default .",
                Some("."),
                "--secret id=a,src=b --ssh default",
            ),
            ("--newer=flag .", Some("."), "--newer=flag"),
            ("-D --progress plain -", Some("-"), "-D --progress plain"),
            (
                "--output type=local,dest=out https://x/y.git",
                Some("https://x/y.git"),
                "--output type=local,dest=out",
            ),
            ("--load -- -app", Some("-app"), "--load"),
            (
                "--opt a=b --local c=d .",
                Some("."),
                "--opt a=b --local c=d",
            ),
        ] {
            check(input, context, None, passed);
        }
    }

    #[test]
    fn the_definition_file_has_four_spellings() {
        for input in [
            "-f a.toml .",
            "-fa.toml .",
            "--file a.toml .",
            "--file=a.toml .",
            "--filename a.toml .",
            ". -filename a.toml",
            ". -filename=a.toml",
        ] {
            check(input, Some("."), Some("a.toml"), "");
        }
        check("-qf a.toml .", Some("."), Some("a.toml"), "-q");
    }

    #[test]
    fn two_contexts_are_one_too_many() {
        let error = read("--unknown value app").unwrap_err();
        assert!(
            error.starts_with("`value` and `app` cannot both"),
            "{error}"
        );
    }

    #[test]
    fn a_flag_of_ours_without_a_value_is_told() {
        assert_eq!(read(". -f").unwrap_err(), "`-f` needs a value");
        assert_eq!(
            read(". --executable=").unwrap_err(),
            "`--executable=` needs a value"
        );
    }

    #[test]
    fn the_last_of_two_values_counts() {
        let found = read("--builder a --builder=b").unwrap();
        assert_eq!(found.value("builder"), Some("b"));
        assert_eq!(found.value("target"), None);
    }
}

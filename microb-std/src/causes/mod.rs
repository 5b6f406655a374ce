//! Why packages were not installed: told at the place of the requirement or the package that is the cause.
//!
//! A program that fails leaves nothing but its exit code. So it runs again, after a build has failed because of it, and what it
//! says is read. Words that are not known are left to the user, who finds them in the build's progress.

mod distribution;
mod pip;
mod uv;

use microb::prelude::*;
use microb::step::Run;
use microb::{Inspection, Judgment, Span};

use crate::config::Installer;
use crate::requirement::normalized;
use crate::tree::escape;

pub(crate) use distribution::look as of_packages;

/// Where [`AGAIN_PY`] is.
const SCRIPT: &str = "/requirements/again.py";

/// Runs a command again and writes down what it says.
const AGAIN_PY: &str = include_str!("again.py");

/// Where it is written down.
const SAID: &str = "/requirements/said.txt";

/// What progress shows.
const LOOKING: &str = "look for the cause";

/// What is to be installed, by its name in PEP 503's normal form, and where the user asks for it.
pub(crate) type Wanted = (String, Span);

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cause {
    /// The packages that it is about, the likeliest first: the first of them that the user asks for is the place.
    names: Vec<String>,
    message: String,
    help: &'static str,
}

impl Cause {
    fn new(
        names: impl IntoIterator<Item = impl AsRef<str>>,
        message: &str,
        help: &'static str,
    ) -> Self {
        let names = names.into_iter().map(|name| normalized(name.as_ref()));
        Self {
            names: names.collect(),
            message: escape(message),
            help,
        }
    }

    fn told(self, wanted: &[Wanted]) -> Diagnostic {
        let of = |name: &String| wanted.iter().find(|(wanted, _)| wanted == name);
        let error = Diagnostic::error(self.message).help(self.help);
        match self.names.iter().find_map(of) {
            Some((_, place)) => error.at(place),
            None => error,
        }
    }
}

const CORRECT_NAME: &str = "correct the name, or add the index that has it to `indices`";
const CORRECT_VERSION: &str = "correct the version, or lock again if a lock has it";
const EXCLUDED: &str = "change one of them";
const HASH: &str = "find out who changed the file; if it is the right one, lock again";
const NOT_BUILT: &str = "read above why; list what it is compiled with in `build_deps`, or choose a version that has a wheel";
const NOT_FETCHED: &str = "check the URL, and the login or the key that it wants";
const NOT_REACHED: &str = "read above why; check the network, a proxy, and the URL of the index";
const NOT_TRUSTED: &str = "list the certificate of its authority in `certificates`";
const NO_FILE: &str = "correct the name, choose another version or `python_version`, or add the index that has it to `indices`";
const NO_WHEEL: &str = "choose another version or `python_version`, or list in `build_deps` what its source is compiled with";
const OTHER_PYTHON: &str =
    "choose another `python_version`, or a version of the package that allows this one";

fn excluded(reason: &str) -> String {
    format!("these requirements exclude each other: {reason}")
}

fn not_built(pinned: &str) -> String {
    format!("`{pinned}` was not built from its source")
}

fn another_hash(pinned: &str, computed: &str) -> String {
    format!("`{pinned}` has another hash than it should have: sha256:{computed}")
}

fn not_fetched(name: &str, why: &str) -> String {
    format!("`{name}` was not fetched: {why}")
}

fn not_answered(name: &str, why: &str) -> Cause {
    let message = format!("the index has not answered for `{name}`: {why}");
    Cause::new([name], &message, NOT_REACHED)
}

/// What a certificate of an authority that nobody knows is called by rustls, OpenSSL and `GnuTLS`. One that has expired, or is
/// of another name, is not mended with an authority.
const UNKNOWN_ISSUER: [&str; 6] = [
    "UnknownIssuer",
    "unable to get local issuer certificate",
    "self-signed certificate",
    // Until OpenSSL 3.
    "self signed certificate",
    "certificate signer not trusted",
    // Older versions of GnuTLS do not say why.
    "server certificate verification failed",
];

/// The cause, if it is that the authority of a server's certificate is not known.
fn not_trusted(names: &[&str], url: &str, why: &str) -> Option<Cause> {
    let is_unknown = UNKNOWN_ISSUER.iter().any(|said| why.contains(said));
    let message = format!("`{url}` has a certificate that nobody vouches for");
    is_unknown.then(|| Cause::new(names, &message, NOT_TRUSTED))
}

/// The project whose page of an index, or whose file, a URL is.
fn project_of(url: &str) -> &str {
    let url = url.trim_end_matches('/');
    let last = url.rsplit('/').next().unwrap_or(url);
    // PEP 427: a name of a wheel has no dash in it.
    let wheel = || last.strip_suffix(".whl")?.split_once('-');
    let source = || last.strip_suffix(".tar.gz")?.rsplit_once('-');
    wheel().or_else(source).map_or(last, |(name, _)| name)
}

/// A look at what an installer says when it runs once more. `words` before its own make it say so.
pub(crate) fn of_installer(
    installer: Installer,
    python: &str,
    wanted: &[Wanted],
    running: impl FnOnce(Vec<String>) -> Run,
) -> Inspection {
    let wanted = wanted.to_vec();
    look(python, running, move |report| {
        judge(installer, report, &wanted)
    })
}

/// The same for pip that fetches uv. Only of a certificate more can be said than without a look.
pub(crate) fn of_fetching_uv(
    python: &str,
    place: Option<&Span>,
    running: impl FnOnce(Vec<String>) -> Run,
) -> Inspection {
    let wanted: Vec<Wanted> = place
        .map(|place| ("uv".to_owned(), place.clone()))
        .into_iter()
        .collect();
    look(python, running, move |report| {
        let causes = pip::causes(report).into_iter();
        let told = causes.filter(|cause| cause.help == NOT_TRUSTED);
        told.map(|cause| cause.told(&wanted)).collect()
    })
}

fn look(
    python: &str,
    running: impl FnOnce(Vec<String>) -> Run,
    judge: impl Fn(&str) -> Vec<Diagnostic> + Send + Sync + 'static,
) -> Inspection {
    let before = [python, SCRIPT, SAID].map(str::to_owned).to_vec();
    let steps = (mkfile(SCRIPT, AGAIN_PY), running(before).called(LOOKING));
    Inspection::new(steps, SAID, move |report| {
        Judgment::Findings(judge(&String::from_utf8_lossy(report)))
    })
}

/// What the report means: the exit code in its first line, and below it what was said.
fn judge(installer: Installer, report: &str, wanted: &[Wanted]) -> Vec<Diagnostic> {
    let (code, said) = report.split_once('\n').unwrap_or((report, ""));
    if code == "0" {
        let error = "the packages were not installed, but they were when it was tried again";
        return vec![
            Diagnostic::error(error)
                .help("build again; read above what went wrong, which may be the network"),
        ];
    }
    let causes = match installer {
        Installer::Uv => uv::causes(said),
        Installer::Pip => pip::causes(said),
    };
    causes.into_iter().map(|cause| cause.told(wanted)).collect()
}

/// The text between two others, of which the first may not be there.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(start)?;
    Some(after.split_once(end).map_or(after, |(inside, _)| inside))
}

/// The name that a requirement begins with.
fn name_of(requirement: &str) -> &str {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = requirement.find(|c| !is_of_name(c));
    &requirement[..end.unwrap_or(requirement.len())]
}

#[cfg(test)]
mod tests {
    use microb::SourceFile;

    use super::*;

    /// What an installer of this machine said, and what it means to somebody who asks for these packages: `NAME: message`.
    #[track_caller]
    fn check(installer: Installer, said: &str, wanted: &[&str], expected: &str) {
        let file = SourceFile::new("pyproject.toml", wanted.join("\n"));
        let of = |name: &&str| (normalized(name_of(name)), file.find(name).unwrap());
        let wanted: Vec<Wanted> = wanted.iter().map(of).collect();
        let found = judge(installer, &format!("1\n{said}"), &wanted);
        let lines = found.iter().map(|found| {
            let place = found.span.as_ref().map_or("", Span::text);
            format!("{place}: {}", found.message)
        });
        assert_eq!(lines.collect::<Vec<_>>().join("\n"), expected);
    }

    macro_rules! said {
        ($($test:ident: $name:literal of $wanted:expr => $uv:expr, $pip:expr;)*) => {$(
            #[test]
            fn $test() {
                let uv = include_str!(concat!("../../tests/said/", $name, ".uv"));
                check(Installer::Uv, uv, &$wanted, $uv);
                let pip = include_str!(concat!("../../tests/said/", $name, ".pip"));
                check(Installer::Pip, pip, &$wanted, $pip);
            }
        )*};
    }

    said! {
        a_name_that_no_index_has: "absent" of ["idna", "no-such-package-of-microb"] =>
            "no-such-package-of-microb: no index has `no-such-package-of-microb`",
            "no-such-package-of-microb: no index has a file of `no-such-package-of-microb` for this Python and platform";
        an_index_that_is_not_there: "unreachable" of ["newpy", "idna"] =>
            "idna: the index has not answered for `idna`: Connection refused (os error 111)",
            "newpy: the index has not answered for `newpy`: [Errno 111] Connection refused";
        another_python_that_is_needed: "python" of ["newpy>=1"] =>
            "newpy>=1: `newpy==1.0` needs Python>=3.14, and the image has 3.11.7",
            "newpy>=1: `newpy>=1` has no version for this Python: 1.0 needs Python>=3.14";
        another_platform_that_is_needed: "platform" of ["winonly"] =>
            "winonly: `winonly==1.0` has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`)",
            "winonly: no index has a file of `winonly` for this Python and platform";
        what_a_dependency_needs_and_nobody_has: "needs-absent" of ["idna", "needsabsent"] =>
            "needsabsent: no index has `there-is-no-such-thing-q`",
            "needsabsent: no index has a file of `there-is-no-such-thing-q` for this Python and platform";
        what_dependencies_need_and_exclude: "both-need" of ["idna", "ff"] =>
            "ff: these requirements exclude each other: all versions of ff depend on ee==2 and all versions of dd depend on ee==1, \
             we can conclude that all versions of dd and all versions of ff are incompatible. And because you require dd and ff",
            "ff: these requirements exclude each other: dd 1.0 depends on ee==1, ff 1.0 depends on ee==2";
        a_version_that_there_is_not: "version" of ["idna==0.0.0.1"] =>
            "idna==0.0.0.1: there is no version of `idna==0.0.0.1`",
            "idna==0.0.0.1: there is no version of `idna==0.0.0.1`: the newest are 3.18, 3.19, 3.20";
        versions_that_are_too_new: "range" of ["idna>=4"] =>
            "idna>=4: only `idna<=3.20` is available",
            "idna>=4: there is no version of `idna>=4`: the newest are 3.18, 3.19, 3.20";
        wheels_for_other_platforms: "wheelonly" of ["tensorflow-intel==2.18.0"] =>
            "tensorflow-intel==2.18.0: `tensorflow-intel==2.18.0` has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`)",
            "tensorflow-intel==2.18.0: there is no version of `tensorflow-intel==2.18.0`: the newest are 0.0.1";
        what_excludes_each_other: "conflict" of ["requests>=2.32", "idna<3", "idna>=3.7"] =>
            "idna<3: these requirements exclude each other: you require idna<3 and idna>=3.7",
            "idna<3: these requirements exclude each other: you require idna<3, you require idna>=3.7";
        what_others_exclude: "transitive" of ["urllib3==1.26.20", "requests==2.32.3", "charset-normalizer<2"] =>
            "requests==2.32.3: these requirements exclude each other: requests==2.32.3 depends on charset-normalizer>=2,<4 and you require \
             requests==2.32.3, we can conclude that you require charset-normalizer>=2,<4. And because you require charset-normalizer<2",
            "charset-normalizer<2: these requirements exclude each other: you require charset-normalizer<2, requests 2.32.3 depends on \
             charset-normalizer<4 and >=2";
        a_file_that_was_changed: "hash" of ["idna==3.10"] =>
            "idna==3.10: `idna==3.10` has another hash than it should have: sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3",
            "idna==3.10: `idna==3.10` has another hash than it should have: sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3";
        a_source_that_does_not_compile: "build" of ["mysqlclient==2.2.7"] =>
            "mysqlclient==2.2.7: `mysqlclient==2.2.7` was not built from its source",
            "mysqlclient==2.2.7: `mysqlclient` was not built from its source";
        an_index_that_nobody_vouches_for: "certificate" of ["pre", "idna"] =>
            "pre: `https://localhost:8932/simple/pre/` has a certificate that nobody vouches for",
            "pre: `https://localhost:8932/simple/pre/` has a certificate that nobody vouches for";
        a_file_that_nobody_vouches_for: "certificate-file" of ["idna", "tools"] =>
            "tools: `https://localhost:8932/tools-1.0-py3-none-any.whl` has a certificate that nobody vouches for",
            "tools: `https://localhost:8932/tools-1.0-py3-none-any.whl` has a certificate that nobody vouches for";
        a_url_that_nobody_vouches_for: "certificate-url" of ["tools @ https://localhost:8932/tools-1.0-py3-none-any.whl"] =>
            "tools @ https://localhost:8932/tools-1.0-py3-none-any.whl: \
             `https://localhost:8932/tools-1.0-py3-none-any.whl` has a certificate that nobody vouches for",
            "tools @ https://localhost:8932/tools-1.0-py3-none-any.whl: \
             `https://localhost:8932/tools-1.0-py3-none-any.whl` has a certificate that nobody vouches for";
        a_repository_that_nobody_vouches_for: "certificate-git" of ["tools @ git+https://localhost:8932/tools.git"] =>
            "tools @ git+https://localhost:8932/tools.git: `https://localhost:8932/tools.git/` has a certificate that nobody vouches for",
            "tools @ git+https://localhost:8932/tools.git: `https://localhost:8932/tools.git/` has a certificate that nobody vouches for";
        a_certificate_of_another_name: "certificate-name" of ["pre"] =>
            "pre: the index has not answered for `pre`: invalid peer certificate: certificate not valid for name \"localhost\"; certificate is only valid for DnsName(\"other\")",
            "pre: the index has not answered for `pre`: There was a problem confirming the ssl certificate: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: \
             Hostname mismatch, certificate is not valid for 'localhost'. (_ssl.c:1006)";
        a_repository_that_is_not_there: "git" of ["tools @ git+http://127.0.0.1:1/tools.git"] =>
            "tools @ git+http://127.0.0.1:1/tools.git: `tools` was not fetched: unable to access 'http://127.0.0.1:1/tools.git/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
            "tools @ git+http://127.0.0.1:1/tools.git: `tools` was not fetched: unable to access 'http://127.0.0.1:1/tools.git/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server";
    }

    #[test]
    fn a_file_that_is_not_there() {
        let url = "tools @ http://127.0.0.1:1/tools-1.0-py3-none-any.whl";
        let why = "`tools` was not fetched: Connection refused (os error 111)";
        let said = include_str!("../../tests/said/url.uv");
        check(Installer::Uv, said, &[url], &format!("{url}: {why}"));
    }

    /// What one installer, or an old one, says in another way.
    #[test]
    fn other_words_mean_the_same() {
        let no_wheels = "has no wheels with a matching";
        let untrusted = "has a certificate that nobody vouches for";
        for (installer, said, wanted, expected) in [
            (
                Installer::Pip,
                include_str!("../../tests/said/certificate.pip-26"),
                "pre",
                format!("`https://localhost:8932/simple/pre/` {untrusted}"),
            ),
            (
                Installer::Pip,
                include_str!("../../tests/said/certificate-url.pip-23"),
                "tools",
                format!("`https://localhost:8932/tools-1.0-py3-none-any.whl` {untrusted}"),
            ),
            (
                Installer::Pip,
                include_str!("../../tests/said/certificate-git.pip-23"),
                "tools",
                format!("`https://localhost:8932/tools.git/` {untrusted}"),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/certificate-url.uv-0.5"),
                "tools",
                format!("`https://localhost:8932/tools-1.0-py3-none-any.whl` {untrusted}"),
            ),
            (
                Installer::Pip,
                include_str!("../../tests/said/unreachable.pip-21"),
                "newpy",
                "the index has not answered for `newpy`: [Errno 111] Connection refused".to_owned(),
            ),
            (
                Installer::Pip,
                include_str!("../../tests/said/needs-version.pip"),
                "aa",
                "there is no version of `bb>=2`: the newest are 1.0".to_owned(),
            ),
            (
                Installer::Pip,
                include_str!("../../tests/said/needs-absent.pip-21"),
                "needsabsent",
                "no index has a file of `there-is-no-such-thing-q` for this Python and platform"
                    .to_owned(),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/unreachable.uv-0.5"),
                "idna",
                "the index has not answered for `idna`: Connection refused (os error 111)"
                    .to_owned(),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/python.uv-0.5"),
                "newpy",
                "`newpy==1.0` needs Python>=3.14, and the image has 3.11.7".to_owned(),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/platform.uv-0.5"),
                "winonly",
                format!("`winonly==1.0` {no_wheels} platform tag"),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/abi.uv"),
                "tensorflow==2.16.1",
                format!("`tensorflow==2.16.1` {no_wheels} Python ABI tag (e.g., `cp313`)"),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/unusable.uv-0.5"),
                "scipy==1.9.1",
                "`scipy==1.9.1` has no usable wheels".to_owned(),
            ),
            (
                Installer::Uv,
                include_str!("../../tests/said/build.uv-0.5"),
                "mysqlclient==2.2.7",
                "`mysqlclient==2.2.7` was not built from its source".to_owned(),
            ),
        ] {
            check(
                installer,
                said,
                &["other<1", wanted],
                &format!("{wanted}: {expected}"),
            );
        }
    }

    /// What git says on Debian 12, 13 and later, and on Alpine.
    #[test]
    fn git_says_in_many_words_that_nobody_vouches_for_a_certificate() {
        let path = "/etc/ssl/certs/ca-certificates.crt CRLfile: none";
        for why in [
            format!("server certificate verification failed. CAfile: {path}"),
            format!("server verification failed: certificate signer not trusted. (CAfile: {path})"),
            format!(
                "SSL certificate verification failed: certificate signer not trusted. (CAfile: {path})"
            ),
            "SSL certificate OpenSSL verify result: unable to get local issuer certificate (20)"
                .to_owned(),
        ] {
            assert!(
                not_trusted(&["tools"], "https://localhost:8932/tools.git/", &why).is_some(),
                "{why}"
            );
        }
    }

    #[test]
    fn a_version_that_wants_another_python_is_one_that_was_asked_for() {
        let said = "ERROR: Ignored the following versions that require a different python version: 2.2.9 Requires-Python >=3.12; \
                    2.3.0 Requires-Python >=3.11\n\
                    ERROR: Could not find a version that satisfies the requirement REQUIREMENT (from versions: 2.0.0, 2.2.6)\n\
                    ERROR: No matching distribution found for REQUIREMENT\n";
        for (wanted, expected) in [
            (
                "numpy==2.3.0",
                "`numpy==2.3.0` has no version for this Python: 2.3.0 needs Python>=3.11",
            ),
            (
                "numpy==2.4.0",
                "there is no version of `numpy==2.4.0`: the newest are 2.0.0, 2.2.6",
            ),
        ] {
            let said = said.replace("REQUIREMENT", wanted);
            check(
                Installer::Pip,
                &said,
                &[wanted],
                &format!("{wanted}: {expected}"),
            );
        }
    }

    #[test]
    fn a_warning_about_another_package_is_no_cause() {
        let said = "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by \
                    'NewConnectionError('<x>: [Errno 111] Connection refused')': /simple/other/\n\
                    ERROR: Could not find a version that satisfies the requirement idna (from versions: none)\n\
                    ERROR: No matching distribution found for idna\n";
        let expected = "idna: no index has a file of `idna` for this Python and platform";
        check(Installer::Pip, said, &["idna"], expected);
    }

    #[test]
    fn what_the_user_did_not_ask_for_is_told_at_what_needs_it() {
        let said = "error: No solution found when resolving dependencies\n  cause: Because nowhere was not found in the package registry \
                    and tools==1.0 depends on nowhere, we can conclude that tools==1.0 cannot be used.\n         And because only tools==1.0 is \
                    available and you require tools, we can conclude that your requirements are unsatisfiable.\n";
        check(
            Installer::Uv,
            said,
            &["idna", "tools"],
            "tools: no index has `nowhere`",
        );
    }

    #[test]
    fn what_is_not_known_is_left_and_what_works_again_is_told() {
        for installer in [Installer::Uv, Installer::Pip] {
            check(installer, "error: the sky fell\n", &["idna"], "");
            let again = judge(installer, "0\nInstalled 1 package\n", &[]);
            assert!(
                again[0].message.ends_with("when it was tried again"),
                "{again:?}"
            );
            assert_eq!(judge(installer, "", &[]), []);
        }
    }
}

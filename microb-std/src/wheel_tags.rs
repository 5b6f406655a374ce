//! For which interpreters and platforms a wheel is, by the tags at the end of its name.
//!
//! <https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/>

use crate::config::Flavor;

/// Where a wheel is to be installed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The second part of `CPython`'s version: 14 in 3.14.
    pub(crate) minor: u32,
    /// Which C library there is.
    pub(crate) flavor: Flavor,
    /// The processor as wheels call it, `x86_64` for instance; `None` for whichever there is.
    pub(crate) machine: Option<&'a str>,
}

impl Target<'_> {
    /// Whether it takes the wheel of this name, which has no `.whl` at its end. How new the C library is does not count.
    pub(crate) fn takes(&self, wheel: &str) -> bool {
        let mut tags = wheel.rsplit('-');
        let (Some(platforms), Some(abis), Some(pythons)) = (tags.next(), tags.next(), tags.next())
        else {
            return true;
        };
        platforms.split('.').any(|platform| self.is_on(platform))
            && pythons.split('.').any(|python| self.runs(python, abis))
            && abis.split('.').any(|abi| self.has_abi(abi))
    }

    fn is_on(&self, platform: &str) -> bool {
        let library = match self.flavor {
            Flavor::Alpine => "musllinux_",
            Flavor::Debian => "manylinux",
        };
        let is_for = |machine: &str| platform.ends_with(machine);
        let is_linux = platform.starts_with(library) || platform.starts_with("linux_");
        platform == "any" || is_linux && self.machine.is_none_or(is_for)
    }

    fn runs(&self, python: &str, abis: &str) -> bool {
        let version = |prefix: &str| python.strip_prefix(prefix)?.parse().ok();
        let is_older = |version: u32| version <= self.minor;
        if abis == "abi3" {
            return version("cp3").is_some_and(is_older);
        }
        let is_own = version("cp3") == Some(self.minor);
        is_own || python == "py3" || version("py3").is_some_and(is_older)
    }

    fn has_abi(&self, abi: &str) -> bool {
        abi == "none" || abi == "abi3" || abi == format!("cp3{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers are those of `packaging.tags` for `CPython` 3.13 on `x86_64`.
    #[test]
    fn a_wheel_is_for_an_interpreter_a_library_and_a_machine() {
        let target = |flavor| Target {
            minor: 13,
            flavor,
            machine: Some("x86_64"),
        };
        for (wheel, alpine, debian) in [
            ("idna-3.11-py3-none-any", true, true),
            ("six-1.17.0-py2.py3-none-any", true, true),
            ("a-1-py37-none-any", true, true),
            ("a-1-py314-none-any", false, false),
            ("a-1-cp312-none-any", false, false),
            ("numpy-2.3.5-cp313-cp313-musllinux_1_2_x86_64", true, false),
            (
                "numpy-2.3.5-cp313-cp313-musllinux_1_2_aarch64",
                false,
                false,
            ),
            ("numpy-2.3.5-cp312-cp312-musllinux_1_2_x86_64", false, false),
            (
                "numpy-2.3.5-cp313-cp313t-musllinux_1_2_x86_64",
                false,
                false,
            ),
            (
                "numpy-2.3.5-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64",
                false,
                true,
            ),
            ("numpy-2.3.5-cp312-cp312-manylinux2014_x86_64", false, false),
            (
                "numpy-2.3.5-cp313-cp313-manylinux2014_aarch64",
                false,
                false,
            ),
            ("own-1-cp313-cp313-linux_x86_64", true, true),
            (
                "cryptography-46.0.3-cp311-abi3-musllinux_1_2_x86_64",
                true,
                false,
            ),
            (
                "cryptography-46.0.3-cp311-abi3-manylinux_2_34_x86_64",
                false,
                true,
            ),
            (
                "cryptography-46.0.3-cp314-abi3-musllinux_1_2_x86_64",
                false,
                false,
            ),
            ("ruff-0.14.6-py3-none-musllinux_1_2_x86_64", true, false),
            ("pywin32-311-cp313-cp313-win_amd64", false, false),
        ] {
            assert_eq!(target(Flavor::Alpine).takes(wheel), alpine, "{wheel}");
            assert_eq!(target(Flavor::Debian).takes(wheel), debian, "{wheel}");
        }
    }
}

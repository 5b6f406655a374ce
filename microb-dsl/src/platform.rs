//! Operating system and processor of an image, as the OCI names them.

use std::fmt;
use std::str::FromStr;

use crate::grammar::Mistake;

/// What an image runs on, for instance `linux/arm/v7`, in the normal form of containerd's `platforms`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Platform {
    /// The operating system as Go's `GOOS` names it: `linux`.
    pub os: String,
    /// The processor as Go's `GOARCH` names it: `amd64`, `arm64`, `arm`, `386` …
    pub architecture: String,
    /// The processor's variant, `v6` or `v7` for `arm`; empty where the architecture has one only.
    pub variant: String,
}

impl Platform {
    /// A platform from its three parts, brought into the normal form.
    ///
    /// The rules are those of `github.com/containerd/platforms`, `database.go`.
    pub fn new(os: &str, architecture: &str, variant: &str) -> Self {
        let (architecture, variant) = match (architecture, variant) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "" | "v1") => ("amd64", ""),
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("aarch64" | "arm64", "" | "8" | "v8") => ("arm64", ""),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            other => other,
        };
        Self {
            os: match os {
                "macos" => "darwin",
                os => os,
            }
            .to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        }
    }

    /// The platform that this program was compiled for, with the system `linux`.
    pub fn host() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86" => "386",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self::new("linux", architecture, "")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_str() {
            "" => Ok(()),
            variant => write!(f, "/{variant}"),
        }
    }
}

impl FromStr for Platform {
    type Err = Mistake;

    /// Reads `OS/ARCHITECTURE[/VARIANT]`.
    fn from_str(text: &str) -> Result<Self, Mistake> {
        let wrong = || {
            let message = format!("`{text}` is no platform");
            Mistake::new(message, 0..text.len()).help("write for instance `linux/arm64`")
        };
        let parts: Vec<&str> = text.split('/').collect();
        let ok = |part: &&str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let lower = text.to_ascii_lowercase();
        if !parts.iter().all(ok) || lower != text {
            return Err(wrong());
        }
        match parts[..] {
            [os, architecture] => Ok(Self::new(os, architecture, "")),
            [os, architecture, variant] => Ok(Self::new(os, architecture, variant)),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_one_normal_form() {
        for (written, normal) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/x86_64", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/arm/v6", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
            ("linux/riscv64", "linux/riscv64"),
        ] {
            assert_eq!(written.parse::<Platform>().unwrap().to_string(), normal);
            assert_eq!(normal.parse::<Platform>().unwrap().to_string(), normal);
        }
        for wrong in [
            "",
            "linux",
            "linux/",
            "a/b/c/d",
            "linux/amd64 ",
            "Linux/amd64",
        ] {
            assert!(wrong.parse::<Platform>().is_err(), "{wrong}");
        }
    }
}

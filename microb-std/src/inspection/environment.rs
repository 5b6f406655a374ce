//! Environment markers, for an interpreter of which everything is known.

use std::str::FromStr;

use microb::grammar::marker::{Marker, Operand, marker};
use pep440_rs::{Version, VersionSpecifier};

use super::report::Report;
use crate::lock::mirrored;

/// Whether a marker holds in the image, without any extra; `None` for one that cannot be read.
pub(super) fn holds(text: &str, report: &Report) -> Option<bool> {
    Some(evaluate(&marker(text).ok()?, report))
}

fn evaluate(marker: &Marker<'_>, report: &Report) -> bool {
    match marker {
        Marker::And(all) => all.iter().all(|one| evaluate(one, report)),
        Marker::Or(any) => any.iter().any(|one| evaluate(one, report)),
        Marker::Compare {
            left,
            operator,
            right,
        } => compare(*left, operator, *right, report),
    }
}

fn compare(left: Operand<'_>, operator: &str, right: Operand<'_>, report: &Report) -> bool {
    let value = |operand: Operand<'_>| match operand {
        Operand::Text(text) => text.to_owned(),
        Operand::Variable(name) => report.marker(name).to_owned(),
    };
    let (left_value, right_value) = (value(left), value(right));
    match operator {
        "in" => return right_value.contains(&left_value),
        "not in" => return !right_value.contains(&left_value),
        _ => {}
    }
    let by_version = match (left, right) {
        (Operand::Variable(name), Operand::Text(_)) if is_version(name) => {
            versions(&left_value, operator, &right_value)
        }
        (Operand::Text(_), Operand::Variable(name)) if is_version(name) => {
            mirrored(operator).and_then(|operator| versions(&right_value, operator, &left_value))
        }
        _ => None,
    };
    by_version.unwrap_or_else(|| match operator {
        "==" | "===" => left_value == right_value,
        "!=" => left_value != right_value,
        "<" => left_value < right_value,
        "<=" => left_value <= right_value,
        ">" => left_value > right_value,
        ">=" => left_value >= right_value,
        _ => false,
    })
}

fn is_version(name: &str) -> bool {
    [
        "python_version",
        "python_full_version",
        "implementation_version",
    ]
    .contains(&name)
}

/// `None` if one of them is no version.
fn versions(version: &str, operator: &str, wanted: &str) -> Option<bool> {
    let specifier = VersionSpecifier::from_str(&format!("{operator}{wanted}")).ok()?;
    Some(specifier.contains(&Version::from_str(version).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers are those of `packaging.markers` for this environment.
    #[test]
    fn markers_mean_what_packaging_says() {
        let report = Report::read(
            b"marker\tpython_version\t3.12\nmarker\tpython_full_version\t3.12.4\nmarker\tsys_platform\tlinux\n\
              marker\tplatform_machine\tx86_64\nmarker\timplementation_name\tcpython\nmarker\tplatform_release\t6.1.0-9\n",
        );
        for (text, expected) in [
            ("python_version >= '3.9'", true),
            ("python_version < '3.10'", false),
            ("'3.10' <= python_version", true),
            ("python_full_version < '3.12.5'", true),
            ("python_version == '3.12.*'", true),
            (
                "sys_platform == 'win32' or platform_machine == 'x86_64'",
                true,
            ),
            (
                "sys_platform == 'win32' and platform_machine == 'x86_64'",
                false,
            ),
            ("platform_machine in 'x86_64 aarch64'", true),
            ("'linux' not in sys_platform", false),
            ("extra == 'dev'", false),
            ("platform_release >= '5'", true),
        ] {
            assert_eq!(holds(text, &report), Some(expected), "{text}");
        }
        assert_eq!(holds("python_version >", &report), None);
    }
}

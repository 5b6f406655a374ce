//! Files that say the version of each tool that a project is worked on with: asdf's `.tool-versions`, and mise's `mise.toml`.

use microb::{Context, SourceFile, Spanned};

use crate::mistake::Findings;
use crate::project_dir::within;
use crate::text;
use crate::tree::{self, Table};

/// Of two in one folder, mise takes what the first says: <https://mise.jdx.dev/configuration.html>.
pub(crate) const NAMES: [&str; 3] = ["mise.toml", ".mise.toml", ASDF];

/// <https://asdf-vm.com/manage/configuration.html>
const ASDF: &str = ".tool-versions";

/// Whether a file is one of these.
pub(crate) fn is_one(file: &SourceFile) -> bool {
    let name = file.name().rsplit('/').next();
    name.is_some_and(|name| NAMES.contains(&name))
}

/// What the files in the project's folder say of a tool, and then those in the root of the build context: versions, and
/// words such as `latest` or `system`.
pub(crate) fn of(
    tool: &str,
    cx: &dyn Context,
    project_dir: &str,
    findings: &Findings,
) -> Vec<Spanned<String>> {
    let mut folders = vec![project_dir, ""];
    folders.dedup();
    let paths = folders
        .into_iter()
        .flat_map(|folder| NAMES.map(|name| within(folder, name)));
    paths
        .filter_map(|path| findings.keep(text::read(cx, &path))?)
        .flat_map(|file| {
            if file.name().ends_with(ASDF) {
                of_asdf(tool, &file)
            } else {
                of_mise(tool, &file, findings)
            }
        })
        .collect()
}

/// The words of the tool's line, as in `python 3.14.1 system # why`.
fn of_asdf(tool: &str, file: &SourceFile) -> Vec<Spanned<String>> {
    let of_tool = |line: &Spanned<&str>| line.value.split_whitespace().next() == Some(tool);
    let Some(line) = text::lines(file).find(of_tool) else {
        return Vec::new();
    };
    let before_comment = line.value.split('#').next().unwrap_or_default();
    let words = before_comment.split_whitespace().skip(1);
    words
        .map(|word| {
            let at = word.as_ptr() as usize - line.value.as_ptr() as usize;
            Spanned::new(word.to_owned(), line.span.sub(at..at + word.len()))
        })
        .collect()
}

/// `[tools]` has a version, a list of them, or a table with `version` and options.
fn of_mise(tool: &str, file: &SourceFile, findings: &Findings) -> Vec<Spanned<String>> {
    let Some(tree) = tree::parse(file, findings) else {
        return Vec::new();
    };
    let root = Table::root(&tree, file, findings);
    let Some(tools) = root.table_if_any("tools") else {
        return Vec::new();
    };
    let in_table = || tools.table_if_any(tool)?.string_if_any("version");
    let one = tools.string_if_any(tool).or_else(in_table);
    one.map_or_else(|| tools.strings_if_any(tool), |one| vec![one])
}

#[cfg(test)]
mod tests {
    use microb::MemoryContext;

    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let cx = MemoryContext::new("");
        let cx = files
            .iter()
            .fold(cx, |cx, (path, text)| cx.file(*path, *text));
        let findings = Findings::default();
        let words = of("uv", &cx, "services/api", &findings);
        for word in &words {
            assert!(word.span.text().contains(&word.value), "{word:?}");
        }
        let words: Vec<_> = words.iter().map(|word| word.value.as_str()).collect();
        assert_eq!(words, expected, "{files:?}");
        assert!(findings.into_all().is_empty());
    }

    #[test]
    fn a_line_of_asdf_has_words() {
        let asdf = |text, expected: &[&str]| check(&[(".tool-versions", text)], expected);
        asdf("uv 0.7.22\n", &["0.7.22"]);
        asdf(
            "# all\nnodejs 24.1.0\r\n  uv   0.7.22 system # why 0.8\r\n",
            &["0.7.22", "system"],
        );
        asdf("uvloop 0.7.22\nuv\n", &[]);
        asdf("", &[]);
    }

    #[test]
    fn mise_has_a_version_or_a_list_or_a_table() {
        let mise = |text, expected: &[&str]| check(&[("mise.toml", text)], expected);
        mise("[tools]\nuv = '0.7.22'\n", &["0.7.22"]);
        mise("[tools]\nuv = ['latest', '0.7']\n", &["latest", "0.7"]);
        mise("[tools.uv]\nversion = '0.7'\nos = ['linux']\n", &["0.7"]);
        mise("[tools]\npython = '3.14'\nuv = 7\n", &[]);
        mise("tools = 1\n", &[]);
    }

    #[test]
    fn the_nearest_file_is_read_first() {
        check(
            &[
                (".tool-versions", "uv 1"),
                ("mise.toml", "tools.uv = '2'"),
                ("services/api/.tool-versions", "uv 3"),
                ("services/api/.mise.toml", "tools.uv = '4'"),
            ],
            &["4", "3", "2", "1"],
        );
    }
}

//! The table of what packages need of the system, `microb-std/src/system_needs.tsv`, on the systems themselves.

use crate::docker::{Ran, docker};
use crate::project::Project;

const TABLE: &str = include_str!("../../../microb-std/src/system_needs.tsv");

/// Every package of Debian that the table has is one in each of its releases.
#[test]
#[ignore = "needs an engine: make conformance"]
fn every_release_of_debian_has_the_packages() {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let columns = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    let mut packages: Vec<String> = columns
        .flat_map(|columns| [columns[3], columns[4]])
        .flat_map(|column| column.split(' '))
        .filter(|package| *package != "-")
        .map(str::to_owned)
        .collect();
    packages.sort();
    packages.dedup();
    assert!(packages.len() > 30);
    for image in ["python:3.11-slim", "python:3.13-slim", "python:3.14-slim"] {
        let script =
            "apt-get -qq update && apt-get install --simulate --no-install-recommends \"$@\"";
        let mut command = docker(["run", "--rm", image, "sh", "-c", script, "sh"]);
        Ran::of(command.args(&packages)).succeeded();
    }
}

/// Each of these loads a library when it is imported, and finds it.
#[test]
#[ignore = "needs an engine: make conformance"]
fn libraries_that_are_loaded_by_name_are_there() {
    let packages = [
        "cairocffi",
        "ghostscript",
        "psycopg",
        "pyenchant",
        "python-magic",
        "pyusb",
        "pyvips",
        "pyzbar",
        "sounddevice",
        "wand",
        "weasyprint",
    ];
    let quoted = packages.map(|name| format!("'{name}'")).join(", ");
    let text = format!(
        "#syntax=microb:dev\n[project]\nname = 'app'\nversion = '1'\nrequires-python = '==3.13.*'\ndependencies = [{quoted}]\n"
    );
    let image = Project::empty().file("pyproject.toml", text).build(&[]);
    let program = "import cairocffi, ghostscript, psycopg, enchant, magic, pyvips, sounddevice, wand.api, weasyprint\n\
        import pyzbar.pyzbar, usb.backend.libusb1\n\
        assert usb.backend.libusb1.get_backend()\n\
        assert magic.from_buffer(weasyprint.HTML(string='<p>a').write_pdf(), mime=True) == 'application/pdf'\n";
    image.output(&["python", "-c", program]);
}

/// What is compiled finds what it needs, in the build and in the image.
#[test]
#[ignore = "needs an engine: make conformance"]
fn widespread_packages_need_no_line_at_all() {
    let text = "#syntax=microb:dev\n[project]\nname = 'app'\nversion = '1'\nrequires-python = '==3.13.*'\n\
        dependencies = ['mysqlclient==2.2.7', 'psycopg2==2.9.11', 'pycairo==1.28.0']\n";
    let image = Project::empty().file("pyproject.toml", text).build(&[]);
    image.output(&["python", "-c", "import cairo, MySQLdb, psycopg2"]);
}

//! Which package of the distribution has a shared library.

use std::collections::{BTreeMap, BTreeSet};

use microb::prelude::*;
use microb::{Inspection, Judgment};

use crate::builder;
use crate::config::{Config, Flavor};
use crate::flavor;

/// Asks the package manager of the image that builds.
const PACKAGES_PY: &str = include_str!("packages.py");

const SCRIPT: &str = "/inspection/packages.py";
const REPORT: &str = "/inspection/packages.tsv";

/// The packages of libraries, as far as the image that builds has them.
pub(super) type Owners = BTreeMap<String, String>;

/// The packages of Debian, in all of its releases since 2023, for libraries that wheels of PyPI need and no image that
/// builds has for that: first those that PEP 600 lets a manylinux wheel need, then those that auditwheel is told to leave out.
///
/// Since trixie some have a `t64` at the end; apt knows them by these names too.
const OF_DEBIAN: &[(&str, &str)] = &[
    ("libGL.so.1", "libgl1"),
    ("libICE.so.6", "libice6"),
    ("libSM.so.6", "libsm6"),
    ("libX11.so.6", "libx11-6"),
    ("libXext.so.6", "libxext6"),
    ("libXrender.so.1", "libxrender1"),
    ("libatomic.so.1", "libatomic1"),
    ("libexpat.so.1", "libexpat1"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
    ("libgobject-2.0.so.0", "libglib2.0-0"),
    ("libgthread-2.0.so.0", "libglib2.0-0"),
    ("libstdc++.so.6", "libstdc++6"),
    ("libz.so.1", "zlib1g"),
    ("libEGL.so.1", "libegl1"),
    ("libGLESv2.so.2", "libgles2"),
    ("libGLU.so.1", "libglu1-mesa"),
    ("libGLX.so.0", "libglx0"),
    ("libOpenGL.so.0", "libopengl0"),
    ("libOpenCL.so.1", "ocl-icd-libopencl1"),
    ("libX11-xcb.so.1", "libx11-xcb1"),
    ("libXcursor.so.1", "libxcursor1"),
    ("libXfixes.so.3", "libxfixes3"),
    ("libXft.so.2", "libxft2"),
    ("libXi.so.6", "libxi6"),
    ("libXinerama.so.1", "libxinerama1"),
    ("libXrandr.so.2", "libxrandr2"),
    ("libXt.so.6", "libxt6"),
    ("libXxf86vm.so.1", "libxxf86vm1"),
    ("libasound.so.2", "libasound2"),
    ("libblas.so.3", "libblas3"),
    ("libcairo.so.2", "libcairo2"),
    ("libdbus-1.so.3", "libdbus-1-3"),
    ("libdrm.so.2", "libdrm2"),
    ("libfontconfig.so.1", "libfontconfig1"),
    ("libfreetype.so.6", "libfreetype6"),
    ("libgbm.so.1", "libgbm1"),
    ("libgfortran.so.5", "libgfortran5"),
    ("libgio-2.0.so.0", "libglib2.0-0"),
    ("libgomp.so.1", "libgomp1"),
    ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    ("liblapack.so.3", "liblapack3"),
    ("libltdl.so.7", "libltdl7"),
    ("libmariadb.so.3", "libmariadb3"),
    ("libnss3.so", "libnss3"),
    ("libnspr4.so", "libnspr4"),
    ("libnuma.so.1", "libnuma1"),
    ("libodbc.so.2", "libodbc2"),
    ("libodbcinst.so.2", "libodbcinst2"),
    ("libopenblas.so.0", "libopenblas0"),
    ("libpango-1.0.so.0", "libpango-1.0-0"),
    ("libportaudio.so.2", "libportaudio2"),
    ("libpq.so.5", "libpq5"),
    ("libpulse.so.0", "libpulse0"),
    ("libsndfile.so.1", "libsndfile1"),
    ("libtbb.so.12", "libtbb12"),
    ("libusb-1.0.so.0", "libusb-1.0-0"),
    ("libwayland-client.so.0", "libwayland-client0"),
    ("libwayland-cursor.so.0", "libwayland-cursor0"),
    ("libwayland-egl.so.1", "libwayland-egl1"),
    ("libxcb.so.1", "libxcb1"),
    ("libxcb-cursor.so.0", "libxcb-cursor0"),
    ("libxcb-glx.so.0", "libxcb-glx0"),
    ("libxcb-icccm.so.4", "libxcb-icccm4"),
    ("libxcb-image.so.0", "libxcb-image0"),
    ("libxcb-keysyms.so.1", "libxcb-keysyms1"),
    ("libxcb-randr.so.0", "libxcb-randr0"),
    ("libxcb-render.so.0", "libxcb-render0"),
    ("libxcb-render-util.so.0", "libxcb-render-util0"),
    ("libxcb-shape.so.0", "libxcb-shape0"),
    ("libxcb-shm.so.0", "libxcb-shm0"),
    ("libxcb-sync.so.1", "libxcb-sync1"),
    ("libxcb-util.so.1", "libxcb-util1"),
    ("libxcb-xfixes.so.0", "libxcb-xfixes0"),
    ("libxcb-xinerama.so.0", "libxcb-xinerama0"),
    ("libxcb-xkb.so.1", "libxcb-xkb1"),
    ("libxkbcommon.so.0", "libxkbcommon0"),
    ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
];

/// Asks which packages of the image that builds have these libraries; `judge` says what that means.
pub(super) fn inspection<'a>(
    config: &Config,
    libraries: impl Iterator<Item = &'a str>,
    judge: impl Fn(&Owners) -> Vec<Diagnostic> + Send + Sync + 'static,
) -> Inspection {
    let libraries: BTreeSet<&str> = libraries.collect();
    let argv = [flavor::python(config), "-I", SCRIPT, REPORT].into_iter();
    let argv: Vec<&str> = argv.chain(libraries).collect();
    let steps = (
        mkfile(SCRIPT, PACKAGES_PY),
        run(argv)
            .network(Network::None)
            .called("look up the packages of missing libraries"),
    );
    let judge = move |report: &[u8]| Judgment::Findings(judge(&read(report)));
    Inspection::new(steps, REPORT, judge).of(&builder::packages(config))
}

fn read(report: &[u8]) -> Owners {
    let mut owners = Owners::new();
    for line in String::from_utf8_lossy(report).lines() {
        let Some((library, package)) = line.split_once('\t') else {
            continue;
        };
        let known = owners.entry(library.to_owned());
        let known = known.or_insert_with(|| package.to_owned());
        // A package of headers may link the library too.
        if package.len() < known.len() {
            package.clone_into(known);
        }
    }
    owners
}

/// The package that has a library, in the words of `system_deps`.
pub(super) fn of(flavor: Flavor, owners: &Owners, library: &str) -> Option<String> {
    if let Some(package) = owners.get(library) {
        return Some(package.clone());
    }
    match flavor {
        Flavor::Debian => OF_DEBIAN
            .iter()
            .find(|(known, _)| *known == library)
            .map(|(_, package)| (*package).to_owned()),
        // apk takes the name of a library for that of its package.
        Flavor::Alpine => Some(format!("so:{library}")),
    }
}

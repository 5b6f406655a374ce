//! The program that looks into finished images, run by this machine's Python on folders that look like one.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and writes files"
)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// This machine's interpreter itself, and not what chooses between several.
fn python() -> &'static str {
    static FOUND: OnceLock<String> = OnceLock::new();
    FOUND.get_or_init(|| {
        let found = output("python3", &["-c", "import sys; print(sys.executable)"]);
        found.trim().to_owned()
    })
}

/// A folder that has what `/app` has in an image. It is gone when the test is over.
struct Image {
    app: PathBuf,
    site: String,
}

impl Image {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("image-{}-{count}", std::process::id());
        let app = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let tag = output(
            python(),
            &[
                "-c",
                "import sys; print('python%d.%d' % sys.version_info[:2])",
            ],
        );
        let site = format!(".venv/lib/{}/site-packages", tag.trim());
        fs::create_dir_all(app.join(&site)).unwrap();
        fs::create_dir_all(app.join(".venv/bin")).unwrap();
        Self { app, site }
    }

    fn path(&self, path: &str) -> String {
        let path = path.replace("SITE", &self.site);
        self.app.join(path).to_str().unwrap().to_owned()
    }

    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = PathBuf::from(self.path(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        self
    }

    fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// A program of the environment.
    fn program(self, name: &str, content: &str) -> Self {
        let path = format!(".venv/bin/{name}");
        self.file(&path, content).mode(&path, 0o755)
    }

    /// A distribution with these lines in its METADATA.
    fn distribution(self, name: &str, metadata: &str) -> Self {
        let text = format!(
            "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}\n\nName: not me\n"
        );
        self.file(&format!("SITE/{name}-1.0.dist-info/METADATA"), text)
    }

    /// The lines of the report that begin with this, with `SITE` and `APP` for the folders.
    fn report(&self, kind: &str, argv: &[&str]) -> BTreeSet<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inspection/facts.py");
        let report = self.app.with_extension("tsv");
        let app = self.app.to_str().unwrap();
        let path = format!("{}/.venv/bin:/usr/bin:/bin", self.app.display());
        let ran = Command::new(python())
            .args([
                "-I",
                "-S",
                "-B",
                script.to_str().unwrap(),
                report.to_str().unwrap(),
            ])
            .args([&self.path(".venv"), app, "libraries", "app"])
            .args(argv)
            .current_dir(&self.app)
            .env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()))
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        let text = fs::read_to_string(&report).unwrap();
        fs::remove_file(report).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(kind));
        let short = |line: &str| line.replace(app, "APP").replace(&self.site, "SITE");
        lines.map(short).collect()
    }

    #[track_caller]
    fn check(&self, kind: &str, argv: &[&str], expected: &[&str]) {
        let expected: BTreeSet<_> = expected.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(self.report(kind, argv), expected, "{argv:?}");
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.app));
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap()
}

/// This machine's number in ELF files.
const MACHINE: u8 = if cfg!(target_arch = "aarch64") {
    183
} else {
    62
};

/// A shared library of 64 bits with these entries in its dynamic section, and nothing else.
fn library(needed: &[&str], runpath: &str) -> Vec<u8> {
    let mut strings = vec![0];
    let mut string = |text: &str| {
        let at = strings.len() as u64;
        strings.extend(text.as_bytes());
        strings.push(0);
        at
    };
    // DT_NEEDED, DT_RUNPATH.
    let mut dynamic: Vec<(u64, u64)> = needed.iter().map(|name| (1, string(name))).collect();
    if !runpath.is_empty() {
        dynamic.push((29, string(runpath)));
    }
    let (headers, base) = (64 + 2 * 56, 0x1000);
    let size = (dynamic.len() as u64 + 2) * 16;
    // DT_STRTAB is an address; the file is loaded at `base`.
    dynamic.extend([(5, base + headers + size), (0, 0)]);
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([3, 0, MACHINE, 0, 1, 0, 0, 0]);
    for word in [0_u64, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
    let length = headers + size + strings.len() as u64;
    for (kind, offset, address, length) in
        [(1_u32, 0, base, length), (2, headers, base + headers, size)]
    {
        file.extend(kind.to_le_bytes());
        file.extend([4, 0, 0, 0]);
        for word in [offset, address, address, length, length, 8] {
            file.extend(u64::to_le_bytes(word));
        }
    }
    for (key, value) in dynamic {
        file.extend(key.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(strings);
    file
}

#[test]
#[ignore = "needs Python: make test"]
fn distributions_are_listed_with_what_they_require() {
    let image = Image::new()
        .distribution(
            "a",
            "Requires-Dist: b>=1\nrequires-dist: c (<2);\n  extra == 'x'",
        )
        .distribution("b", "Summary: nothing");
    image.check(
        "distribution",
        &[],
        &[
            "distribution\ta\t1.0\ta-1.0.dist-info",
            "distribution\tb\t1.0\tb-1.0.dist-info",
        ],
    );
    image.check(
        "requires",
        &[],
        &["requires\tb>=1", "requires\tc (<2); extra == 'x'"],
    );
}

#[test]
#[ignore = "needs Python: make test"]
fn the_interpreter_is_described_in_the_words_of_its_own_markers() {
    let script = "import os, platform, sys\n\
        print('marker', 'python_full_version', platform.python_version(), sep='\\t')\n\
        print('marker', 'platform_machine', platform.machine(), sep='\\t')\n\
        print('marker', 'platform_system', platform.system(), sep='\\t')\n\
        print('marker', 'platform_version', platform.version(), sep='\\t')\n\
        print('marker', 'platform_python_implementation', platform.python_implementation(), sep='\\t')";
    let expected = output(python(), &["-c", script]);
    let found = Image::new().report("marker", &[]);
    for line in expected.lines() {
        assert!(found.contains(line), "{line}: {found:?}");
    }
    assert_eq!(found.len(), 11);
    let script = "import os, sysconfig\n\
        folder = sysconfig.get_path('purelib', 'posix_prefix', {'base': '/'})\n\
        print(os.path.basename(os.path.dirname(folder)))";
    let folder = output(python(), &["-c", script]);
    let folder = folder.trim();
    let image = Image::new().file(".venv/lib/pypy3.10/site-packages/x", "");
    let image = image.file(".venv/lib/pkgconfig/x", "");
    image.check("interpreter", &[], &[&format!("interpreter\t{folder}")]);
    let expected = [
        format!("environment\t{folder}"),
        "environment\tpypy3.10".to_owned(),
    ];
    image.check("environment", &[], &expected.each_ref().map(String::as_str));
}

#[test]
#[ignore = "needs Python: make test"]
fn libraries_are_found_as_the_loader_finds_them() {
    let image = Image::new()
        .file("SITE/good.so", library(&["libc.so.6"], ""))
        .file(
            "SITE/bad.so",
            library(&["libc.so.6", "libnowhere.so.1"], ""),
        )
        .file(
            "SITE/beside.so",
            library(&["libown.so.2"], "$ORIGIN/deep/er"),
        )
        .file("SITE/deep/er/libown.so.2", library(&["libgone.so.3"], ""))
        // Another package's, which is there once that is loaded.
        .file("SITE/sibling.so", library(&["libmpi.so.40"], ""))
        .file("SITE/other/libmpi.so.40", library(&[], ""))
        // Nobody imports these.
        .file(
            "SITE/x.cpython-27-x86_64-linux-gnu.so",
            library(&["libold.so.1"], ""),
        )
        .file("SITE/lib/libfast.so", library(&["libomp.so.9"], ""))
        .file("SITE/not.so", "#!/bin/sh\n")
        .file("SITE/cut.so", &library(&["libcut.so.1"], "")[..80])
        .distribution("bad", "")
        .file(
            "SITE/bad-1.0.dist-info/RECORD",
            "bad.so,sha256=x,1\nbad-1.0.dist-info/RECORD,,\n",
        );
    image.check(
        "library",
        &[],
        &[
            "library\tmodule\tAPP/SITE/bad.so\tlibnowhere.so.1\tbad-1.0.dist-info",
            "library\tmodule\tAPP/SITE/deep/er/libown.so.2\tlibgone.so.3\t",
            "library\tlibrary\tAPP/SITE/lib/libfast.so\tlibomp.so.9\t",
        ],
    );
}

/// A package with these files, which need the libraries beside them; a source has its text there.
fn package(mut image: Image, name: &str, files: &[(&str, &str)]) -> Image {
    image = image.distribution(name, "");
    let mut record = String::new();
    for (path, content) in files {
        let is_source = Path::new(path).extension().is_some_and(|one| one == "py");
        let needed: Vec<&str> = content.split_whitespace().collect();
        let bytes = if is_source {
            content.as_bytes().to_vec()
        } else {
            library(&needed, "")
        };
        image = image.file(&format!("SITE/{path}"), bytes);
        record.extend([path, ",,\n"]);
    }
    image.file(&format!("SITE/{name}-1.0.dist-info/RECORD"), record)
}

/// The packages of the files that lack something, each with the role and the library.
#[track_caller]
fn lacks(files: &[(&str, &str)], expected: &[&str]) {
    let image = package(Image::new(), "a", files);
    let lines = image.report("library", &[]);
    let short = |line: &String| {
        let fields: Vec<&str> = line.split('\t').collect();
        let name = fields[2].rsplit('/').next().unwrap();
        format!("{} {name} {}", fields[1], fields[3])
    };
    let lines: Vec<String> = lines.iter().map(short).collect();
    assert_eq!(lines, expected, "{files:?}");
}

/// The names and the imports are those of the packages' own wheels.
#[test]
#[ignore = "needs Python: make test"]
fn of_what_a_package_chooses_from_one_is_enough() {
    // mpi4py 4.1: no import statement has a dot in a name.
    let mpich = ("mpi4py/MPI.mpich.abi3.so", "libmpi.so.12");
    let openmpi = ("mpi4py/MPI.openmpi.abi3.so", "libmpi.so.40");
    lacks(
        &[mpich, openmpi],
        &[
            "library MPI.mpich.abi3.so libmpi.so.12",
            "library MPI.openmpi.abi3.so libmpi.so.40",
        ],
    );
    lacks(&[mpich, openmpi, ("a.libs/libmpi.so.40", "")], &[]);
    // torchaudio 2.5.
    let ffmpeg = |number: u8| {
        (
            format!("torio/lib/_torio_ffmpeg{number}.so"),
            format!("libavutil.so.{}", number + 52),
        )
    };
    let (four, five) = (ffmpeg(4), ffmpeg(5));
    let sox = ("torchaudio/lib/libtorchaudio_sox.so", "libsox.so");
    lacks(
        &[
            (&four.0, &four.1),
            (&five.0, &five.1),
            ("torchaudio/lib/_torchaudio.so", ""),
            ("torchaudio/lib/_torchaudio_sox.so", "libtorchaudio_sox.so"),
            sox,
            (
                "torchaudio/_extension/utils.py",
                "def _init_sox():\n    ext = \"torchaudio.lib._torchaudio_sox\"\n",
            ),
        ],
        &[],
    );
    // nvidia-cufile, onnxruntime-gpu, Qt: what is loaded by name.
    lacks(
        &[
            ("nvidia/cufile/lib/libcufile.so.0", ""),
            ("nvidia/cufile/lib/libcufile_rdma.so.1", "libmlx5.so.1"),
        ],
        &[],
    );
    // lightgbm has one library, and not without that.
    lacks(
        &[
            ("lightgbm/lib/lib_lightgbm.so", "libgomp.so.9"),
            ("lightgbm/basic.py", ""),
        ],
        &["library lib_lightgbm.so libgomp.so.9"],
    );
    lacks(
        &[("a/lib_a.so", "libnowhere.so.1"), ("a.libs/libz-12.so", "")],
        &["library lib_a.so libnowhere.so.1"],
    );
}

#[test]
#[ignore = "needs Python: make test"]
fn a_module_that_its_package_does_without_is_not_missed() {
    let module = ("pkg/_fast.so", "libnowhere.so.1");
    let other = ("pkg/other.so", "");
    let lacking = ["module _fast.so libnowhere.so.1"];
    for (path, source, is_needed) in [
        // psycopg2, lxml, pycairo and mysqlclient.
        ("pkg/__init__.py", "from pkg._fast import connect\n", true),
        ("pkg/html/__init__.py", "from .. import _fast\n", true),
        ("pkg/__init__.py", "from ._fast import *\n", true),
        ("pkg/__init__.py", "from . import _fast\n", true),
        ("pkg/__init__.py", "if True:\n    import pkg._fast\n", true),
        // What imports the module may be the user's own.
        ("pkg/__init__.py", "", true),
        ("pkg/extensions.py", "from ._fast import connect\n", true),
        (
            "pkg/__init__.py",
            "import other._fast\ntry:\n    from other import _fast\nexcept ImportError:\n    pass\n",
            true,
        ),
        ("pkg/__init__.py", "this is no Python: _fast", true),
        // CuPy, numba and h5py.
        (
            "pkg/cuda.py",
            "try:\n    from ._fast import *\nexcept ImportError:\n    pass\n",
            false,
        ),
        (
            "pkg/__init__.py",
            "def later():\n    from pkg import _fast\n",
            false,
        ),
        (
            "pkg/__init__.py",
            "import importlib\ndef later():\n    importlib.import_module('pkg._fast')\n",
            false,
        ),
        (
            "pkg/__init__.py",
            "try:\n    from ._fast import x\nfinally:\n    pass\n",
            true,
        ),
    ] {
        let expected: &[&str] = if is_needed { &lacking } else { &[] };
        lacks(&[module, other, (path, source)], expected);
    }
    // CuPy's `cupyx.cutensor`, which is imported in a function.
    let shim = ("pkg/shim.py", "from pkg import _fast as _libs\n");
    let later = (
        "pkg/__init__.py",
        "def later():\n    from pkg import shim\n",
    );
    lacks(&[module, other, shim, later], &[]);
    lacks(
        &[
            module,
            other,
            shim,
            ("pkg/__init__.py", "from pkg import shim\n"),
        ],
        &lacking,
    );
    // Modules that import one another are no reason to do without them.
    let circle = ("pkg/circle.py", "import pkg.shim\n");
    let back = ("pkg/shim.py", "import pkg.circle\nimport pkg._fast\n");
    lacks(&[module, other, circle, back], &lacking);
}

#[test]
#[ignore = "needs Python: make test"]
fn files_for_other_systems_and_odd_files_are_passed_over() {
    let of = |at: usize, value: u8| {
        let mut file = library(&["libnowhere.so.1"], "");
        file[at] = value;
        file
    };
    let mut far = library(&["libnowhere.so.1"], "");
    // Where its table of segments is, and how long the dynamic section is.
    far[32..40].copy_from_slice(&[0xff; 8]);
    let mut long = library(&["libnowhere.so.1"], "");
    long[64 + 56 + 32..64 + 56 + 40].copy_from_slice(&[0xff; 8]);
    let image = Image::new()
        .file("SITE/other_machine.so", of(18, 8))
        .file("SITE/other_class.so", of(4, 1))
        .file("SITE/short.so", &library(&["libnowhere.so.1"], "")[..56])
        .file("SITE/far.so", far)
        .file("SITE/long.so", long)
        .file("program", &library(&[], "")[..56])
        .mode("program", 0o711)
        .file("SITE/bad.so", library(&["libnowhere.so.1"], ""));
    let expected = ["library\tmodule\tAPP/SITE/bad.so\tlibnowhere.so.1\t"];
    image.check("library", &["./program"], &expected);
    image.check("program", &["./program"], &[]);
}

/// What compiles a module into `__pycache__`.
fn compile(image: &Image, module: &str, mode: &str) {
    let script = "import py_compile, sys\n\
        py_compile.compile(sys.argv[1], doraise=True, invalidation_mode=py_compile.PycInvalidationMode[sys.argv[2]])";
    output(python(), &["-c", script, &image.path(module), mode]);
}

#[test]
#[ignore = "needs Python: make test"]
fn bytecode_is_compared_with_its_source() {
    for (mode, expected) in [
        ("UNCHECKED_HASH", "stale\tunchecked\tAPP/SITE/a.py"),
        ("CHECKED_HASH", "stale\tignored\tAPP/SITE/a.py"),
        ("TIMESTAMP", "stale\tignored\tAPP/SITE/a.py"),
    ] {
        let image = Image::new()
            .file("SITE/a.py", "A = 1\n")
            .file("SITE/b.py", "B = 1\n");
        compile(&image, "SITE/a.py", mode);
        compile(&image, "SITE/b.py", mode);
        image.check("stale", &[], &[]);
        let image = image.file("SITE/a.py", "A = 12\n");
        fs::remove_file(image.path("SITE/b.py")).unwrap();
        image.check("stale", &[], &[expected]);
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn what_everybody_may_write_to_is_told() {
    let image = Image::new()
        .file("a.txt", "")
        .mode("a.txt", 0o666)
        .file("b/c.txt", "")
        .mode("b", 0o777)
        .file("t/d.txt", "")
        .mode("t", 0o1777);
    image.check("writable", &[], &["writable\tAPP/a.txt", "writable\tAPP/b"]);
}

#[test]
#[ignore = "needs Python: make test"]
fn programs_are_looked_up_as_the_engine_starts_them() {
    let script = |interpreter: &str| format!("#!{interpreter}\nimport sys\n");
    let image = Image::new()
        .program("app", &script("/bin/sh"))
        .program("lost", &script("/bin/sh"))
        .program("broken", &script("/nowhere/python"))
        .file("plain.sh", script("/bin/sh"))
        .program("python-hello", &script("/bin/sh"))
        .program("with-options", &script("/usr/bin/env -S sh -euo pipefail"))
        .program("with-variable", &script("/usr/bin/env -S -u HOME A=b sh"))
        .program("with-nothing", &script("/usr/bin/env"))
        .program("without-bash", &script("/usr/bin/env -S no-bash -eu"))
        .distribution("app", "")
        .file(
            "SITE/app-1.0.dist-info/entry_points.txt",
            "[gui_scripts]\nlost = nothing:main\n[console_scripts]\napp = app.cli:main\nlost = app.lost:main [extra]\n",
        )
        .file("SITE/app/cli.py", "def main():\n    pass\n")
        .file("SITE/app/tool/__main__.py", "")
        .file("main.py", "");
    for (argv, expected) in [
        (&["app"][..], None),
        (&["/bin/sh", "-c", "nothing"], None),
        (&["ap"], Some("missing\tap\tmain")),
        (&["/nowhere/app"], Some("missing\t/nowhere/app\tmain")),
        (&["./plain.sh"], Some("forbidden\t./plain.sh")),
        (
            &["broken"],
            Some("interpreter\tAPP/.venv/bin/broken\t/nowhere/python"),
        ),
        (&["lost"], Some("module\tapp.lost\tmain")),
        (&["python3", "-m", "app.cli"], None),
        (&["python3", "-m", "app.tool"], None),
        (&["python3", "-m", "main"], None),
        (&["python3", "-m", "http.server", "80"], None),
        (&["python3", "-u", "-m", "app"], Some("main\tapp\tmain")),
        (
            &["python3", "-m", "app.sever"],
            Some("module\tapp.sever\tmain"),
        ),
        (&["python3", "-X", "dev", "main.py"], None),
        (&["python3", "mian.py"], Some("file\tmian.py")),
        (&["python3", "-c", "pass"], None),
        (&["python3"], None),
        (&["python-hello", "hello"], None),
        (&["with-options"], None),
        (&["with-variable"], None),
        (&["with-nothing"], None),
        (
            &["without-bash"],
            Some("interpreter\tAPP/.venv/bin/without-bash\tno-bash"),
        ),
        (&[], None),
    ] {
        let expected = expected.map(|problem| format!("program\t{problem}"));
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        image.check("program", argv, &expected);
    }
    // The project's own modules, as the program would have to name them.
    let image = image
        .file(
            "SITE/app-1.0.dist-info/RECORD",
            "app/cli.py,,\napp/tool/__main__.py,,\napp/__init__.py,,\napp/x.txt,,\n",
        )
        .file("deep/web.py", "")
        .file("deep/no-name/web.py", "");
    let expected = "program\tmissing\tap\tapp.cli\tapp.tool\tdeep.web\tmain";
    image.check("program", &["ap"], &[expected]);
    // A package that is installed by a hook of its own may have any module.
    let image = image.file("SITE/__editable__.pth", "import __editable___finder\n");
    image.check("program", &["python3", "-m", "app.sever"], &[]);
}

/// The modules that the program lacks, each with the file and the line of the import.
#[track_caller]
fn fails(image: &Image, argv: &[&str], expected: &[&str]) {
    let lines = image.report("import", argv);
    let short = |line: &String| {
        let fields: Vec<&str> = line.split('\t').collect();
        format!("{}:{} {}", fields[1], fields[2], fields[3])
    };
    let lines: Vec<String> = lines.iter().map(short).collect();
    assert_eq!(lines, expected, "{argv:?}");
}

#[test]
#[ignore = "needs Python: make test"]
fn only_an_import_that_always_fails_is_told() {
    for (source, expected) in [
        ("import yaml\n", &["APP/web.py:1 yaml"][..]),
        (
            "import json, sys, os.path\nfrom __future__ import annotations\n",
            &[],
        ),
        ("from yaml.nodes import Node\n", &["APP/web.py:1 yaml"]),
        (
            "try:\n    import yaml\nexcept ImportError:\n    yaml = None\n",
            &[],
        ),
        (
            "\"\"\"\nimport yaml\nfrom us import you\nfrom here\n\"\"\"\n",
            &[],
        ),
        (
            "from contextlib import suppress\nwith suppress(ImportError):\n    import yaml\n",
            &[],
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import yaml\n",
            &[],
        ),
        ("def later():\n    import yaml\n", &[]),
        ("if __name__ == '__main__':\n    import yaml\n", &[]),
        ("raise SystemExit\nimport yaml\n", &[]),
        ("this is no Python\nimport yaml\n", &[]),
        // Modules from elsewhere.
        ("import sys\nsys.path.append('/srv')\nimport yaml\n", &[]),
        (
            "from sys import path\npath.append('/srv')\nimport yaml\n",
            &[],
        ),
        ("import jpype.imports\nfrom java.lang import System\n", &[]),
        // The project's own.
        ("import shop\n", &["APP/shop/__init__.py:1 gone"]),
        (
            "import shop.config\n",
            &["APP/shop/__init__.py:1 gone", "APP/web.py:1 shop.config"],
        ),
        (
            "from helpers import tool\n",
            &["APP/helpers/tool.py:2 helpers.gone"],
        ),
        ("from helpers import gone\n", &["APP/web.py:1 helpers.gone"]),
        (
            "import helpers.web\nfrom helpers.web import x\n",
            &["APP/helpers/web.py:1 helpers.other"],
        ),
        (
            "from helpers import (\n    # It was there.\n    gone as there,\n)\n",
            &["APP/web.py:1 helpers.gone"],
        ),
        // What a package of others has may be made when it is imported.
        ("import six.moves.urllib\nfrom six import moves\n", &[]),
        // Only what the project has of its own is read.
        ("import broken\n", &[]),
    ] {
        let image = Image::new()
            .file("web.py", source)
            .file("shop/__init__.py", "import gone\n")
            .file("helpers/tool.py", "import os\nfrom . import gone\n")
            .file("helpers/web.py", "import helpers.other\n")
            .file("SITE/six.py", "")
            .file("SITE/broken.py", "import gone\n");
        // Of the server nothing is known but that it is given an app.
        let image = image.program("uvicorn", "#!/bin/sh\n");
        fails(&image, &["uvicorn", "web:app"], expected);
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn imports_are_those_of_what_the_program_starts() {
    let image = Image::new()
        .program("app", "#!/bin/sh\n")
        .program("uvicorn", "#!/bin/sh\n")
        .distribution("app", "")
        .file(
            "SITE/app-1.0.dist-info/entry_points.txt",
            "[console_scripts]\napp = app.cli:main\n",
        )
        .file(
            "SITE/app-1.0.dist-info/RECORD",
            "app/__init__.py,,\napp/cli.py,,\napp/__main__.py,,\napp/names.py,,\n",
        )
        .file("SITE/app/__init__.py", "db = None\nfrom .names import *\n")
        .file("SITE/app/names.py", "late = 1\n")
        .file(
            "SITE/app/__main__.py",
            "from app import db, late\nfrom .cli import main\n",
        )
        .file("SITE/app/cli.py", "import lost.part\ndef main(): pass\n")
        .file(
            "main.py",
            "if __name__ == \"__main__\":\n    import nowhere\n",
        )
        .file("deep/run.py", "import beside\nimport main\n")
        .file("deep/beside.py", "import nothing\n");
    let of_script = "APP/SITE/app/cli.py:1 lost";
    let of_main = "APP/main.py:2 nowhere";
    let of_deep = ["APP/deep/beside.py:1 nothing", "APP/deep/run.py:2 main"];
    for (argv, expected) in [
        (&["app"][..], &[of_script][..]),
        (&["python3", "-m", "app"], &[of_script]),
        (&["python3", "-m", "app.cli"], &[of_script]),
        (&["uvicorn", "app.cli:app"], &[of_script]),
        (&["python3", "-m", "uvicorn", "app.cli:app"], &[of_script]),
        (&["python3", "main.py"], &[of_main]),
        (&["python3", "-m", "main"], &[of_main]),
        (&["uvicorn", "main:app"], &[]),
        (&["python3", "deep/run.py"], &of_deep),
        (
            &["python3", "-m", "deep.run"],
            &["APP/deep/run.py:1 beside"],
        ),
        (&["python3", "-c", "import nowhere"], &[]),
        (&["sh", "-c", "python3 main.py"], &[]),
        (&[], &[]),
    ] {
        fails(&image, argv, expected);
    }
    let image = image.file(
        "SITE/sitecustomize.py",
        "import sys\nsys.meta_path.append(None)\n",
    );
    fails(&image, &["app"], &[]);
    fs::remove_file(image.path("SITE/sitecustomize.py")).unwrap();
    let image = image.file("SITE/hook.pth", "import hook\n");
    fails(&image, &["app"], &[]);
}

#[test]
#[ignore = "needs Python: make test"]
fn a_script_calls_a_function_that_its_module_names() {
    for (module, expected) in [
        ("def main():\n    pass\n", None),
        ("from .other import run as main\n", None),
        ("import click\nmain = click.Group()\n", None),
        ("if True:\n    def main(): pass\n", None),
        (
            "try:\n    from fast import main\nexcept ImportError:\n    raise\n",
            None,
        ),
        ("from .other import *\n", None),
        ("def __getattr__(name):\n    return print\n", None),
        ("globals()['main'] = print\n", None),
        (
            "def set():\n    global main\n    main = print\nset()\n",
            None,
        ),
        ("this is no Python", None),
        (
            "import sys\nclass Lazy:\n    pass\nsys.modules[__name__] = Lazy()\n",
            None,
        ),
        (
            "import sys\ndef man():\n    sys.exit()\n_own = 1\n",
            Some("function\tapp.cli\tmain\tsys\tman"),
        ),
        ("", Some("function\tapp.cli\tmain")),
    ] {
        let image = Image::new()
            .program("app", "#!/bin/sh\n")
            .distribution("app", "")
            .file(
                "SITE/app-1.0.dist-info/entry_points.txt",
                "[console_scripts]\napp = app.cli:main\n",
            )
            .file("SITE/app/__init__.py", "")
            .file("SITE/app/cli.py", module);
        let expected = expected.map(|problem| format!("program\t{problem}"));
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        image.check("program", &["app"], &expected);
        let image = image.file("SITE/app/cli/main.py", "");
        fs::remove_file(image.path("SITE/app/cli.py")).unwrap();
        let image = image.file("SITE/app/cli/__init__.py", "");
        image.check("program", &["app"], &[]);
    }
}

#[test]
#[ignore = "needs Python: make test"]
fn the_module_of_the_app_that_a_server_is_given_is_looked_for() {
    let image = ["uvicorn", "gunicorn", "flask", "celery", "tool"]
        .iter()
        .fold(Image::new(), |image, name| {
            let path = format!(".venv/bin/{name}");
            image.file(&path, "#!/bin/sh\n").mode(&path, 0o755)
        })
        .file("main.py", "raise SystemExit('nobody imports it')\n")
        .file("shop/web.py", "")
        .file("SITE/installed/__init__.py", "")
        .file("SITE/uvicorn/__init__.py", "")
        .file("SITE/uvicorn/__main__.py", "");
    for (argv, expected) in [
        (&["uvicorn", "--port=80", "main:app"][..], None),
        (&["uvicorn", "main:app", "--host", "::1"], None),
        (&["uvicorn", "shop.web:app"], None),
        (&["uvicorn", "installed:app.inner"], None),
        (&["uvicorn", "mian:app"], Some("mian")),
        // What is above has to be a package.
        (&["uvicorn", "main.web:app"], Some("main.web")),
        (&["uvicorn", "shop.wbe:app"], Some("shop.wbe")),
        (&["python3", "-m", "uvicorn", "mian:app"], Some("mian")),
        (&["gunicorn", "--bind", "unix:/run/web", "main:app"], None),
        (&["gunicorn", "--bind", "localhost:80", "main:app"], None),
        (&["gunicorn", "shop.wsgi:create_app()"], Some("shop.wsgi")),
        // It may be anywhere.
        (&["gunicorn", "--chdir", "x", "mian:app"], None),
        (&["gunicorn", "--config=conf.py", "mian:app"], None),
        (&["flask", "--app", "shop.web:app", "run"], None),
        (&["flask", "--app=main.py", "run"], None),
        (&["flask", "--app", "shop.wbe", "run"], Some("shop.wbe")),
        (&["celery", "-A", "shop.web", "worker"], None),
        (&["celery", "--app", "work:app", "worker"], Some("work")),
        // What is not known may mean something else.
        (&["tool", "mian:app"], None),
    ] {
        let expected = expected.map(|module| format!("program\tmodule\t{module}\tmain\tshop.web"));
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        image.check("program", argv, &expected);
    }
}

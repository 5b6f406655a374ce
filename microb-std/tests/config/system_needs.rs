//! Packages of the distribution that nobody has listed, and that are known to be needed.

use microb::MemoryContext;
use microb_std::Config;

/// A project with these dependencies, and these lines in its target.
fn project(dependencies: &str, target: &str) -> MemoryContext {
    MemoryContext::new(format!(
        "[project]\nname = 'app'\nversion = '1'\ndependencies = [{dependencies}]\n\
         [tool.microb.target.default]\n{target}\n"
    ))
}

#[track_caller]
fn check(cx: &MemoryContext, build: &[&str], system: &[&str]) {
    let config = Config::resolve(cx).unwrap_or_else(|errors| panic!("{errors}"));
    let names = |packages: &[microb::Spanned<String>]| -> Vec<String> {
        packages.iter().map(|name| name.value.clone()).collect()
    };
    assert_eq!(names(&config.build_deps), build);
    assert_eq!(names(&config.system_deps), system);
}

#[test]
fn what_loads_a_library_has_its_package() {
    for (dependencies, build, system) in [
        ("'idna'", &[][..], &[][..]),
        ("'psycopg2>=2.9'", &[], &["libpq5"]),
        ("'psycopg2-binary'", &[], &[]),
        ("'psycopg'", &[], &["libpq5"]),
        ("'Psycopg[C]'", &[], &["libpq5"]),
        ("'psycopg[binary,pool]'", &[], &[]),
        ("'psycopg', 'psycopg-binary'", &[], &[]),
        ("'pycairo'", &["libcairo2-dev"], &["libcairo2"]),
        ("'PyCairo', 'CairoCFFI'", &["libcairo2-dev"], &["libcairo2"]),
        ("'python_magic'", &[], &["libmagic1"]),
        (
            "'python-magic; sys_platform == \"linux\"'",
            &[],
            &["libmagic1"],
        ),
        ("'python-magic; sys_platform == \"win32\"'", &[], &[]),
        ("'python-magic; python_version < \"3.8\"'", &[], &[]),
    ] {
        check(&project(dependencies, ""), build, system);
    }
}

#[test]
fn alpine_has_other_names_and_no_compiler() {
    let cx = project("'psycopg2'", "flavor = 'alpine'");
    check(&cx, &["gcc", "libpq-dev", "musl-dev"], &["libpq"]);
}

#[test]
fn what_the_target_says_is_added_to_or_counts() {
    for (target, system) in [
        ("system_deps = ['gettext']", &["gettext", "libpq5"][..]),
        ("system_deps = ['libpq5=17.*']", &["libpq5=17.*"]),
        ("automatic_deps = false", &[]),
        ("automatic_deps = false\nsystem_deps = ['jq']", &["jq"]),
        ("base_image = 'registry.example.com/python:3.14'", &[]),
        ("build_image = 'registry.example.com/python:3.14'", &[]),
        (
            "base_image = 'registry.example.com/python:3.14'\nautomatic_deps = true",
            &["libpq5"],
        ),
    ] {
        check(&project("'psycopg2'", target), &[], system);
    }
}

/// Gradio depends on pydub, and does without ffmpeg until somebody plays a sound.
#[test]
fn a_program_is_there_for_who_lists_what_runs_it() {
    check(&project("'pydub'", ""), &[], &["ffmpeg"]);
    let target = "requirements = 'requirements.txt'";
    for (text, system) in [
        ("gradio\npydub # for sounds\n", &["ffmpeg"][..]),
        ("gradio==5.0\npydub==0.25.1  # via gradio\n", &[]),
        (
            "gradio==5.0\npydub==0.25.1\n    # via\n    #   gradio\n",
            &[],
        ),
        ("psycopg2==2.9.10\n    # via records\n", &["libpq5"]),
        ("-r more.txt\n", &["poppler-utils"]),
        ("-c more.txt\nidna\n", &[]),
    ] {
        let cx = project("", target)
            .file("requirements.txt", text)
            .file("more.txt", "pdf2image\n");
        check(&cx, &[], system);
    }
}

#[test]
fn of_a_lock_libraries_count_and_programs_that_the_project_lists() {
    let hash = "a".repeat(64);
    let package = |name: &str| {
        format!(
            "[[packages]]\nname = '{name}'\nversion = '1'\n[[packages.wheels]]\n\
             url = 'https://example.com/{name}-1-py3-none-any.whl'\nhashes = {{ sha256 = '{hash}' }}\n"
        )
    };
    let lock = ["gradio", "psycopg2", "pydub", "pytesseract", "records"];
    let lock = lock.map(package).concat();
    let lock = format!("lock-version = '1.0'\ncreated-by = 'uv'\n{lock}");
    for (dependencies, system) in [
        ("'records', 'gradio'", &["libpq5"][..]),
        ("'records', 'pytesseract'", &["libpq5", "tesseract-ocr"]),
    ] {
        let cx = project(dependencies, "").file("pylock.toml", lock.clone());
        check(&cx, &[], system);
    }
}

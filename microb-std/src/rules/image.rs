//! Rules about the finished image: what they find is found by looking into it (`inspection`).

use microb::Rule;

use super::rule;

pub(crate) static MISSING_DEPENDENCY: Rule = rule(
    "MissingDependency",
    "A package whose dependency is not installed cannot be imported",
)
.error();

pub(crate) static MISSING_LIBRARY: Rule = rule(
    "MissingLibrary",
    "What needs a shared library that the image does not have cannot be loaded",
)
.error();

pub(crate) static OUTDATED_BYTECODE: Rule = rule(
    "OutdatedBytecode",
    "Python runs bytecode of the image without comparing it with its source",
)
.error();

pub(crate) static UNMET_VERSION: Rule = rule(
    "UnmetVersion",
    "A package beside a version that it does not allow may fail, today or later",
);

pub(crate) static UNRESOLVED_IMPORT: Rule = rule(
    "UnresolvedImport",
    "A program that imports what the image does not have ends as soon as it starts",
)
.error();

pub(crate) static UNSUPPORTED_PYTHON: Rule = rule(
    "UnsupportedPython",
    "The interpreter of the image should be one that the project allows",
)
.error();

pub(crate) static WRITABLE_BY_ALL: Rule = rule(
    "WritableByAll",
    "What everybody may write to, a program that was broken into can change",
);

//! What a Python module defines at its top level, by its syntax tree.

use std::collections::BTreeMap;

use microb::{SourceFile, Span};
use ruff_python_ast::{Expr, Parameters, Stmt, StmtFunctionDef, StmtImport, StmtImportFrom};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use super::framework;

/// A module of the project.
#[derive(Debug)]
pub(crate) struct Module {
    /// The name to import it by, `package.module`.
    pub(crate) name: String,
    pub(crate) file: SourceFile,
    /// What each name of the module stands for, as a dotted path: `Api` for `fastapi.FastAPI`.
    names: BTreeMap<String, String>,
    /// The modules of `from … import *`.
    stars: Vec<String>,
    /// The objects that a call makes, in order.
    pub(crate) objects: Vec<Object>,
    pub(crate) functions: Vec<Function>,
    /// Where `if __name__ == "__main__":` stands.
    pub(crate) main_guard: Option<Span>,
    /// The first statement that is no definition and does something when the module is run.
    pub(crate) statement: Option<Span>,
}

/// A variable of a module, and what made it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: String,
    /// The dotted path of the class or function that was called: `fastapi.FastAPI`, `app.main.create_app`.
    pub(crate) made_by: String,
    pub(crate) span: Span,
}

/// A function of a module.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The dotted path of what it returns, by its annotation or by its last `return`.
    pub(crate) returns: Option<String>,
    /// Whether it can be called without arguments.
    pub(crate) callable: bool,
    pub(crate) span: Span,
}

impl Module {
    /// Reads a module. `None` if it is no Python: then it is nobody's program.
    ///
    /// `package` is the package that relative imports start from.
    pub(crate) fn parse(name: &str, package: &str, file: SourceFile) -> Option<Self> {
        let parsed = parse_module(file.text()).ok()?;
        let mut module = Self {
            name: name.to_owned(),
            file,
            names: BTreeMap::new(),
            stars: Vec::new(),
            objects: Vec::new(),
            functions: Vec::new(),
            main_guard: None,
            statement: None,
        };
        module.block(&parsed.syntax().body, package);
        Some(module)
    }

    /// Whether it imports this package or a part of it.
    pub(crate) fn imports(&self, package: &str) -> bool {
        let below = format!("{package}.");
        self.names
            .values()
            .any(|path| path == package || path.starts_with(&below))
    }

    /// What a name of the module stands for, if it is not its own.
    pub(crate) fn origin(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    fn block(&mut self, body: &[Stmt], package: &str) {
        for statement in body {
            self.statement(statement, package);
        }
    }

    fn statement(&mut self, statement: &Stmt, package: &str) {
        match statement {
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import, package),
            Stmt::ClassDef(class) => {
                // An app of a subclass is an app of the class.
                let base = class
                    .arguments
                    .iter()
                    .flat_map(|all| all.args.iter())
                    .next();
                let path = base.and_then(|base| self.path(base));
                let path = path.unwrap_or_else(|| format!("{}.{}", self.name, class.name));
                self.names.insert(class.name.to_string(), path);
            }
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::Assign(assign) => {
                let Some(path) = self.called(&assign.value) else {
                    return;
                };
                for target in &assign.targets {
                    self.assign(target, &path, assign.range());
                }
            }
            Stmt::AnnAssign(assign) => {
                let annotated = self.path(&assign.annotation);
                let called = assign.value.as_ref().and_then(|value| self.called(value));
                if let (Some(path), Some(_)) = (called.or(annotated), &assign.value) {
                    self.assign(&assign.target, &path, assign.range());
                }
            }
            Stmt::If(branch) if is_main_guard(&branch.test) => {
                self.main_guard
                    .get_or_insert(self.file.span(range(&*branch.test)));
            }
            Stmt::If(branch) => {
                self.block(&branch.body, package);
                for clause in &branch.elif_else_clauses {
                    self.block(&clause.body, package);
                }
            }
            Stmt::Try(attempt) => {
                self.block(&attempt.body, package);
                self.block(&attempt.orelse, package);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    let called = self.called(&item.context_expr);
                    if let (Some(path), Some(target)) = (called, &item.optional_vars) {
                        self.assign(target, &path, item.range());
                    }
                }
                self.block(&with.body, package);
            }
            Stmt::Expr(expression)
                if matches!(*expression.value, Expr::Call(_) | Expr::Await(_)) =>
            {
                self.statement
                    .get_or_insert(self.file.span(range(expression)));
            }
            Stmt::For(_) | Stmt::While(_) => {
                self.statement
                    .get_or_insert(self.file.span(range(statement)));
            }
            _ => {}
        }
    }

    fn import(&mut self, import: &StmtImport) {
        for alias in &import.names {
            let path = alias.name.as_str();
            // `import a.b` gives the name `a`.
            let first = path.split('.').next().unwrap_or(path);
            let (name, path) = match &alias.asname {
                Some(name) => (name.as_str(), path),
                None => (first, first),
            };
            self.names.insert(name.to_owned(), path.to_owned());
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom, package: &str) {
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        let Some(from) = absolute(package, import.level, module) else {
            return;
        };
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                self.stars.push(from.clone());
                continue;
            }
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            self.names
                .insert(name.to_string(), format!("{from}.{}", alias.name));
        }
    }

    fn function(&mut self, function: &StmtFunctionDef) {
        let name = function.name.to_string();
        self.names
            .insert(name.clone(), format!("{}.{name}", self.name));
        let annotated = function
            .returns
            .as_ref()
            .and_then(|returns| self.path(returns));
        self.functions.push(Function {
            returns: annotated.or_else(|| self.returned(&function.body)),
            callable: !function.is_async && needs_nothing(&function.parameters),
            span: self.file.span(range(&function.name)),
            name,
        });
    }

    /// What a function's body returns: a call, or a variable that a call made.
    fn returned(&self, body: &[Stmt]) -> Option<String> {
        let mut local = BTreeMap::new();
        let mut names = None;
        let mut found = None;
        for statement in body {
            match statement {
                // Factories like to import what they need inside.
                Stmt::Import(import) => names.get_or_insert_with(|| self.inner()).import(import),
                Stmt::ImportFrom(import) => {
                    let package = self
                        .name
                        .rsplit_once('.')
                        .map_or("", |(package, _)| package);
                    names
                        .get_or_insert_with(|| self.inner())
                        .import_from(import, package);
                }
                Stmt::Assign(assign) => {
                    let scope = names.as_ref().unwrap_or(self);
                    if let (Some(path), [Expr::Name(name)]) =
                        (scope.called(&assign.value), assign.targets.as_slice())
                    {
                        local.insert(name.id.to_string(), path);
                    }
                }
                Stmt::AnnAssign(assign) => {
                    let scope = names.as_ref().unwrap_or(self);
                    let path = assign.value.as_ref().and_then(|value| scope.called(value));
                    if let (Some(path), Expr::Name(name)) = (path, &*assign.target) {
                        local.insert(name.id.to_string(), path);
                    }
                }
                Stmt::Return(returned) => {
                    let scope = names.as_ref().unwrap_or(self);
                    found = match returned.value.as_deref() {
                        Some(Expr::Name(name)) => local.get(name.id.as_str()).cloned(),
                        Some(value) => scope.called(value),
                        None => None,
                    };
                }
                _ => {}
            }
        }
        found
    }

    /// The module's names, to which a function adds its own.
    fn inner(&self) -> Self {
        Self {
            name: self.name.clone(),
            file: self.file.clone(),
            names: self.names.clone(),
            stars: self.stars.clone(),
            objects: Vec::new(),
            functions: Vec::new(),
            main_guard: None,
            statement: None,
        }
    }

    fn assign(&mut self, target: &Expr, path: &str, range: ruff_text_size::TextRange) {
        // `app, rt = fast_app()`: the first is the app.
        let first = match target {
            Expr::Tuple(tuple) => tuple.elts.first(),
            other => Some(other),
        };
        if let Some(Expr::Name(name)) = first {
            self.objects.push(Object {
                name: name.id.to_string(),
                made_by: path.to_owned(),
                span: self
                    .file
                    .span(range.start().to_usize()..range.end().to_usize()),
            });
        }
    }

    /// The dotted path of what a call calls, or of the app inside of another, if it is one.
    fn called(&self, value: &Expr) -> Option<String> {
        match value {
            Expr::Call(call) => self.path(&call.func),
            Expr::Await(awaited) => self.called(&awaited.value),
            Expr::Attribute(attribute) if attribute.attr.as_str() == INNER => {
                let Expr::Name(app) = &*attribute.value else {
                    return None;
                };
                let made = |object: &&Object| object.name == app.id.as_str();
                let app = self.objects.iter().find(made)?;
                Some(format!("{}.{INNER}", app.made_by))
            }
            _ => None,
        }
    }

    /// The dotted path of a name that is the module's own, unless a framework has one that a star imports.
    fn star_or_own(&self, name: &str) -> String {
        let mut paths = self.stars.iter().map(|from| format!("{from}.{name}"));
        let known = paths.find(|path| framework::of(path).is_some());
        known.unwrap_or_else(|| format!("{}.{name}", self.name))
    }

    /// The dotted path that an expression of names stands for.
    fn path(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => Some(match self.names.get(name.id.as_str()) {
                Some(path) => path.clone(),
                None => self.star_or_own(name.id.as_str()),
            }),
            Expr::Attribute(attribute) => {
                let of = self.path(&attribute.value)?;
                Some(format!("{of}.{}", attribute.attr))
            }
            _ => None,
        }
    }
}

/// The attribute by which an app gives the WSGI app inside of it: `server = app.server`.
const INNER: &str = "server";

fn range(node: &impl Ranged) -> std::ops::Range<usize> {
    node.start().to_usize()..node.end().to_usize()
}

/// `__name__ == "__main__"`, either way round.
fn is_main_guard(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else {
        return false;
    };
    let sides = [Some(&*compare.left), compare.comparators.first()];
    let is_name = |side: &Expr| matches!(side, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |side: &Expr| matches!(side, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    sides.iter().flatten().any(|side| is_name(side))
        && sides.iter().flatten().any(|side| is_main(side))
}

fn needs_nothing(parameters: &Parameters) -> bool {
    parameters
        .iter_non_variadic_params()
        .all(|parameter| parameter.default.is_some())
}

/// The absolute name behind `from ..module`; `None` above the top.
fn absolute(package: &str, level: u32, module: &str) -> Option<String> {
    if level == 0 {
        return Some(module.to_owned());
    }
    let mut parts: Vec<&str> = package.split('.').filter(|part| !part.is_empty()).collect();
    for _ in 1..level {
        parts.pop()?;
    }
    parts.extend(module.split('.').filter(|part| !part.is_empty()));
    Some(parts.join("."))
}

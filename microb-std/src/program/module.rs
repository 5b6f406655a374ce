//! What a Python module defines and calls, by its syntax tree.

use std::collections::{BTreeMap, BTreeSet};

use microb::{SourceFile, Span};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    CmpOp, Expr, ExprCall, Number, Parameters, Stmt, StmtFunctionDef, StmtIf, StmtImport,
    StmtImportFrom,
};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use super::framework;

/// A module of the project.
#[derive(Debug)]
pub(crate) struct Module {
    /// The name to import it by, `package.module`.
    pub(crate) name: String,
    pub(crate) file: SourceFile,
    /// The package that relative imports start from.
    package: String,
    /// What each name of the module stands for, as a dotted path: `Api` for `fastapi.FastAPI`.
    names: BTreeMap<String, String>,
    /// The same for names inside of functions and of the main guard.
    inner: BTreeMap<String, String>,
    /// The modules of `from … import *`.
    stars: Vec<String>,
    /// Every module that is imported anywhere, and every name that is imported from one.
    pub(crate) imports: BTreeSet<String>,
    /// Whether it imports anything by its place in a package, as `from . import x` does.
    pub(crate) is_relative: bool,
    /// The objects that a call makes, in order.
    pub(crate) objects: Vec<Object>,
    /// Where in `objects` each name is, also more than once.
    index: BTreeMap<String, Vec<usize>>,
    classes: BTreeSet<String>,
    pub(crate) functions: Vec<Function>,
    pub(crate) calls: Vec<Call>,
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
    /// The dotted paths of what the call was given.
    pub(crate) takes: Vec<String>,
    pub(crate) span: Span,
}

/// A function of a module.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The dotted path of what it returns, by its annotation or by a `return`.
    pub(crate) returns: Option<String>,
    /// Whether it can be called without arguments.
    pub(crate) callable: bool,
    pub(crate) span: Span,
}

/// A call anywhere in a module.
#[derive(Debug)]
pub(crate) struct Call {
    /// The dotted path of what is called, through calls inside of it: `ui.demo.queue.launch`.
    pub(crate) path: String,
    /// The dotted paths of what it is given, also as the text `module:name`.
    pub(crate) takes: Vec<String>,
    arguments: Vec<(Option<String>, Argument)>,
    pub(crate) scope: Scope,
    pub(crate) span: Span,
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Argument {
    Text(String),
    Number(u16),
    /// What only the running program knows.
    Other,
}

/// When a statement is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// When the module is imported.
    Module,
    /// When the module is the program.
    Guard,
    /// When a function is called.
    Function,
}

/// Why a file is no module.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// Calls at the top level that only prepare something, by their last name: modules of settings have them too.
const PREPARING: &[&str] = &[
    "add",
    "addHandler",
    "addLevelName",
    "append",
    "basicConfig",
    "captureWarnings",
    "config",
    "configure",
    "dictConfig",
    "disable",
    "extend",
    "fileConfig",
    "filterwarnings",
    "insert",
    "install",
    "load_dotenv",
    "makedirs",
    "mkdir",
    "mkdtemp",
    "patch_all",
    "register",
    "seed",
    "set_option",
    "setdefault",
    "setLevel",
    "setlocale",
    "simplefilter",
    "update",
];

impl Module {
    /// Reads a module. An error if it is no Python: then it is nobody's program.
    ///
    /// `package` is the package that relative imports start from.
    pub(crate) fn parse(name: &str, package: &str, file: SourceFile) -> Result<Self, SyntaxError> {
        let parsed = parse_module(file.text()).map_err(|error| {
            let range = range(&error.location);
            // At the end of the file there is nothing to point to.
            let end = file.text().trim_end().len();
            let start = range.start.min(end.saturating_sub(1));
            let start = (0..=start)
                .rev()
                .find(|at| file.text().is_char_boundary(*at));
            let start = start.unwrap_or_default();
            SyntaxError {
                message: error.error.to_string(),
                span: file.span(start..range.end.clamp(start, end.max(start))),
            }
        })?;
        let mut module = Self {
            name: name.to_owned(),
            file,
            package: package.to_owned(),
            names: BTreeMap::new(),
            inner: BTreeMap::new(),
            stars: Vec::new(),
            imports: BTreeSet::new(),
            is_relative: false,
            objects: Vec::new(),
            index: BTreeMap::new(),
            classes: BTreeSet::new(),
            functions: Vec::new(),
            calls: Vec::new(),
            main_guard: None,
            statement: None,
        };
        let body = &parsed.syntax().body;
        module.block(body);
        Below(&mut module).visit_body(body);
        let mut calls = Calls {
            module: &module,
            scope: Scope::Module,
            found: Vec::new(),
        };
        calls.visit_body(body);
        module.calls = calls.found;
        Ok(module)
    }

    /// Whether it imports this module or package, or a part of it.
    pub(crate) fn imports(&self, package: &str) -> bool {
        let below = format!("{package}.");
        self.imports
            .iter()
            .any(|path| path == package || path.starts_with(&below))
    }

    pub(crate) fn defines_class(&self, name: &str) -> bool {
        self.classes.contains(name)
    }

    /// The object of this name, by its place in `objects`: the last, if there are more.
    pub(crate) fn object(&self, name: &str) -> Option<usize> {
        self.index.get(name)?.last().copied()
    }

    /// The object of the same name before this one.
    pub(crate) fn before(&self, n: usize) -> Option<usize> {
        let all = self.index.get(&self.objects.get(n)?.name)?;
        all.iter().rev().find(|other| **other < n).copied()
    }

    /// What a name of the module stands for, if it is not its own.
    pub(crate) fn origin(&self, name: &str) -> Option<&str> {
        self.names.get(name).map(String::as_str)
    }

    /// The names that stand for something, each with what that is.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.names.iter();
        pairs.map(|(name, path)| (name.as_str(), path.as_str()))
    }

    fn block(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Import(import) => {
                for (name, path) in imported(import) {
                    self.names.insert(name, path);
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import),
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
                self.classes.insert(class.name.to_string());
            }
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::Assign(assign) => {
                if let Some(path) = self.called(&assign.value) {
                    let takes = self.takes_of(&assign.value);
                    for target in &assign.targets {
                        self.assign(target, &path, &takes, range(assign));
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                let annotated = self.path(&assign.annotation);
                let called = assign.value.as_ref().and_then(|value| self.called(value));
                if let (Some(path), Some(value)) = (called.or(annotated), &assign.value) {
                    let takes = self.takes_of(value);
                    self.assign(&assign.target, &path, &takes, range(assign));
                }
            }
            Stmt::If(branch) if is_main_guard(&branch.test) => {
                self.main_guard
                    .get_or_insert(self.file.span(range(&*branch.test)));
            }
            Stmt::If(branch) => {
                self.block(&branch.body);
                for clause in &branch.elif_else_clauses {
                    self.block(&clause.body);
                }
            }
            Stmt::Try(attempt) => {
                self.block(&attempt.body);
                self.block(&attempt.orelse);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    let called = self.called(&item.context_expr);
                    if let (Some(path), Some(target)) = (called, &item.optional_vars) {
                        self.assign(target, &path, &[], range(item));
                    }
                }
                self.block(&with.body);
            }
            Stmt::Expr(expression) if self.does_something(&expression.value) => {
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

    fn does_something(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Await(_) => true,
            Expr::Call(call) => self.dotted(&call.func).is_none_or(|path| {
                let name = path.rsplit('.').next().unwrap_or_default();
                !PREPARING.contains(&name) && !path.starts_with("logging.")
            }),
            _ => false,
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        for (name, path) in self.imported_from(import) {
            match path.strip_suffix(".*") {
                Some(from) => self.stars.push(from.to_owned()),
                None => drop(self.names.insert(name, path)),
            }
        }
    }

    /// The names of `from … import …`, each with its dotted path.
    fn imported_from(&self, import: &StmtImportFrom) -> Vec<(String, String)> {
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        let Some(from) = absolute(&self.package, import.level, module) else {
            return Vec::new();
        };
        let one = |alias: &ruff_python_ast::Alias| {
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            let path = match from.as_str() {
                "" => alias.name.to_string(),
                from => format!("{from}.{}", alias.name),
            };
            (name.to_string(), path)
        };
        import.names.iter().map(one).collect()
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
        let mut returns = Returns {
            module: self,
            local: BTreeMap::new(),
            found: None,
        };
        returns.visit_body(body);
        returns.found
    }

    fn assign(
        &mut self,
        target: &Expr,
        path: &str,
        takes: &[String],
        range: std::ops::Range<usize>,
    ) {
        // `app, rt = fast_app()`: the first is the app.
        let first = match target {
            Expr::Tuple(tuple) => tuple.elts.first(),
            other => Some(other),
        };
        if let Some(Expr::Name(name)) = first {
            let places = self.index.entry(name.id.to_string()).or_default();
            places.push(self.objects.len());
            self.objects.push(Object {
                name: name.id.to_string(),
                made_by: path.to_owned(),
                takes: takes.to_vec(),
                span: self.file.span(range),
            });
        }
    }

    /// The dotted path of what a call calls, or of the app inside of another, if it is one.
    fn called(&self, value: &Expr) -> Option<String> {
        match value {
            Expr::Call(call) => match &*call.func {
                // `mcp.http_app()`: by the class of the object.
                Expr::Attribute(attribute) => match self.made_by(&attribute.value) {
                    Some(made_by) => Some(format!("{made_by}.{}", attribute.attr)),
                    None => self.path(&call.func),
                },
                func => self.path(func),
            },
            Expr::Await(awaited) => self.called(&awaited.value),
            Expr::Attribute(attribute) if attribute.attr.as_str() == INNER => {
                let made_by = self.made_by(&attribute.value)?;
                Some(format!("{made_by}.{INNER}"))
            }
            _ => None,
        }
    }

    /// What made the object that an expression names.
    fn made_by(&self, value: &Expr) -> Option<&str> {
        let Expr::Name(name) = value else {
            return None;
        };
        let object = self.object(name.id.as_str())?;
        Some(&self.objects[object].made_by)
    }

    fn takes_of(&self, value: &Expr) -> Vec<String> {
        match value {
            Expr::Call(call) => self.takes(call),
            Expr::Await(awaited) => self.takes_of(&awaited.value),
            _ => Vec::new(),
        }
    }

    /// The dotted paths of what a call is given.
    fn takes(&self, call: &ExprCall) -> Vec<String> {
        let positional = call.arguments.args.iter();
        let named = call.arguments.keywords.iter().map(|named| &named.value);
        let mut taken = Vec::new();
        for value in positional.chain(named) {
            self.take(value, &mut taken);
        }
        taken
    }

    fn take(&self, value: &Expr, taken: &mut Vec<String>) {
        match value {
            Expr::StringLiteral(text) => taken.extend(object_of(text.value.to_str())),
            Expr::List(list) => list.elts.iter().for_each(|one| self.take(one, taken)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.take(one, taken)),
            Expr::Dict(dict) => dict
                .items
                .iter()
                .for_each(|one| self.take(&one.value, taken)),
            other => taken.extend(self.dotted(other)),
        }
    }

    /// The dotted path of a name that is the module's own, unless a framework has one that a star imports.
    fn star_or_own(&self, name: &str) -> String {
        let mut paths = self.stars.iter().map(|from| format!("{from}.{name}"));
        let known = paths.find(|path| framework::is_known(path));
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

    /// The same through calls, and for names inside of functions too.
    fn dotted(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => {
                let is_own = self.index.contains_key(name.id.as_str());
                let inner = self.inner.get(name.id.as_str());
                let inner = inner.filter(|_| !is_own && !self.names.contains_key(name.id.as_str()));
                inner.cloned().or_else(|| self.path(expression))
            }
            Expr::Attribute(attribute) => {
                let of = self.dotted(&attribute.value)?;
                Some(format!("{of}.{}", attribute.attr))
            }
            Expr::Call(call) => self.dotted(&call.func),
            Expr::Await(awaited) => self.dotted(&awaited.value),
            _ => None,
        }
    }
}

impl Call {
    /// The last part of its path: `launch`.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// The argument of one of these names, or at this place among those without a name.
    pub(crate) fn argument(&self, names: &[&str], place: Option<usize>) -> Option<&Argument> {
        let is_named = |name: &Option<String>| {
            let name = name.as_deref();
            name.is_some_and(|name| names.contains(&name))
        };
        let named = self.arguments.iter().find(|(name, _)| is_named(name));
        let mut unnamed = self.arguments.iter().filter(|(name, _)| name.is_none());
        let found = named.or_else(|| unnamed.nth(place?));
        found.map(|(_, value)| value)
    }

    /// Whether it has arguments that only the running program knows the names of: `run(**options)`.
    pub(crate) fn is_open(&self) -> bool {
        let open = |(name, _): &(Option<String>, Argument)| name.as_deref() == Some("**");
        self.arguments.iter().any(open)
    }
}

/// What is imported and assigned below the top level.
struct Below<'m>(&'m mut Module);

impl<'a> Visitor<'a> for Below<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let module = &mut *self.0;
        match statement {
            Stmt::Import(import) => {
                module
                    .imports
                    .extend(import.names.iter().map(|alias| alias.name.to_string()));
                module.inner.extend(imported(import));
            }
            Stmt::ImportFrom(import) => {
                module.is_relative |= import.level > 0;
                let pairs = module.imported_from(import);
                let from = pairs.iter().filter_map(|(_, path)| path.rsplit_once('.'));
                module.imports.extend(from.map(|(from, _)| from.to_owned()));
                let names = pairs.iter().map(|(_, path)| path.clone());
                module.imports.extend(names);
                module.inner.extend(pairs);
            }
            Stmt::Assign(assign) => {
                if let (Some(path), [Expr::Name(name)]) =
                    (module.called(&assign.value), assign.targets.as_slice())
                {
                    module.inner.insert(name.id.to_string(), path);
                }
            }
            Stmt::With(with) => {
                for item in &with.items {
                    let called = module.called(&item.context_expr);
                    if let (Some(path), Some(Expr::Name(name))) =
                        (called, item.optional_vars.as_deref())
                    {
                        module.inner.insert(name.id.to_string(), path);
                    }
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }
}

/// All calls of a module.
struct Calls<'m> {
    module: &'m Module,
    scope: Scope,
    found: Vec<Call>,
}

impl Calls<'_> {
    fn within(&mut self, scope: Scope, visit: impl FnOnce(&mut Self)) {
        let before = self.scope;
        // What a function has stays in the function.
        if before != Scope::Function {
            self.scope = scope;
        }
        visit(self);
        self.scope = before;
    }

    fn guarded(&mut self, branch: &StmtIf) {
        self.within(Scope::Guard, |calls| calls.visit_body(&branch.body));
        for clause in &branch.elif_else_clauses {
            self.visit_body(&clause.body);
        }
    }
}

impl<'a> Visitor<'a> for Calls<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(_) => self.within(Scope::Function, |calls| {
                visitor::walk_stmt(calls, statement);
            }),
            Stmt::If(branch) if is_main_guard(&branch.test) => self.guarded(branch),
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Some(path) = self.module.dotted(&call.func)
        {
            let unnamed = call.arguments.args.iter().map(|value| (None, value));
            let named = call.arguments.keywords.iter().map(|keyword| {
                let name = keyword.arg.as_ref().map_or("**", |name| name.as_str());
                (Some(name.to_owned()), &keyword.value)
            });
            let arguments = unnamed.chain(named);
            self.found.push(Call {
                path,
                takes: self.module.takes(call),
                arguments: arguments
                    .map(|(name, value)| (name, argument(value)))
                    .collect(),
                scope: self.scope,
                span: self.module.file.span(range(call)),
            });
        }
        visitor::walk_expr(self, expression);
    }
}

/// What a function returns.
struct Returns<'m> {
    module: &'m Module,
    /// What the names inside of the function stand for, and what made them.
    local: BTreeMap<String, String>,
    found: Option<String>,
}

impl Returns<'_> {
    /// The dotted path of what a call calls, with the names of the function.
    fn called(&self, value: &Expr) -> Option<String> {
        match value {
            Expr::Call(call) => {
                let path = self.path(&call.func)?;
                if framework::of(&path).is_some() {
                    return Some(path);
                }
                // `app = ProxyFix(app)`: what is around an app is one.
                let taken = call.arguments.args.iter().filter_map(|value| {
                    let Expr::Name(name) = value else { return None };
                    self.local.get(name.id.as_str())
                });
                let inner = taken.into_iter().find(|path| framework::of(path).is_some());
                Some(inner.cloned().unwrap_or(path))
            }
            Expr::Await(awaited) => self.called(&awaited.value),
            _ => None,
        }
    }

    fn path(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => match self.local.get(name.id.as_str()) {
                Some(path) => Some(path.clone()),
                None => self.module.path(expression),
            },
            Expr::Attribute(attribute) => {
                let of = self.path(&attribute.value)?;
                Some(format!("{of}.{}", attribute.attr))
            }
            _ => None,
        }
    }

    fn assign(&mut self, target: &Expr, value: &Expr) {
        if let (Some(path), Expr::Name(name)) = (self.called(value), target) {
            self.local.insert(name.id.to_string(), path);
        }
    }
}

impl<'a> Visitor<'a> for Returns<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // Factories like to import what they need inside.
            Stmt::Import(import) => self.local.extend(imported(import)),
            Stmt::ImportFrom(import) => self.local.extend(self.module.imported_from(import)),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value);
                }
            }
            Stmt::Return(returned) => {
                let path = match returned.value.as_deref() {
                    Some(Expr::Name(name)) => self.local.get(name.id.as_str()).cloned(),
                    Some(value) => self.called(value),
                    None => None,
                };
                // The last one that says anything: what comes before may be for a special case.
                self.found = path.or(self.found.take());
            }
            // What is inside of these returns something else.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(target) = &item.optional_vars {
                        self.assign(target, &item.context_expr);
                    }
                }
                visitor::walk_stmt(self, statement);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// The attribute by which an app gives the WSGI app inside of it: `server = app.server`.
const INNER: &str = "server";

fn range(node: &impl Ranged) -> std::ops::Range<usize> {
    node.start().to_usize()..node.end().to_usize()
}

/// The names of `import …`, each with its dotted path: `import a.b` gives the name `a`.
fn imported(import: &StmtImport) -> Vec<(String, String)> {
    let one = |alias: &ruff_python_ast::Alias| {
        let path = alias.name.as_str();
        let first = path.split('.').next().unwrap_or(path);
        let (name, path) = match &alias.asname {
            Some(name) => (name.as_str(), path),
            None => (first, first),
        };
        (name.to_owned(), path.to_owned())
    };
    import.names.iter().map(one).collect()
}

/// The dotted path of an object that is named as servers have it: `package.module:object`.
fn object_of(text: &str) -> Option<String> {
    let is_name = |part: &str| {
        let mut chars = part.chars();
        let is_first = |c: char| c.is_alphabetic() || c == '_';
        chars.next().is_some_and(is_first) && chars.all(|c| c.is_alphanumeric() || c == '_')
    };
    let (module, object) = text.split_once(':')?;
    (module.split('.').all(is_name) && is_name(object)).then(|| format!("{module}.{object}"))
}

fn argument(value: &Expr) -> Argument {
    match value {
        Expr::StringLiteral(text) => Argument::Text(text.value.to_str().to_owned()),
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => int.as_u16().map_or(Argument::Other, Argument::Number),
            _ => Argument::Other,
        },
        _ => Argument::Other,
    }
}

/// `__name__ == "__main__"`, either way round, alone or beside other conditions; also `__name__ in {"__main__", …}`.
fn is_main_guard(test: &Expr) -> bool {
    let is_name = |side: &Expr| matches!(side, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |side: &Expr| matches!(side, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    let compare = match test {
        Expr::BoolOp(conditions) => return conditions.values.iter().any(is_main_guard),
        Expr::Compare(compare) => compare,
        _ => return false,
    };
    let [right] = &*compare.comparators else {
        return false;
    };
    match (&*compare.ops, right) {
        ([CmpOp::Eq], right) => {
            let left = &*compare.left;
            (is_name(left) && is_main(right)) || (is_main(left) && is_name(right))
        }
        ([CmpOp::In], Expr::Set(set)) => is_name(&compare.left) && set.elts.iter().any(is_main),
        ([CmpOp::In], Expr::Tuple(all)) => is_name(&compare.left) && all.elts.iter().any(is_main),
        ([CmpOp::In], Expr::List(all)) => is_name(&compare.left) && all.elts.iter().any(is_main),
        _ => false,
    }
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

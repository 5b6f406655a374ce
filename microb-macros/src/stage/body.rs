//! The statements of a stage: each expression becomes a step, everything else is Rust's.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::visit_mut::{VisitMut, visit_macro_mut};
use syn::{Attribute, Block, Expr, Macro, Stmt};

use super::dockerfile;
use crate::literals::Literals;
use crate::report::Reports;

/// Reads the statements; none if they are no Rust, after that was reported.
pub(super) fn read(input: TokenStream, reports: &mut Reports) -> Option<Vec<Stmt>> {
    if let Ok(mut statements) = Block::parse_within.parse2(input.clone()) {
        for statement in &mut statements {
            OwnEnv.visit_stmt_mut(statement);
            Literals(reports).visit_stmt_mut(statement);
        }
        return Some(statements);
    }
    let tokens: Vec<TokenTree> = input.into_iter().collect();
    let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ';');
    for statements in tokens.split_inclusive(is_end) {
        report_syntax(statements, reports);
    }
    None
}

fn report_syntax(statements: &[TokenTree], reports: &mut Reports) {
    if let Err(error) = Block::parse_within.parse2(statements.iter().cloned().collect()) {
        match dockerfile::line(statements) {
            Some((word, help)) => {
                reports.at(
                    word,
                    format!("`{word}` is a line of a Dockerfile, and here is Rust"),
                    help,
                );
            }
            None => reports.add(explained(error, statements)),
        }
    }
}

/// The compiler's words, where we have no better ones; an end that came too early is shown there, not as the whole macro.
fn explained(error: syn::Error, statements: &[TokenTree]) -> syn::Error {
    let message = error.to_string();
    if message.contains("expected `;`") && !message.contains("end of input") {
        let missing = "a `;` is missing before this\nhelp: end the step before it with a `;`";
        return syn::Error::new(error.span(), missing);
    }
    match statements.last() {
        Some(last) if message.contains("end of input") => syn::Error::new(last.span(), message),
        _ => error,
    }
}

/// Makes `env!` the language's. Alone in scope is the standard library's, which takes a string and nothing else.
struct OwnEnv;

impl VisitMut for OwnEnv {
    fn visit_macro_mut(&mut self, invocation: &mut Macro) {
        let is_string = syn::parse2::<syn::LitStr>(invocation.tokens.clone()).is_ok();
        if let Some(name) = invocation.path.get_ident()
            && name == "env"
            && !is_string
        {
            let span = name.span();
            let path = quote_spanned!(span=> ::microb::#name);
            if let Ok(path) = syn::parse2(path) {
                invocation.path = path;
            }
        }
        visit_macro_mut(self, invocation);
    }
}

/// Turns expressions into steps.
pub(super) struct Body<'a> {
    steps: &'a Ident,
    reports: &'a mut Reports,
}

impl<'a> Body<'a> {
    pub(super) fn new(steps: &'a Ident, reports: &'a mut Reports) -> Self {
        Self { steps, reports }
    }

    /// Changes a list of statements, and says whether it has steps.
    pub(super) fn list(&mut self, statements: &mut [Stmt]) -> bool {
        self.refuse_second(statements);
        let mut is_pushed = false;
        for statement in statements {
            match statement {
                Stmt::Local(_) | Stmt::Item(_) => {}
                Stmt::Macro(invocation) if never_returns(&invocation.mac) => {}
                Stmt::Macro(invocation) => {
                    let attributes = std::mem::take(&mut invocation.attrs);
                    let invocation = &invocation.mac;
                    let push = self.push(&attributes, &quote!(#invocation), invocation.span());
                    *statement = Stmt::Expr(push, Some(syn::token::Semi::default()));
                    is_pushed = true;
                }
                Stmt::Expr(expression, semicolon) => {
                    is_pushed |= self.expression(expression);
                    if matches!(expression, Expr::Verbatim(_)) {
                        semicolon.get_or_insert_default();
                    }
                }
            }
        }
        is_pushed
    }

    fn expression(&mut self, expression: &mut Expr) -> bool {
        match expression {
            Expr::If(branches) => {
                let then = self.list(&mut branches.then_branch.stmts);
                let otherwise = branches.else_branch.as_mut();
                otherwise.is_some_and(|(_, branch)| self.expression(branch)) | then
            }
            Expr::ForLoop(repeated) => self.list(&mut repeated.body.stmts),
            Expr::While(repeated) => self.list(&mut repeated.body.stmts),
            Expr::Loop(repeated) => self.list(&mut repeated.body.stmts),
            Expr::Block(inner) => self.list(&mut inner.block.stmts),
            Expr::Match(choice) => {
                let mut is_pushed = false;
                for arm in &mut choice.arms {
                    is_pushed |= self.expression(&mut arm.body);
                }
                is_pushed
            }
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) | Expr::Assign(_) => false,
            Expr::Binary(binary) if is_assignment(&binary.op) => false,
            Expr::Macro(invocation) if never_returns(&invocation.mac) => false,
            step => {
                let attributes = take_attributes(step);
                *step = self.push(&attributes, &quote!(#step), step.span());
                true
            }
        }
    }

    fn push(&self, attributes: &[Attribute], step: &TokenStream, span: Span) -> Expr {
        let steps = self.steps;
        // With this span a message about something that is no step points to it, not to the whole macro.
        let into_steps = quote_spanned!(span=> ::microb::IntoSteps::into_steps);
        Expr::Verbatim(quote! {
            #(#attributes)* ::std::iter::Extend::extend(&mut #steps, #into_steps(#step))
        })
    }

    /// Reports the second of what an image has once, in one straight line of steps.
    fn refuse_second(&mut self, statements: &[Stmt]) {
        let mut seen = BTreeSet::new();
        for statement in statements {
            let names = match statement {
                Stmt::Expr(expression, _) => names(expression),
                Stmt::Macro(invocation) => last(&invocation.mac.path).into_iter().collect(),
                Stmt::Local(_) | Stmt::Item(_) => Vec::new(),
            };
            for name in names {
                let is_single = ["entrypoint", "cmd", "healthcheck"]
                    .iter()
                    .any(|one| name == one);
                if is_single && !seen.insert(name.to_string()) {
                    let message =
                        format!("a second `{name}`, and an image has one: the first would be lost");
                    self.reports.at(name, message, "remove one of the two");
                }
            }
        }
    }
}

/// The names of the functions or macros that make an expression's steps.
fn names(expression: &Expr) -> Vec<&Ident> {
    match expression {
        Expr::MethodCall(call) => names(&call.receiver),
        Expr::Paren(inner) => names(&inner.expr),
        Expr::Tuple(several) => several.elems.iter().flat_map(names).collect(),
        Expr::Macro(invocation) => last(&invocation.mac.path).into_iter().collect(),
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) => last(&function.path).into_iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn last(path: &syn::Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// Whether a macro ends the function, so that its value cannot be a step.
fn never_returns(invocation: &Macro) -> bool {
    let ends = ["panic", "todo", "unimplemented", "unreachable"];
    last(&invocation.path).is_some_and(|name| ends.iter().any(|one| name == one))
}

fn is_assignment(operator: &syn::BinOp) -> bool {
    use syn::BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign,
        ShlAssign, ShrAssign, SubAssign,
    };
    matches!(
        operator,
        AddAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | DivAssign(_)
            | MulAssign(_)
            | RemAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
            | SubAssign(_)
    )
}

/// Attributes such as `#[cfg(…)]` belong to the statement, not to the argument that an expression becomes.
fn take_attributes(expression: &mut Expr) -> Vec<Attribute> {
    match expression {
        Expr::Call(call) => std::mem::take(&mut call.attrs),
        Expr::Macro(invocation) => std::mem::take(&mut invocation.attrs),
        Expr::MethodCall(call) => std::mem::take(&mut call.attrs),
        Expr::Path(path) => std::mem::take(&mut path.attrs),
        Expr::Tuple(several) => std::mem::take(&mut several.attrs),
        _ => Vec::new(),
    }
}

//! Literals in the methods after the language's functions and macros: modes and checksums.

use microb_dsl::grammar;
use syn::visit_mut::{VisitMut, visit_expr_method_call_mut};
use syn::{Expr, ExprMethodCall, Lit, LitInt, Path};

use crate::list::literal;
use crate::report::Reports;

/// What makes something that has a mode: steps, and mounts.
const WITH_MODE: [&str; 7] = ["add", "cache", "copy", "mkdir", "mkfile", "secret", "ssh"];

/// Reports what is wrong with them, wherever in an expression they are. Changes nothing.
pub(crate) struct Literals<'a>(pub(crate) &'a mut Reports);

impl VisitMut for Literals<'_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        if let (Some(argument), 1) = (call.args.first(), call.args.len()) {
            let function = function(&call.receiver);
            let function = function.as_deref().unwrap_or_default();
            if call.method == "mode" && WITH_MODE.contains(&function) {
                self.mode(argument);
            } else if call.method == "checksum" {
                self.checksum(function, argument);
            }
        }
        visit_expr_method_call_mut(self, call);
    }
}

impl Literals<'_> {
    /// Rust reads `644` as a decimal number, which is the mode 1204.
    fn mode(&mut self, argument: &Expr) {
        let Expr::Lit(written) = argument else { return };
        let Lit::Int(number) = &written.lit else {
            return;
        };
        let digits = number.base10_digits();
        let text = number.to_string();
        let octal = text.starts_with("0o");
        if !octal && digits != "0" {
            let help = match grammar::octal_mode(&bare(number)) {
                Ok(mode) => format!("write `0o{mode:o}`"),
                Err(_) => "write an octal number, for instance `0o644`".to_owned(),
            };
            let message = format!("`{text}` is no octal number, and a mode is one");
            self.0.at(number, message, help);
        } else if !digits.parse::<u32>().is_ok_and(|mode| mode <= 0o7777) {
            let message = format!("`{text}` is no file mode: the highest is `0o7777`");
            self.0.at(number, message, "write for instance `0o644`");
        }
    }

    fn checksum(&mut self, function: &str, argument: &Expr) {
        let Some(text) = literal(argument) else {
            return;
        };
        let checked = match function {
            "http" => grammar::digest(&text.value()),
            "git" => grammar::commit(&text.value()),
            _ => return,
        };
        if let Err(mistake) = checked {
            self.0.inside(text, &mistake);
        }
    }
}

/// The digits as they are written, without separators and suffix.
fn bare(number: &LitInt) -> String {
    let text = number.to_string().replace('_', "");
    text.trim_end_matches(number.suffix()).to_owned()
}

/// The name of the function or macro whose result the methods are called on.
fn function(receiver: &Expr) -> Option<String> {
    let last = |path: &Path| Some(path.segments.last()?.ident.to_string());
    match receiver {
        Expr::MethodCall(call) => function(&call.receiver),
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) => last(&function.path),
            _ => None,
        },
        Expr::Macro(invocation) => last(&invocation.mac.path),
        Expr::Paren(inner) => function(&inner.expr),
        _ => None,
    }
}

//! The arguments of `#[table(…)]`, `#[key(…)]` and `#[choice(…)]`.

use microb_dsl::nearest;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token};

use crate::list::arguments;
use crate::report::Reports;

/// `name`, `name = value`, or a value.
struct Argument {
    name: Option<Ident>,
    value: Option<TokenStream>,
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if !input.peek(Ident::peek_any) {
            return Ok(Self {
                name: None,
                value: Some(input.parse::<Expr>()?.into_token_stream()),
            });
        }
        let name = Ident::parse_any(input)?;
        let value = match input.parse::<Option<Token![=]>>()? {
            // The path `crate` alone is no expression.
            Some(_) if input.peek(Token![crate]) => {
                Some(input.parse::<Path>()?.into_token_stream())
            }
            Some(_) => Some(input.parse::<Expr>()?.into_token_stream()),
            None => None,
        };
        Ok(Self {
            name: Some(name),
            value,
        })
    }
}

/// The arguments of an attribute that may stand several times.
pub(super) struct Arguments {
    attribute: &'static str,
    all: Vec<Argument>,
}

impl Arguments {
    pub(super) fn of(attributes: &[Attribute], name: &'static str, reports: &mut Reports) -> Self {
        let mut all = Vec::new();
        for attribute in attributes.iter().filter(|one| one.path().is_ident(name)) {
            match &attribute.meta {
                Meta::List(list) => all.extend(arguments::<Argument>(list.tokens.clone(), reports)),
                meta => {
                    let value = match (name, meta) {
                        ("table", Meta::NameValue(pair)) => {
                            pair.value.to_token_stream().to_string()
                        }
                        ("table", _) => "\"tool.NAME\"".to_owned(),
                        _ => "name = …".to_owned(),
                    };
                    let help = format!("write `#[{name}({value})]`");
                    reports.at(meta, format!("`{name}` without parentheses"), help);
                }
            }
        }
        Self {
            attribute: name,
            all,
        }
    }

    /// A string without a name in front, as the first argument.
    pub(super) fn leading_string(&mut self) -> Option<LitStr> {
        let first = self.all.first()?;
        let text = syn::parse2(first.value.clone()?)
            .ok()
            .filter(|_| first.name.is_none())?;
        self.all.remove(0);
        Some(text)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all
            .iter()
            .any(|one| one.name.as_ref().is_some_and(|found| found == name))
    }

    /// Takes the argument of this name. More than one is a mistake.
    fn take(&mut self, name: &str, reports: &mut Reports) -> Option<Argument> {
        let mut taken = None;
        let mut rest = Vec::new();
        for argument in self.all.drain(..) {
            match &argument.name {
                Some(found) if found == name => {
                    if taken.is_some() {
                        reports.at(found, format!("`{name}` is here twice"), "remove one");
                    } else {
                        taken = Some(argument);
                    }
                }
                _ => rest.push(argument),
            }
        }
        self.all = rest;
        taken
    }

    fn value(&mut self, name: &str, example: &str, reports: &mut Reports) -> Option<TokenStream> {
        let argument = self.take(name, reports)?;
        if argument.value.is_none() {
            let help = format!("write `{name} = {example}`");
            reports.at(&argument.name, format!("`{name}` lacks a value"), help);
        }
        argument.value
    }

    /// The value of an argument, which is `what`.
    fn parsed<T: Parse>(
        &mut self,
        name: &str,
        what: &str,
        example: &str,
        reports: &mut Reports,
    ) -> Option<T> {
        let value = self.value(name, example, reports)?;
        let parsed = syn::parse2(value.clone()).ok();
        if parsed.is_none() {
            let help = format!("write `{name} = {example}`");
            reports.at(value, format!("`{name}` is {what}"), help);
        }
        parsed
    }

    pub(super) fn string(
        &mut self,
        name: &str,
        example: &str,
        reports: &mut Reports,
    ) -> Option<LitStr> {
        self.parsed(name, "a string", example, reports)
    }

    pub(super) fn path(&mut self, name: &str, reports: &mut Reports) -> Option<Path> {
        self.parsed(name, "a path", "path::of::it", reports)
    }

    /// A function of `&str`, by its path or as a closure.
    pub(super) fn function(&mut self, name: &str, reports: &mut Reports) -> Option<Expr> {
        let function = self.parsed(name, "a function", "absolute_path", reports)?;
        if !matches!(function, Expr::Path(_) | Expr::Closure(_)) {
            let help = format!("write a function of `&str`: `{name} = absolute_path`");
            reports.at(&function, format!("`{name}` is a function"), help);
        }
        Some(function)
    }

    /// A literal, or a list of them, as TOML writes it.
    pub(super) fn toml(&mut self, name: &str, reports: &mut Reports) -> Option<String> {
        let what = "a value as the user would write it";
        let value: Expr = self.parsed(name, what, "\"payments\"", reports)?;
        let text = toml(&value);
        if text.is_none() {
            let help = format!("write a literal or an array of literals: `{name} = \"payments\"`");
            reports.at(value, format!("`{name}` is {what}"), help);
        }
        text
    }

    /// An expression for the value of an argument. A string may stand for whatever is made of one; the name alone is the default of the type.
    pub(super) fn expression(&mut self, name: &str, reports: &mut Reports) -> Option<TokenStream> {
        let Some(value) = self.take(name, reports)?.value else {
            return Some(quote!(::core::default::Default::default()));
        };
        Some(match syn::parse2::<LitStr>(value.clone()) {
            Ok(text) => quote!(::core::convert::Into::into(#text)),
            Err(_) => value,
        })
    }

    /// Reports what was not taken.
    pub(super) fn end(self, known: &[&str], example: &str, reports: &mut Reports) {
        let attribute = self.attribute;
        for argument in self.all {
            let Some(name) = argument.name else {
                let message = format!("`{attribute}` takes no value here");
                reports.at(argument.value, message, format!("write `#[{example}]`"));
                continue;
            };
            let help = match nearest(&name.to_string(), known.iter().copied()) {
                Some(near) => format!("write `{near}`"),
                None => format!("`{attribute}` takes `{}`", known.join("`, `")),
            };
            reports.at(&name, format!("`{attribute}` knows no `{name}`"), help);
        }
    }
}

fn toml(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(text) => Some(quoted(&text.value())),
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Float(number) => Some(number.base10_digits().to_owned()),
            Lit::Bool(value) => Some(value.value.to_string()),
            _ => None,
        },
        Expr::Array(array) => {
            let items: Option<Vec<_>> = array.elems.iter().map(toml).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            Some(format!("-{}", toml(&unary.expr)?))
        }
        _ => None,
    }
}

/// A basic string of TOML: <https://toml.io/en/v1.0.0#string>.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

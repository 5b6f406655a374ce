//! The entries of `run`, as they stand in the file.

use microb::Spanned;
use microb::grammar::absolute_path;
use serde_json::json;

use crate::config::{OwnSecret, OwnStep};
use crate::table::{Entry, Schema, Table, Value};
use crate::target_table::secret_id;
use crate::words;

/// A command with what it sees.
#[derive(Table)]
#[table(crate = crate::table)]
struct StepTable {
    /// The program and its arguments, as a list of words.
    #[key(example = ["npm", "run", "build"])]
    command: Spanned<Vec<String>>,
    /// Build secrets that it sees: an id, whose value is in `/run/secrets/ID`, or a table with `id` and `env` or `target`.
    secrets: Vec<WrittenSecret>,
    /// Whether it can use the agent of `docker build --ssh default`.
    #[key(default = false)]
    ssh: bool,
    /// Whether it has a network.
    #[key(default = true)]
    network: bool,
}

/// A build secret of a command.
#[derive(Table)]
#[table(crate = crate::table)]
struct SecretTable {
    /// The `ID` of `docker build --secret id=ID,…`.
    #[key(example = "npm_token", pattern = r#"^[^\s,"]+$"#, check = secret_id)]
    id: Spanned<String>,
    /// A variable that has the value.
    #[key(example = "NPM_TOKEN", pattern = r"^[A-Za-z_][A-Za-z0-9_]*$", check = variable)]
    env: Option<String>,
    /// A file that has the value, if it is not `/run/secrets/ID`.
    #[key(example = "/root/.npmrc", pattern = "^/", check = absolute_path)]
    target: Option<String>,
}

/// A step as a list of words, or as a table.
pub(crate) struct WrittenStep(pub(crate) OwnStep);

impl Value for WrittenStep {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let step = match entry.table_if_any() {
            Some(table) => {
                let table = StepTable::from_keys(&table)?;
                OwnStep {
                    command: table.command,
                    secrets: table.secrets.into_iter().map(|secret| secret.0).collect(),
                    ssh: table.ssh,
                    network: table.network,
                }
            }
            None if entry.is_string() => {
                let written = entry.string()?;
                let error = "a command is a list of words, found a string";
                let error = microb::Diagnostic::error(error).at(&written.span);
                let is_one_word = written.value.split_whitespace().count() == 1;
                entry.report(error.help(if is_one_word {
                    "write each command as a list in the list: `run = [[\"pytest\", \"-q\"]]`"
                        .to_owned()
                } else {
                    format!("write `{}`", words::list(&written.value))
                }));
                return None;
            }
            None => OwnStep {
                command: Spanned::read(entry)?,
                secrets: Vec::new(),
                ssh: false,
                network: true,
            },
        };
        let program = step.command.value.first();
        if program.is_none_or(String::is_empty) {
            let error = microb::Diagnostic::error("the command has no program");
            let error = error.at(&step.command.span);
            entry.report(error.help("write for instance `[\"pytest\"]`"));
            return None;
        }
        Some(Self(step))
    }

    fn schema() -> Schema {
        let words = Vec::<String>::schema().with("minItems", json!(1));
        words.or(StepTable::schema()).example("[\"pytest\"]")
    }
}

/// A secret by its id, or as a table.
struct WrittenSecret(OwnSecret);

impl Value for WrittenSecret {
    fn read(entry: &Entry<'_>) -> Option<Self> {
        let Some(table) = entry.table_if_any() else {
            entry.parse(secret_id)?;
            return Some(Self(OwnSecret {
                id: Spanned::read(entry)?,
                env: None,
                target: None,
            }));
        };
        let SecretTable { id, env, target } = SecretTable::from_keys(&table)?;
        Some(Self(OwnSecret { id, env, target }))
    }

    fn schema() -> Schema {
        let id = Schema::string().pattern(r#"^[^\s,"]+$"#);
        id.or(SecretTable::schema()).example("\"npm_token\"")
    }
}

/// The name of a variable, as POSIX has it.
fn variable(text: &str) -> Result<(), microb::grammar::Mistake> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(is_letter)
    {
        return Ok(());
    }
    let message = format!("`{}` is no name of a variable", crate::tree::escape(text));
    Err(microb::grammar::Mistake::new(message, 0..text.len())
        .help("write for instance `NPM_TOKEN`"))
}

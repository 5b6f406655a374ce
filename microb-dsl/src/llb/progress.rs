//! The lines of progress.

/// How one stage is numbered in progress: `[builder 2/5] RUN …`.
pub(super) struct Numbering {
    prefix: String,
    next: usize,
    total: usize,
}

impl Numbering {
    /// The name as progress shows it; `platform` only where there is more than one.
    pub(super) fn new(stage: &str, platform: Option<String>, total: usize) -> Self {
        let prefix: Vec<String> = platform
            .into_iter()
            .chain((!stage.is_empty()).then(|| stage.to_owned()))
            .map(|part| part + " ")
            .collect();
        Self {
            prefix: prefix.concat(),
            next: 1,
            total,
        }
    }

    /// The next line. The number is padded to the width of the total, as in Docker.
    pub(super) fn line(&mut self, what: &str) -> String {
        let width = self.total.to_string().len();
        let line = format!(
            "[{}{:width$}/{}] {what}",
            self.prefix, self.next, self.total
        );
        self.next += 1;
        line
    }
}

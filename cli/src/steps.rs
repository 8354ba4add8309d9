//! Shows the steps of long work while it goes on.

use agent::{Stage, Step};

use crate::output::{Output, mark, marked};

/// Prints steps the way the reader wants them.
#[derive(Debug)]
pub(crate) struct StepPrinter {
    output: Output,
    /// With `--json`: a document a step.
    as_documents: bool,
    /// Stages and lines, for work that acts.
    in_full: bool,
    prose_was_shown: bool,
    in_prose: bool,
}

impl StepPrinter {
    /// Makes a printer for work that only reads: a person at a terminal sees what it waits for.
    pub(crate) fn for_reading(output: Output) -> Self {
        let in_full = output.errors_are_watched() && !output.json;
        Self {
            output,
            as_documents: false,
            in_full,
            prose_was_shown: false,
            in_prose: false,
        }
    }

    /// Makes a printer for work that acts: every step is shown.
    pub(crate) fn for_acting(output: Output) -> Self {
        Self {
            output,
            as_documents: output.json,
            in_full: !output.json,
            prose_was_shown: false,
            in_prose: false,
        }
    }

    /// Shows a step.
    pub(crate) fn show(&mut self, step: &Step) {
        if self.as_documents {
            self.output.document(step);
            return;
        }
        match step {
            // The piece belongs to the answer, which is on standard output.
            Step::Text { text } if self.output.is_watched() => {
                self.output.piece(text);
                self.prose_was_shown = true;
                self.in_prose = true;
            }
            Step::Text { .. } => {}
            Step::Stage { stage, text } if self.in_full => {
                self.end_prose();
                self.output.remark(&format!(
                    "{} {text}",
                    marked(mark::DIM, &format!("{:>9}", word(*stage)))
                ));
            }
            Step::Line { text } if self.in_full => {
                self.end_prose();
                self.output
                    .remark(&format!("{} {text}", marked(mark::DIM, "        |")));
            }
            Step::Stage { .. } | Step::Line { .. } => {}
        }
    }

    /// Ends what is open; tells whether the model's text was shown.
    pub(crate) fn finish(&mut self) -> bool {
        self.end_prose();
        self.prose_was_shown
    }

    fn end_prose(&mut self) {
        if std::mem::take(&mut self.in_prose) {
            self.output.piece("\n\n");
        }
    }
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Lock => "lock",
        Stage::Command => "command",
        Stage::Gate => "health",
        Stage::Rollback => "roll back",
        Stage::RollbackGate => "health",
        Stage::Record => "record",
        Stage::Gather => "gather",
        Stage::Model => "model",
    }
}

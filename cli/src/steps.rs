//! Shows the steps of long work while it goes on.

use agent::{Stage, Step};

use crate::output::{Output, mark, marked};

/// Which steps are shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    /// None but the model's text.
    Nothing,
    /// Stages and lines on standard error.
    Lines,
    /// A document each on standard output.
    Documents,
}

/// Prints steps the way the reader wants them.
#[derive(Debug)]
pub(crate) struct StepPrinter {
    output: Output,
    showing: Showing,
    prose_was_shown: bool,
    in_prose: bool,
}

impl StepPrinter {
    /// Makes a printer for work that only reads: a person at a terminal sees what it waits for.
    pub(crate) fn for_reading(output: Output) -> Self {
        let is_seen = output.errors_are_watched() && !output.json;
        Self::new(
            output,
            if is_seen {
                Showing::Lines
            } else {
                Showing::Nothing
            },
        )
    }

    /// Makes a printer for work that acts: every step is shown.
    pub(crate) fn for_acting(output: Output) -> Self {
        Self::new(
            output,
            if output.json {
                Showing::Documents
            } else {
                Showing::Lines
            },
        )
    }

    fn new(output: Output, showing: Showing) -> Self {
        Self {
            output,
            showing,
            prose_was_shown: false,
            in_prose: false,
        }
    }

    /// Shows a step.
    pub(crate) fn show(&mut self, step: &Step) {
        if self.showing == Showing::Documents {
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
            Step::Stage { stage, text } if self.showing == Showing::Lines => {
                self.end_prose();
                self.output.remark(&format!(
                    "{} {text}",
                    marked(mark::DIM, &format!("{:>9}", word(*stage)))
                ));
            }
            Step::Line { text } if self.showing == Showing::Lines => {
                self.end_prose();
                self.output
                    .remark(&format!("{} {text}", marked(mark::DIM, "        |")));
            }
            Step::Text { .. } | Step::Stage { .. } | Step::Line { .. } => {}
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
        Stage::Rollback => "roll back",
        Stage::Gate | Stage::RollbackGate => "health",
        Stage::Record => "record",
        Stage::Gather => "gather",
        Stage::Model => "model",
    }
}

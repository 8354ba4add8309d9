//! One message that follows work through its steps.

use std::collections::VecDeque;
use std::time::Duration;

use agent::{Stage, Step};
use tokio::time::Instant;

use crate::face::Face;
use crate::text::{Message, Page, shorten};
use crate::wire::{Place, Trouble};

/// Least time between two edits: edits count as messages.
const PACE: Duration = Duration::from_secs(2);
/// The same in a group, which may get twenty messages a minute.
const GROUP_PACE: Duration = Duration::from_secs(4);
/// How many stages and printed lines are shown.
const STAGES: usize = 8;
const PRINTED: usize = 6;
/// How much of the model's text is shown while it writes, UTF-16 units.
const PROSE: usize = 3_000;

/// A message that changes while work goes on. It is not sent before there is something to show.
#[derive(Debug)]
pub(crate) struct Live {
    face: Face,
    place: Place,
    message: Option<i32>,
    seen: Seen,
    changed: bool,
    next: Instant,
}

/// What the steps have told.
#[derive(Debug, Default)]
struct Seen {
    title: String,
    stages: Vec<(Stage, String)>,
    printed: VecDeque<String>,
    prose: String,
}

impl Live {
    /// Makes one that will be a message of its own.
    pub(crate) fn new(face: &Face, place: Place, title: &str) -> Self {
        let seen = Seen {
            title: title.to_owned(),
            ..Seen::default()
        };
        Self {
            face: face.clone(),
            place,
            message: None,
            seen,
            changed: false,
            next: Instant::now() + PACE,
        }
    }

    /// Makes one that takes over a message: the question that was answered.
    pub(crate) fn of_message(face: &Face, place: Place, message: i32, title: &str) -> Self {
        Self {
            message: Some(message),
            ..Self::new(face, place, title)
        }
    }

    /// Takes a step in.
    pub(crate) fn take(&mut self, step: Step) {
        self.seen.take(step);
        self.changed = true;
    }

    /// Shows the present state now; removes the buttons of a question.
    pub(crate) async fn show(&mut self) {
        self.changed = false;
        if let Some(message) = self.message {
            let shown = self
                .face
                .wire()
                .edit(self.place, message, &self.seen.message().html)
                .await;
            self.judge(shown);
        }
    }

    /// Shows the present state if it has changed and it is time.
    pub(crate) async fn refresh(&mut self) {
        if !self.changed || Instant::now() < self.next {
            return;
        }
        self.changed = false;
        let html = self.seen.message().html;
        match self.message {
            Some(message) => {
                let shown = self
                    .face
                    .wire()
                    .edit_if_free(self.place, message, &html)
                    .await;
                self.changed = matches!(shown, Ok(false));
                self.judge(shown.map(|_| ()));
            }
            None => match self.face.wire().send(self.place, &html, None).await {
                Ok(message) => {
                    self.message = Some(message);
                    self.judge(Ok(()));
                }
                Err(trouble) => self.judge(Err(trouble)),
            },
        }
    }

    /// Shows that something is going on, without waiting for it.
    pub(crate) fn show_typing(&self) {
        let (face, place) = (self.face.clone(), self.place);
        self.face
            .spawn(async move { face.wire().show_typing(place).await });
    }

    /// Shows the end. Fails when Telegram is busy or down for longer than `patience`, or the chat is gone.
    pub(crate) async fn finish(self, message: &Message, patience: Duration) -> Result<(), Trouble> {
        match self.message {
            // Buttons need a message of their own: an edit would take them away.
            Some(id) if message.buttons.is_none() => {
                self.face
                    .edit_patiently((self.place, id), message, patience)
                    .await
            }
            _ => {
                self.face
                    .send_patiently(self.place, message, patience)
                    .await
            }
        }
    }

    fn judge(&mut self, shown: Result<(), Trouble>) {
        let mut pause = if self.place.chat < 0 {
            GROUP_PACE
        } else {
            PACE
        };
        match shown {
            Ok(()) => {}
            Err(Trouble::Missing) => self.message = None,
            Err(Trouble::Later(time)) => pause = time,
            Err(trouble) => tracing::debug!(?trouble, "a step could not be shown"),
        }
        self.next = Instant::now() + pause;
    }
}

impl Seen {
    fn take(&mut self, step: Step) {
        match step {
            Step::Stage { stage, text } => match self.stages.last_mut() {
                Some((last, said)) if *last == stage => *said = text,
                _ => self.stages.push((stage, text)),
            },
            Step::Line { text } => {
                if self.printed.len() == PRINTED {
                    self.printed.pop_front();
                }
                self.printed.push_back(text);
            }
            Step::Text { text } => {
                if self.prose.len() < 4 * PROSE {
                    self.prose.push_str(&text);
                }
            }
        }
    }

    fn message(&self) -> Message {
        let mut page = Page::new("steps").head(&self.title.replace('`', ""), "");
        let hidden = self.stages.len().saturating_sub(STAGES);
        for (_, text) in self.stages.iter().skip(hidden) {
            page.say(&format!("· {text}"));
        }
        if !self.printed.is_empty() {
            page.pre(self.printed.iter().map(String::as_str));
        }
        if !self.prose.is_empty() {
            page.gap().text(&shorten(&self.prose, PROSE));
        }
        Message {
            document: None,
            ..page.message()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{LONGEST_MESSAGE, units};

    fn stage(stage: Stage, text: &str) -> Step {
        Step::Stage {
            stage,
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_steps_stand_below_each_other_and_the_last_lines_with_them() {
        let mut seen = Seen {
            title: "working: Deploy api@web1 v1 -> v2".to_owned(),
            ..Seen::default()
        };
        seen.take(stage(Stage::Lock, "taking the lock"));
        seen.take(stage(Stage::Command, "running `make deploy`"));
        for number in 0..10 {
            seen.take(Step::Line {
                text: format!("<line {number}>"),
            });
        }
        seen.take(stage(Stage::Gate, "healthy 1 of 3"));
        seen.take(stage(Stage::Gate, "healthy 2 of 3"));
        assert_eq!(
            seen.message().html,
            "<b>working: Deploy api@web1 v1 -&gt; v2</b>\n· taking the lock\n· running <code>make deploy</code>\n· healthy 2 of 3\n\
             <pre>&lt;line 4&gt;\n&lt;line 5&gt;\n&lt;line 6&gt;\n&lt;line 7&gt;\n&lt;line 8&gt;\n&lt;line 9&gt;</pre>"
        );
    }

    #[test]
    fn a_model_that_never_stops_fills_no_memory_and_no_message() {
        let mut seen = Seen::default();
        for _ in 0..10_000 {
            seen.take(Step::Text {
                text: "word <&> ".repeat(10),
            });
        }
        assert!(seen.prose.len() < 5 * PROSE);
        assert!(units(&seen.message().html) <= LONGEST_MESSAGE);
    }
}

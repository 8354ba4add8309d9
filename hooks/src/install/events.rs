//! The events that are taken, by which tools and kinds, and how long the client waits for each.

use super::Waits;

/// Longest time the client waits for `fjord-hook`, seconds; its own deadlines are much shorter.
const SHORT_S: u64 = 5;
/// What an event that may wait for a person gets beyond that time, seconds. A hook that the client ends lets the
/// call through, so `fjord-hook` must always be first.
const MARGIN_S: u64 = 15;
/// What `fjord-hook` gets beyond a deadline of its own, seconds.
const START_S: u64 = 2;
/// The client gives all hooks of `SessionEnd` 1.5 s together, unless one asks for more; then everybody waits longer.
const END_S: u64 = 1;

/// Tools that only look around, and of whose results nothing is made. All others are taken, also those that a later
/// client brings: each may end a question that waits for a person, or change something.
const NOT_ONLY_LOOKING: &str = "^(?!(Read|Glob|Grep|LS|NotebookRead|TodoRead|TodoWrite|ToolSearch|BashOutput|TaskOutput|Task(Create|Get|List|Update))$)";
/// What a person who is away may want to know: somebody waits for them, or something is done.
const FOR_A_PERSON: &str = "permission_prompt|worker_permission_prompt|idle_prompt|agent_needs_input|agent_completed|\
    elicitation_dialog|elicitation_url_dialog|push_notification";
/// The settings files that may hold Fjord's entries.
const WITH_ENTRIES: &str = "user_settings|project_settings|local_settings";

/// How long the client waits.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Short,
    Prompt,
    Person,
    End,
}

/// One event that is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// Its name.
    pub(super) name: &'static str,
    /// What it is narrowed to; `None`: all of it.
    pub(super) matcher: Option<&'static str>,
    wait: Wait,
}

const fn taken(name: &'static str, matcher: Option<&'static str>, wait: Wait) -> Taken {
    Taken {
        name,
        matcher,
        wait,
    }
}

/// The events, in the order in which they are written. `PostToolBatch` tells nothing that `PostToolUse` and
/// `PostToolUseFailure` have not told, so it is not among them.
pub(super) const TAKEN: &[Taken] = &[
    // The guard looks at every tool: what is read matters as well as what is written, and a new tool must be seen.
    taken("PreToolUse", None, Wait::Person),
    taken("PermissionRequest", None, Wait::Person),
    taken("UserPromptSubmit", None, Wait::Prompt),
    taken("PostToolUse", Some(NOT_ONLY_LOOKING), Wait::Short),
    taken("PostToolUseFailure", Some(NOT_ONLY_LOOKING), Wait::Short),
    taken("SessionStart", None, Wait::Prompt),
    taken("SessionEnd", None, Wait::End),
    taken("Stop", None, Wait::Short),
    taken("StopFailure", None, Wait::Short),
    taken("SubagentStop", None, Wait::Short),
    taken("PreCompact", None, Wait::Short),
    taken("Notification", Some(FOR_A_PERSON), Wait::Short),
    taken("ConfigChange", Some(WITH_ENTRIES), Wait::Short),
];

impl Taken {
    /// How long the client waits, seconds.
    pub(super) fn timeout_s(&self, waits: Waits) -> u64 {
        let after = |ms: u64| SHORT_S.max(ms.div_ceil(1_000) + START_S);
        match self.wait {
            Wait::Short => after(waits.deadline_ms),
            Wait::Prompt => after(waits.prompt_ms.max(waits.deadline_ms)),
            Wait::Person => (waits.person_s + MARGIN_S).max(after(waits.deadline_ms)),
            Wait::End => END_S,
        }
    }
}

/// The events that are taken.
pub fn events() -> impl Iterator<Item = &'static str> {
    TAKEN.iter().map(|taken| taken.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(waits: Waits) -> Vec<(&'static str, u64)> {
        let of = |taken: &Taken| (taken.name, taken.timeout_s(waits));
        TAKEN.iter().map(of).collect()
    }

    #[test]
    fn the_client_always_waits_longer_than_the_program_takes() {
        for (deadline_ms, prompt_ms, person_s) in [(1, 1, 0), (150, 800, 120), (10_000, 30_000, 0)]
        {
            let waits = Waits {
                person_s,
                deadline_ms,
                prompt_ms,
            };
            for (name, seconds) in seconds(waits) {
                let own = match name {
                    "PreToolUse" | "PermissionRequest" => (person_s * 1_000).max(deadline_ms),
                    "UserPromptSubmit" => prompt_ms,
                    // The program itself knows that it has less here.
                    "SessionEnd" => 700,
                    _ => deadline_ms,
                };
                assert!(seconds * 1_000 > own, "{name}: {seconds} s, {own} ms");
            }
        }
    }
}

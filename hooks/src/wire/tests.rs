use super::*;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/claude-hooks");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

fn kind(command: Option<&Command>) -> &'static str {
    match command {
        Some(Command::Judge(_)) => "judge",
        Some(Command::Enrich(_)) => "enrich",
        Some(Command::Begin(_)) => "begin",
        Some(Command::Observe(_)) => "observe",
        Some(_) => "another",
        None => "nothing",
    }
}

#[test]
fn every_recorded_input_becomes_the_right_command() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 90, "{} recorded inputs", fixtures.len());
    for (name, bytes) in fixtures {
        let input = HookInput::parse(&bytes).unwrap();
        let event = name.split('-').next().unwrap();
        assert_eq!(input.event.name(), event, "{name}");
        assert!(
            !input.session_id.is_empty() && input.cwd.starts_with('/'),
            "{name}"
        );
        let expected = match event {
            "PreToolUse" => "judge",
            "UserPromptSubmit" => "enrich",
            "SessionStart" => "begin",
            "MessageDisplay" | "InstructionsLoaded" | "WorktreeCreate" => "nothing",
            _ => "observe",
        };
        assert_eq!(
            kind(input.into_command("e1", None).as_ref()),
            expected,
            "{name}"
        );
    }
}

#[test]
fn a_failed_command_is_kept_with_its_exit_code_and_output() {
    let input = json!({ "hook_event_name": "PostToolUseFailure", "session_id": "s1", "cwd": "/srv", "tool_name": "Bash",
        "tool_input": { "command": "make" }, "error": "Exit code 3\nout", "duration_ms": 55 });
    let kept = HookInput::from_value(input)
        .unwrap()
        .observation("e1", None)
        .unwrap();
    assert_eq!(
        kept.detail,
        json!({ "command": "make", "ok": false, "exit": 3, "duration_ms": 55, "output": "Exit code 3\nout", "output_bytes": 15,
            "output_digest": kept.detail["output_digest"] })
    );
}

#[test]
fn what_a_file_holds_is_not_kept() {
    let input = json!({ "hook_event_name": "PostToolUse", "tool_name": "Write", "tool_input": { "file_path": "/srv/a", "content": "deep secret" },
        "tool_response": { "type": "create", "content": "deep secret" } });
    let kept = HookInput::from_value(input)
        .unwrap()
        .observation("e1", None)
        .unwrap();
    assert!(
        !kept.detail.to_string().contains("deep secret"),
        "{}",
        kept.detail
    );
    assert_eq!(kept.detail["file_path"], "/srv/a");
}

#[test]
fn fields_of_a_wrong_type_are_as_if_absent() {
    let input = HookInput::parse(br#"{"hook_event_name":"PreToolUse","session_id":7,"cwd":null,"tool_name":["Bash"],"tool_input":"x"}"#).unwrap();
    assert_eq!((input.session_id.as_str(), input.cwd.as_str()), ("", ""));
    assert_eq!(kind(input.into_command("e1", None).as_ref()), "judge");
    assert_eq!(HookInput::parse(b"[1]").unwrap_err(), WireError::NoEvent);
    assert_eq!(
        HookInput::parse(br#"{"hook_event_name":5}"#).unwrap_err(),
        WireError::NoEvent
    );
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(HookInput::parse(deep.as_bytes()).is_err());
}

/// A fixed sequence, so that a failure is seen again.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

#[test]
fn a_thousand_mutations_are_read_or_refused() {
    let fixtures = fixtures();
    let mut sequence = Sequence(7);
    let pieces: [&[u8]; 8] = [
        b"null",
        b"\"",
        b"\\ud800",
        b"{",
        b"]",
        b"\xff\xfe",
        b"1e999",
        b",\"x\":[]",
    ];
    let mut read = 0;
    for _ in 0..1_000 {
        let mut bytes = fixtures[sequence.below(fixtures.len())].1.clone();
        for _ in 0..=sequence.below(3) {
            let at = sequence.below(bytes.len());
            let end = (at + sequence.below(12)).min(bytes.len());
            let piece = pieces[sequence.below(pieces.len())];
            bytes.splice(at..end, piece.iter().copied());
        }
        if let Ok(input) = HookInput::parse(&bytes) {
            read += 1;
            let _ = (
                input.observation("e1", None),
                input.paths(),
                input.into_command("e1", None),
            );
        }
    }
    assert!(read > 20, "{read}");
}

#[test]
fn every_field_may_be_missing_or_of_another_type() {
    for (name, bytes) in fixtures() {
        let Value::Object(fields) = serde_json::from_slice(&bytes).unwrap() else {
            panic!("{name}")
        };
        for field in fields.keys().filter(|field| *field != "hook_event_name") {
            for other in [
                None,
                Some(json!(null)),
                Some(json!([{}])),
                Some(json!({ "a": 1 })),
                Some(json!(-1.5)),
                Some(json!("x")),
            ] {
                let mut changed = fields.clone();
                changed.remove(field);
                changed.extend(other.map(|value| (field.clone(), value)));
                let input = HookInput::from_value(Value::Object(changed)).unwrap();
                let _ = (
                    input.observation("e1", None),
                    input.paths(),
                    input.into_command("e1", None),
                );
            }
        }
    }
}

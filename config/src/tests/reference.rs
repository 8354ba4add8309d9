//! `default.toml` documents itself, and truthfully.

use toml::Value;

use crate::schema::{self, Key};
use crate::{check, reference};

#[test]
fn every_key_has_a_comment_and_a_default_that_is_accepted() {
    for key in schema::keys() {
        assert!(
            !key.doc.is_empty(),
            "`{}` has no comment above it",
            key.path
        );
        assert!(
            key.doc.ends_with('.'),
            "the comment of `{}` is no sentence",
            key.path
        );
        assert_eq!(check::check(&key, &key.path, &key.default), Ok(()));
    }
}

#[test]
fn the_comment_of_a_number_names_the_range_that_is_checked() {
    for key in schema::keys().iter().filter(|key| key.default.is_integer()) {
        let (least, most) = schema::range(&key.path);
        assert!(
            key.doc.contains(&format!(" {least} to {most}")),
            "`{}`: {}",
            key.path,
            key.doc
        );
        for outside in [least - 1, most + 1] {
            assert!(check::check(key, &key.path, &Value::Integer(outside)).is_err());
        }
    }
}

#[test]
fn keys_of_special_kinds_exist() {
    let paths: Vec<String> = schema::keys().into_iter().map(|key| key.path).collect();
    let named = [
        schema::SECRET_KEYS,
        schema::URL_KEYS,
        &[schema::RULES, schema::EXCEPTIONS],
    ]
    .concat();
    for path in named {
        assert!(
            paths.iter().any(|known| known == path),
            "`{path}` is no key"
        );
    }
}

#[test]
fn variables_are_not_ambiguous() {
    let mut variables: Vec<String> = schema::keys().iter().map(Key::variable).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), schema::keys().len());
}

#[test]
fn the_table_shows_key_default_and_meaning() {
    let rows = reference::table();
    assert_eq!(rows[0].key, "store.url");
    assert_eq!(rows[0].env, "FJORD_STORE__URL");
    let text = reference::render_markdown_table();
    assert!(text.contains(
        "| `llm.context` | `8192` | Context window asked of the model, tokens, 512 to 1048576. |\n"
    ), "{text}");
    assert_eq!(text.lines().count(), rows.len() + 2);
}

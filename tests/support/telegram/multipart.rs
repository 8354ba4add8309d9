//! `multipart/form-data`, which the bot uses for files.

use serde_json::{Map, Value};

use super::Document;

/// Reads the fields and the one file of a form; `None` when it is no form.
pub(super) fn parse(content_type: &str, body: &[u8]) -> Option<(Value, Option<Document>)> {
    let boundary = content_type
        .split("boundary=")
        .nth(1)?
        .split(';')
        .next()?
        .trim_matches('"');
    let mark = format!("--{boundary}").into_bytes();
    let mut fields = Map::new();
    let mut document = None;
    for part in split(body, &mark).skip(1) {
        let Some(head_end) = find(part, b"\r\n\r\n") else {
            break;
        };
        let head = String::from_utf8_lossy(&part[..head_end]).into_owned();
        let content = part[head_end + 4..]
            .strip_suffix(b"\r\n")
            .unwrap_or(&part[head_end + 4..]);
        let name = quoted(&head, " name=")?;
        if let Some(file_name) = quoted(&head, "filename=") {
            document = Some(Document {
                name: file_name,
                content: content.to_vec(),
            });
        } else {
            let text = String::from_utf8_lossy(content).into_owned();
            // Numbers and nested objects come as their JSON text.
            let value = serde_json::from_str(&text)
                .ok()
                .filter(|value: &Value| !value.is_string());
            fields.insert(name, value.unwrap_or(Value::String(text)));
        }
    }
    Some((Value::Object(fields), document))
}

fn split<'body>(body: &'body [u8], mark: &'body [u8]) -> impl Iterator<Item = &'body [u8]> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        let body = rest?;
        let Some(at) = find(body, mark) else {
            rest = None;
            return Some(body);
        };
        rest = Some(&body[at + mark.len()..]);
        Some(&body[..at])
    })
}

fn find(body: &[u8], needle: &[u8]) -> Option<usize> {
    body.windows(needle.len())
        .position(|window| window == needle)
}

fn quoted(head: &str, key: &str) -> Option<String> {
    let value = head.split(key).nth(1)?.strip_prefix('"')?;
    Some(value.split('"').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_fields_are_read() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n42\r\n--XX\r\n\
            Content-Disposition: form-data; name=\"document\"; filename=\"log.txt\"\r\nContent-Type: text/plain\r\n\r\n\
            a\r\nb\r\n--XX--\r\n";
        let (fields, document) = parse("multipart/form-data; boundary=XX", body).unwrap();
        assert_eq!(fields["chat_id"], 42);
        assert_eq!(
            document.unwrap(),
            Document {
                name: "log.txt".to_owned(),
                content: b"a\r\nb".to_vec()
            }
        );
    }
}

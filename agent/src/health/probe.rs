//! One question to a health endpoint, bounded in time and memory.

use std::time::{Duration, Instant};

use crate::store::rows::HealthStatus;

/// The most of an answer that is read; the rest is left unread.
const BODY_LIMIT: usize = 64 * 1024;

/// What an endpoint said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Healthy: a 2xx in time; degraded: 429; else unhealthy.
    pub status: HealthStatus,
    /// The HTTP status, if one came.
    pub http_status: Option<u16>,
    /// How long it took.
    pub latency: Duration,
    /// Why it is not healthy, one line.
    pub error: Option<String>,
}

/// Asks an endpoint once. The deadline covers everything, the body too.
pub async fn probe(http: &reqwest::Client, endpoint: &str, deadline: Duration) -> Probe {
    let began = Instant::now();
    let answer = tokio::time::timeout(deadline, ask(http, endpoint)).await;
    let latency = began.elapsed();
    match answer {
        Ok(Ok((status, body))) => judge(status, &body, latency),
        Ok(Err(error)) => Probe {
            status: HealthStatus::Unhealthy,
            http_status: None,
            latency,
            error: Some(error),
        },
        Err(_) => Probe {
            status: HealthStatus::Unhealthy,
            http_status: None,
            latency,
            error: Some(format!("no answer within {} s", deadline.as_secs_f32())),
        },
    }
}

async fn ask(
    http: &reqwest::Client,
    endpoint: &str,
) -> Result<(reqwest::StatusCode, Vec<u8>), String> {
    let mut response = http
        .get(endpoint)
        .send()
        .await
        .map_err(|error| plain(&error))?;
    let status = response.status();
    let mut body = Vec::new();
    // An endless answer is cut here: what a health endpoint has to say fits.
    while body.len() < BODY_LIMIT {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk[..chunk.len().min(BODY_LIMIT - body.len())]);
            }
            Ok(None) => break,
            Err(error) => return Err(plain(&error)),
        }
    }
    Ok((status, body))
}

fn judge(status: reqwest::StatusCode, body: &[u8], latency: Duration) -> Probe {
    let http_status = Some(status.as_u16());
    if status.is_success() {
        return Probe {
            status: HealthStatus::Healthy,
            http_status,
            latency,
            error: None,
        };
    }
    // Whatever it is, it must fit into a database and not move a cursor.
    let said: String = String::from_utf8_lossy(body)
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|character| !character.is_control())
        .take(120)
        .collect();
    let said = guard::redact::redact(&said).text.into_owned();
    let error = if said.is_empty() {
        format!("HTTP {}", status.as_u16())
    } else {
        format!("HTTP {}: {said}", status.as_u16())
    };
    let degraded = status == reqwest::StatusCode::TOO_MANY_REQUESTS;
    let status = if degraded {
        HealthStatus::Degraded
    } else {
        HealthStatus::Unhealthy
    };
    Probe {
        status,
        http_status,
        latency,
        error: Some(error),
    }
}

/// The innermost cause says what people understand; the address may hold credentials and is left out.
fn plain(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    let text = if text.contains("://") {
        "the request failed".to_owned()
    } else {
        text
    };
    match () {
        () if error.is_connect() => format!("cannot connect: {text}"),
        () if error.is_timeout() => format!("no answer in time: {text}"),
        () => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hostile_endpoint_says_is_plain_text() {
        let answer = judge(
            reqwest::StatusCode::INTERNAL_SERVER_ERROR,
            b"\x1b[2Jno\0 space\r\nmore",
            Duration::ZERO,
        );
        assert_eq!(answer.error.as_deref(), Some("HTTP 500: [2Jno space"));
    }
}

//! Answers that are not AWS's: pages of proxies, portals and load balancers.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use http::Uri;
use http_body_util::BodyExt as _;

use super::{
    failure::{Access, AccessError},
    network::Network,
};

/// How much of a suspicious answer is read, in bytes: AWS's errors are far smaller.
const LOOK: usize = 64 << 10;
/// Longest text that is shown of a page, in characters.
const SHOWN: usize = 200;
/// What AWS's services put on every answer, errors included.
const OURS: &[&str] =
    &["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-id-2", "x-amzn-errortype"];

/// Passes on what may be AWS's answer.
///
/// # Errors
/// It is a page, or a text, of somebody in between.
pub(super) async fn inspect(
    network: &Network,
    uri: &Uri,
    mut response: HttpResponse,
) -> Result<HttpResponse, AccessError> {
    let headers = response.headers();
    let html = headers.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let status = response.status().as_u16();
    if OURS.iter().any(|name| headers.contains_key(*name)) || (status < 300 && !html) {
        return Ok(response);
    }
    let elsewhere = headers.get("location").map(ToOwned::to_owned);
    let (bytes, whole) = beginning(response.take_body()).await;
    let text = String::from_utf8_lossy(&bytes);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower = start.get(..start.len().min(2_048)).unwrap_or(start).to_ascii_lowercase();
    let page = html || lower.starts_with("<!doctype html") || lower.contains("<html");
    // XML, JSON and CBOR are AWS's formats; an empty body is what HEAD and some gateways answer.
    let plain =
        !start.is_empty() && !start.starts_with(['<', '{', '[']) && std::str::from_utf8(&bytes).is_ok();
    let binary = bytes.first().is_some_and(|first| *first >= 0xa0);
    let redirected = (300..400).contains(&status) && elsewhere.is_some() && start.is_empty();
    if whole && !page && (!plain || binary) && !redirected {
        *response.body_mut() = SdkBody::from(bytes);
        return Ok(response);
    }
    let said = first_words(start);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let elsewhere = elsewhere.and_then(|to| Some(to.parse::<Uri>().ok()?.host()?.to_owned()));
    let elsewhere = elsewhere.map(|host| format!(", sending to {host}")).unwrap_or_default();
    let proxy = network.proxy(uri).map(|p| format!(" through the proxy {} ({})", p.url, p.variable));
    let message = format!(
        "something between here and AWS answered for {}{}: HTTP {status}{elsewhere}{said}",
        uri.host().unwrap_or("AWS"),
        proxy.unwrap_or_default(),
    );
    Err(AccessError::new(Access::NotAws, message).remedy(
        "have the host permitted by whoever runs the proxy or firewall; behind a sign-in page, sign in to the network \
         first",
    ))
}

/// The first bytes of a body, and whether they are all.
async fn beginning(mut body: SdkBody) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return (bytes, false) };
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() > LOOK {
            bytes.truncate(LOOK);
            return (bytes, false);
        }
    }
    (bytes, true)
}

/// The first line of a page's text: its title, else its first heading, else the first words.
fn first_words(page: &str) -> String {
    for tag in ["title", "h1", "h2"] {
        let text = inside(page, tag).map(words).unwrap_or_default();
        if !text.is_empty() {
            return shortened(&text);
        }
    }
    let body = inside(page, "body").unwrap_or(page);
    let lines = body.split(['\n', '>']).map(|part| words(&format!("{part}>")));
    shortened(&lines.into_iter().find(|line| !line.is_empty()).unwrap_or_default())
}

/// What is between `<tag …>` and `</tag>`.
fn inside<'p>(page: &'p str, tag: &str) -> Option<&'p str> {
    let lower = page.to_ascii_lowercase();
    let open = lower.find(&format!("<{tag}"))?;
    let start = open + lower[open..].find('>')? + 1;
    let end = lower[start..].find(&format!("</{tag}")).map_or(page.len(), |end| start + end);
    page.get(start..end)
}

/// Text without tags, with single blanks.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut depth = 0_u32;
    for letter in html.chars() {
        match letter {
            '<' => depth += 1,
            '>' => {
                depth = depth.saturating_sub(1);
                text.push(' ');
            }
            _ if depth == 0 => text.push(letter),
            _ => {}
        }
    }
    for (entity, letter) in
        [("&nbsp;", " "), ("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
    {
        text = text.replace(entity, letter);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_first_line_of_text() {
        for (page, said) in [
            ("<html><head><title>Access\n denied</title></head><body>x</body></html>", "Access denied"),
            ("<HTML><BODY><H1>403 &amp; out</H1>more</BODY></HTML>", "403 & out"),
            ("<html><body><p>Blocked by <b>policy</b></p><p>more</p></body></html>", "Blocked by"),
            ("Forbidden by proxy\nmore", "Forbidden by proxy"),
            ("<html></html>", ""),
            ("", ""),
        ] {
            assert_eq!(first_words(page), said, "{page}");
        }
        assert!(first_words(&"x".repeat(1_000)).chars().count() <= SHOWN + 1);
    }
}

//! Code on its way to Lambda: source text becomes an archive, archives travel in the call.

use std::io::{self, Write as _};

use aws_sdk_lambda::{primitives::Blob, types};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::function_props::{Code, Props};
use crate::aws::OpError;

/// How a finished archive stands in `ZipFile` at the moment of the call: the code of a cloud assembly.
const ARCHIVE: &str = "data:application/zip;base64,";

/// How it stands there in plan and ledger.
const PLACEHOLDER: &str = "{{resolve:asset:";

/// Longest source text that may stand in a template.
const MAX_INLINE: usize = 4 << 20;

/// The archive to send, if the code is not somewhere else.
///
/// # Errors
/// When the text is no archive and the runtime takes no text.
pub(super) fn archive(props: &Props) -> Result<Option<Vec<u8>>, OpError> {
    let fail = |why: String| OpError::not_sent("CreateFunction", why);
    let Some(text) = props.Code.as_ref().and_then(|code| code.ZipFile.as_deref()) else { return Ok(None) };
    if let Some(encoded) = text.strip_prefix(ARCHIVE) {
        return BASE64_STANDARD
            .decode(encoded)
            .map(Some)
            .map_err(|error| fail(format!("the code is damaged: {error}")));
    }
    let runtime = props.Runtime.as_deref().unwrap_or_default();
    let name =
        file_name(runtime).ok_or_else(|| fail(format!("the runtime {runtime} takes no source text")))?;
    zipped(name, text.as_bytes())
        .map(Some)
        .map_err(|error| fail(format!("the code cannot be zipped: {error}")))
}

/// The file that CloudFormation makes of source text.
fn file_name(runtime: &str) -> Option<&'static str> {
    if runtime.starts_with("nodejs") {
        Some("index.js")
    } else if runtime.starts_with("python") {
        Some("index.py")
    } else {
        None
    }
}

/// The same bytes at every time and on every machine.
fn zipped(name: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    zip.start_file(name, options).map_err(io::Error::other)?;
    zip.write_all(bytes)?;
    Ok(zip.finish().map_err(io::Error::other)?.into_inner())
}

/// Whether both are copies of the code of one version of one application. The Serverless Application Repository makes a copy
/// of its own for each deployment, at `ACCOUNT/arn:aws:serverlessrepo:REGION:PUBLISHER:applications-NAME-versions-VERSION/UUID`
/// (keys of functions in use, and of two such copies in a test of `cdk diff`); a published version does not change
/// (`CreateApplicationVersion` of one that exists is a `ConflictException`).
pub(super) fn of_one_application(one: &Json, other: &Json) -> bool {
    let copy = |code: &Json| -> Option<String> {
        let bucket = code["S3Bucket"].as_str()?;
        let (version, _) = code["S3Key"].as_str()?.rsplit_once('/')?;
        let known = bucket.starts_with("awsserverlessrepo-changesets-") && version.contains("-versions-");
        known.then(|| version.to_owned())
    };
    copy(one).is_some_and(|version| copy(other) == Some(version))
}

/// The digest that Lambda shows of an archive.
pub(super) fn digest(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(bytes))
}

/// The code as `CreateFunction` takes it.
///
/// # Errors
/// As [`archive`].
pub(super) fn sdk(props: &Props) -> Result<types::FunctionCode, OpError> {
    let none = Code::default();
    let code = props.Code.as_ref().unwrap_or(&none);
    Ok(types::FunctionCode::builder()
        .set_zip_file(archive(props)?.map(Blob::new))
        .set_s3_bucket(code.S3Bucket.clone())
        .set_s3_key(code.S3Key.clone())
        .set_s3_object_version(code.S3ObjectVersion.clone())
        .set_s3_object_storage_mode(code.S3ObjectStorageMode.as_deref().map(Into::into))
        .set_image_uri(code.ImageUri.clone())
        .set_source_kms_key_arn(code.SourceKMSKeyArn.clone())
        .build())
}

/// What Lambda would refuse.
pub(super) fn check(props: &Json) -> Vec<(String, String)> {
    let code = &props["Code"];
    let mut problems = Vec::new();
    let mut say = |property: &str, message: String| problems.push((property.to_owned(), message));
    let image = !code["ImageUri"].is_null();
    let ways = [image, !code["S3Bucket"].is_null() || !code["S3Key"].is_null(), !code["ZipFile"].is_null()];
    if ways.iter().filter(|given| **given).count() != 1 {
        say("Code", "give one of ZipFile, S3Bucket with S3Key, or ImageUri".into());
    } else if code["S3Bucket"].is_null() != code["S3Key"].is_null() {
        say("Code", "S3Bucket and S3Key belong together".into());
    }
    match props["PackageType"].as_str() {
        Some("Image") if !image => say("Code", "a function of PackageType Image needs an ImageUri".into()),
        Some("Image") => {}
        _ if image => say("PackageType", "an ImageUri needs `PackageType: Image`".into()),
        _ => {}
    }
    for name in ["Runtime", "Handler"] {
        if image && !props[name].is_null() {
            say(name, format!("a function that is an image has no {name}"));
        } else if !image && props[name].is_null() {
            say(name, format!("a function that is no image needs a {name}"));
        }
    }
    if image && props["Layers"].as_array().is_some_and(|layers| !layers.is_empty()) {
        say("Layers", "a function that is an image has no layers".into());
    }
    if let (Some(text), Some(runtime)) = (code["ZipFile"].as_str(), props["Runtime"].as_str())
        && !text.starts_with(PLACEHOLDER)
    {
        if file_name(runtime).is_none() && !runtime.contains("{{") {
            say("Code.ZipFile", format!("only nodejs and python take source text, not {runtime}"));
        } else if text.len() > MAX_INLINE {
            say("Code.ZipFile", "source text may have 4 MB".into());
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn source_text_becomes_the_file_that_the_handler_names() {
        let props: Props = serde_json::from_value(
            json!({"Code": {"ZipFile": "def handler(e, c): pass"}, "Runtime": "python3.13"}),
        )
        .unwrap();
        let bytes = archive(&props).unwrap().unwrap();
        assert_eq!(archive(&props).unwrap().unwrap(), bytes);
        let archive = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        assert_eq!(archive.file_names().map(Result::unwrap).collect::<Vec<_>>(), ["index.py"]);
    }

    #[test]
    fn what_lambda_would_refuse_is_said_before() {
        let problems = |props: Json| check(&props).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert!(
            problems(json!({"Code": {"ZipFile": "x"}, "Runtime": "nodejs22.x", "Handler": "index.handler"}))
                .is_empty()
        );
        assert_eq!(
            problems(json!({"Code": {"ZipFile": "x"}, "Runtime": "java21", "Handler": "a"})),
            ["Code.ZipFile"]
        );
        assert!(
            problems(
                json!({"Code": {"ZipFile": "{{resolve:asset:ab}}"}, "Runtime": "java21", "Handler": "a"})
            )
            .is_empty()
        );
        assert_eq!(problems(json!({"Code": {}, "Runtime": "java21", "Handler": "a"})), ["Code"]);
        assert_eq!(problems(json!({"Code": {"S3Key": "a"}, "Runtime": "java21"})), ["Code", "Handler"]);
        assert_eq!(
            problems(json!({"Code": {"ImageUri": "a"}, "Runtime": "java21"})),
            ["PackageType", "Runtime"]
        );
        assert!(problems(json!({"Code": {"ImageUri": "a"}, "PackageType": "Image"})).is_empty());
    }
}

//! Buckets as web servers: cross-origin rules, static websites, transfer acceleration.

use aws_sdk_s3::{Client, types as sdk};

use super::{
    parts::{Outcome, built, text, unless},
    props::{Accelerate, Cors, CorsRule, Redirect, RedirectAll, RoutingCondition, RoutingRule, Website},
};
use crate::aws::op;

/// Sets the cross-origin rules or takes them away.
pub(super) async fn put_cors(s3: &Client, bucket: &str, want: Option<&Cors>) -> Outcome<()> {
    let Some(want) = want else {
        s3.delete_bucket_cors().bucket(bucket).send().await.map_err(op("DeleteBucketCors"))?;
        return Ok(());
    };
    let mut rules = Vec::new();
    for rule in want.CorsRules.iter().flatten() {
        rules.push(built(
            sdk::CorsRule::builder()
                .set_allowed_headers(rule.AllowedHeaders.clone())
                .set_allowed_methods(rule.AllowedMethods.clone())
                .set_allowed_origins(rule.AllowedOrigins.clone())
                .set_expose_headers(rule.ExposedHeaders.clone())
                .set_id(rule.Id.clone())
                .set_max_age_seconds(rule.MaxAge)
                .build(),
        )?);
    }
    s3.put_bucket_cors()
        .bucket(bucket)
        .cors_configuration(built(sdk::CorsConfiguration::builder().set_cors_rules(Some(rules)).build())?)
        .send()
        .await
        .map_err(op("PutBucketCors"))?;
    Ok(())
}

/// Reads the cross-origin rules.
pub(super) async fn get_cors(s3: &Client, bucket: &str) -> Outcome<Option<Cors>> {
    let answer = s3.get_bucket_cors().bucket(bucket).send().await.map_err(op("GetBucketCors"));
    let answer = unless(answer, &["NoSuchCORSConfiguration"])?;
    Ok(answer.map(|answer| Cors {
        CorsRules: Some(
            answer
                .cors_rules()
                .iter()
                .map(|rule| CorsRule {
                    AllowedHeaders: rule.allowed_headers.clone(),
                    AllowedMethods: Some(rule.allowed_methods.clone()),
                    AllowedOrigins: Some(rule.allowed_origins.clone()),
                    ExposedHeaders: rule.expose_headers.clone(),
                    Id: rule.id.clone(),
                    MaxAge: rule.max_age_seconds,
                })
                .collect(),
        ),
    }))
}

/// Sets transfer acceleration; it can only be suspended once it was on.
pub(super) async fn put_accelerate(s3: &Client, bucket: &str, want: Option<&Accelerate>) -> Outcome<()> {
    let status = want.and_then(|w| w.AccelerationStatus.as_deref()).unwrap_or("Suspended");
    s3.put_bucket_accelerate_configuration()
        .bucket(bucket)
        .accelerate_configuration(sdk::AccelerateConfiguration::builder().status(status.into()).build())
        .send()
        .await
        .map_err(op("PutBucketAccelerateConfiguration"))?;
    Ok(())
}

/// Reads transfer acceleration.
pub(super) async fn get_accelerate(s3: &Client, bucket: &str) -> Outcome<Option<Accelerate>> {
    let answer = s3
        .get_bucket_accelerate_configuration()
        .bucket(bucket)
        .send()
        .await
        .map_err(op("GetBucketAccelerateConfiguration"))?;
    Ok(answer.status.map(|status| Accelerate { AccelerationStatus: Some(status.as_str().into()) }))
}

fn redirect(rule: Option<&Redirect>) -> sdk::Redirect {
    let Some(rule) = rule else { return sdk::Redirect::builder().build() };
    sdk::Redirect::builder()
        .set_host_name(rule.HostName.clone())
        .set_http_redirect_code(rule.HttpRedirectCode.clone())
        .set_protocol(rule.Protocol.as_deref().map(sdk::Protocol::from))
        .set_replace_key_prefix_with(rule.ReplaceKeyPrefixWith.clone())
        .set_replace_key_with(rule.ReplaceKeyWith.clone())
        .build()
}

/// Sets the website or takes it away.
pub(super) async fn put_website(s3: &Client, bucket: &str, want: Option<&Website>) -> Outcome<()> {
    let Some(want) = want else {
        s3.delete_bucket_website().bucket(bucket).send().await.map_err(op("DeleteBucketWebsite"))?;
        return Ok(());
    };
    let mut site = sdk::WebsiteConfiguration::builder();
    if let Some(suffix) = &want.IndexDocument {
        site = site.index_document(built(sdk::IndexDocument::builder().suffix(suffix).build())?);
    }
    if let Some(key) = &want.ErrorDocument {
        site = site.error_document(built(sdk::ErrorDocument::builder().key(key).build())?);
    }
    if let Some(all) = &want.RedirectAllRequestsTo {
        site = site.redirect_all_requests_to(built(
            sdk::RedirectAllRequestsTo::builder()
                .host_name(text(all.HostName.as_ref()))
                .set_protocol(all.Protocol.as_deref().map(sdk::Protocol::from))
                .build(),
        )?);
    }
    for rule in want.RoutingRules.iter().flatten() {
        let condition = rule.RoutingRuleCondition.as_ref().map(|c| {
            sdk::Condition::builder()
                .set_http_error_code_returned_equals(c.HttpErrorCodeReturnedEquals.clone())
                .set_key_prefix_equals(c.KeyPrefixEquals.clone())
                .build()
        });
        site = site.routing_rules(
            sdk::RoutingRule::builder()
                .set_condition(condition)
                .redirect(redirect(rule.RedirectRule.as_ref()))
                .build(),
        );
    }
    s3.put_bucket_website()
        .bucket(bucket)
        .website_configuration(site.build())
        .send()
        .await
        .map_err(op("PutBucketWebsite"))?;
    Ok(())
}

/// Reads the website.
pub(super) async fn get_website(s3: &Client, bucket: &str) -> Outcome<Option<Website>> {
    let answer = s3.get_bucket_website().bucket(bucket).send().await.map_err(op("GetBucketWebsite"));
    let Some(site) = unless(answer, &["NoSuchWebsiteConfiguration"])? else { return Ok(None) };
    let rules = site.routing_rules().iter().map(|rule| RoutingRule {
        RedirectRule: rule.redirect.as_ref().map(|r| Redirect {
            HostName: r.host_name.clone(),
            HttpRedirectCode: r.http_redirect_code.clone(),
            Protocol: r.protocol.as_ref().map(|p| p.as_str().into()),
            ReplaceKeyPrefixWith: r.replace_key_prefix_with.clone(),
            ReplaceKeyWith: r.replace_key_with.clone(),
        }),
        RoutingRuleCondition: rule.condition.as_ref().map(|c| RoutingCondition {
            HttpErrorCodeReturnedEquals: c.http_error_code_returned_equals.clone(),
            KeyPrefixEquals: c.key_prefix_equals.clone(),
        }),
    });
    let rules: Vec<RoutingRule> = rules.collect();
    Ok(Some(Website {
        RoutingRules: (!rules.is_empty()).then_some(rules),
        ErrorDocument: site.error_document.map(|d| d.key),
        IndexDocument: site.index_document.map(|d| d.suffix),
        RedirectAllRequestsTo: site.redirect_all_requests_to.map(|all| RedirectAll {
            HostName: Some(all.host_name),
            Protocol: all.protocol.map(|p| p.as_str().into()),
        }),
    }))
}

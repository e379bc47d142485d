//! What a rule is made of: its actions, conditions and transforms.
//!
//! Actions are those of a listener but for one spelling: here CloudFormation writes session timeouts as numbers.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types;

use super::actions::{FixedResponseConfig, ForwardConfig, JwtValidationConfig, RedirectConfig};

crate::words!(types::SourceIpAddressTypeEnum, types::TransformTypeEnum);

crate::mirrored! {
    /// One action of a rule.
    pub struct RuleAction: types::Action = types::Action::builder().build() => {
        Type/r#type: String, Order/order: i32, TargetGroupArn/target_group_arn: String,
        ForwardConfig/forward_config: ForwardConfig,
        RedirectConfig/redirect_config: RedirectConfig,
        FixedResponseConfig/fixed_response_config: FixedResponseConfig,
        AuthenticateCognitoConfig/authenticate_cognito_config: RuleCognitoConfig,
        AuthenticateOidcConfig/authenticate_oidc_config: RuleOidcConfig,
        JwtValidationConfig/jwt_validation_config: JwtValidationConfig,
    }
    /// Sign-in through Cognito.
    pub struct RuleCognitoConfig: types::AuthenticateCognitoActionConfig
        = types::AuthenticateCognitoActionConfig::builder().build() => {
        UserPoolArn/user_pool_arn: String, UserPoolClientId/user_pool_client_id: String,
        UserPoolDomain/user_pool_domain: String, SessionCookieName/session_cookie_name: String,
        Scope/scope: String, SessionTimeout/session_timeout: i64,
        AuthenticationRequestExtraParams/authentication_request_extra_params: BTreeMap<String, String>,
        OnUnauthenticatedRequest/on_unauthenticated_request: String,
    }
    /// Sign-in through OpenID Connect.
    pub struct RuleOidcConfig: types::AuthenticateOidcActionConfig
        = types::AuthenticateOidcActionConfig::builder().build() => {
        Issuer/issuer: String, AuthorizationEndpoint/authorization_endpoint: String,
        TokenEndpoint/token_endpoint: String, UserInfoEndpoint/user_info_endpoint: String,
        ClientId/client_id: String, ClientSecret/client_secret: String,
        SessionCookieName/session_cookie_name: String, Scope/scope: String, SessionTimeout/session_timeout: i64,
        AuthenticationRequestExtraParams/authentication_request_extra_params: BTreeMap<String, String>,
        OnUnauthenticatedRequest/on_unauthenticated_request: String,
        UseExistingClientSecret/use_existing_client_secret: bool,
    }
    /// What a request must look like.
    pub struct RuleCondition: types::RuleCondition = types::RuleCondition::builder().build() => {
        Field/field: String, HostHeaderConfig/host_header_config: HostHeaderConfig,
        HttpHeaderConfig/http_header_config: HttpHeaderConfig,
        HttpRequestMethodConfig/http_request_method_config: HttpRequestMethodConfig,
        PathPatternConfig/path_pattern_config: PathPatternConfig,
        QueryStringConfig/query_string_config: QueryStringConfig, RegexValues/regex_values: Vec<String>,
        SourceIpConfig/source_ip_config: SourceIpConfig, Values/values: Vec<String>,
    }
    /// Names of the host.
    pub struct HostHeaderConfig: types::HostHeaderConditionConfig
        = types::HostHeaderConditionConfig::builder().build() => {
        RegexValues/regex_values: Vec<String>, Values/values: Vec<String>,
    }
    /// A header and its values.
    pub struct HttpHeaderConfig: types::HttpHeaderConditionConfig
        = types::HttpHeaderConditionConfig::builder().build() => {
        HttpHeaderName/http_header_name: String, RegexValues/regex_values: Vec<String>, Values/values: Vec<String>,
    }
    /// Methods.
    pub struct HttpRequestMethodConfig: types::HttpRequestMethodConditionConfig
        = types::HttpRequestMethodConditionConfig::builder().build() => { Values/values: Vec<String> }
    /// Paths.
    pub struct PathPatternConfig: types::PathPatternConditionConfig
        = types::PathPatternConditionConfig::builder().build() => {
        RegexValues/regex_values: Vec<String>, Values/values: Vec<String>,
    }
    /// Parameters of the query.
    pub struct QueryStringConfig: types::QueryStringConditionConfig
        = types::QueryStringConditionConfig::builder().build() => { Values/values: Vec<QueryStringKeyValue> }
    /// One parameter.
    pub struct QueryStringKeyValue: types::QueryStringKeyValuePair
        = types::QueryStringKeyValuePair::builder().build() => { Key/key: String, Value/value: String }
    /// Blocks of addresses.
    pub struct SourceIpConfig: types::SourceIpConditionConfig
        = types::SourceIpConditionConfig::builder().build() => {
        IpAddressType/ip_address_type: String, Values/values: Vec<String>,
    }
    /// What becomes of a request before it is forwarded.
    pub struct Transform: types::RuleTransform = types::RuleTransform::builder().build() => {
        HostHeaderRewriteConfig/host_header_rewrite_config: HostRewrites, Type/r#type: String,
        UrlRewriteConfig/url_rewrite_config: UrlRewrites,
    }
    /// Rewrites of the host.
    pub struct HostRewrites: types::HostHeaderRewriteConfig
        = types::HostHeaderRewriteConfig::builder().build() => { Rewrites/rewrites: Vec<Rewrite> }
    /// Rewrites of path and query.
    pub struct UrlRewrites: types::UrlRewriteConfig
        = types::UrlRewriteConfig::builder().build() => { Rewrites/rewrites: Vec<Rewrite> }
    /// One rewrite.
    pub struct Rewrite: types::RewriteConfig = types::RewriteConfig::builder().build() => {
        Regex/regex: String, Replace/replace: String,
    }
}

/// AWS never returns a client secret and keeps no trace of whether an existing one was used: what was sent is
/// taken as still true while the client is the same.
pub(super) fn keep_secrets(live: &mut [RuleAction], sent: Option<&Vec<RuleAction>>) {
    for (action, hint) in live.iter_mut().zip(sent.into_iter().flatten()) {
        if let (Some(live), Some(hint)) = (&mut action.AuthenticateOidcConfig, &hint.AuthenticateOidcConfig)
            && live.ClientId == hint.ClientId
        {
            live.ClientSecret.clone_from(&hint.ClientSecret);
            live.UseExistingClientSecret = hint.UseExistingClientSecret;
        }
    }
}

//! What a listener does with a request.

use aws_sdk_elasticloadbalancingv2::types;
use aws_smithy_types::error::operation::BuildError;
use std::collections::BTreeMap;

use crate::resources::mirror::Mirror;

crate::words!(
    types::ActionTypeEnum,
    types::AdvertiseTrustStoreCaNamesEnum,
    types::AuthenticateCognitoActionConditionalBehaviorEnum,
    types::AuthenticateOidcActionConditionalBehaviorEnum,
    types::JwtValidationActionAdditionalClaimFormatEnum,
    types::RedirectActionStatusCodeEnum,
);

/// CloudFormation writes session timeouts as text.
impl Mirror<i64> for String {
    fn send(&self) -> Result<i64, BuildError> {
        self.parse().map_err(|_| BuildError::other(format!("`{self}` is not a whole number of seconds")))
    }
    fn receive(sdk: &i64) -> Self {
        sdk.to_string()
    }
}

crate::mirrored! {
    /// One action of a listener.
    pub struct Action: types::Action = types::Action::builder().build() => {
        Type/r#type: String, Order/order: i32, TargetGroupArn/target_group_arn: String,
        ForwardConfig/forward_config: ForwardConfig,
        RedirectConfig/redirect_config: RedirectConfig,
        FixedResponseConfig/fixed_response_config: FixedResponseConfig,
        AuthenticateCognitoConfig/authenticate_cognito_config: AuthenticateCognitoConfig,
        AuthenticateOidcConfig/authenticate_oidc_config: AuthenticateOidcConfig,
        JwtValidationConfig/jwt_validation_config: JwtValidationConfig,
    }
    /// Shares of several target groups.
    pub struct ForwardConfig: types::ForwardActionConfig = types::ForwardActionConfig::builder().build() => {
        TargetGroups/target_groups: Vec<TargetGroupTuple>,
        TargetGroupStickinessConfig/target_group_stickiness_config: TargetGroupStickinessConfig,
    }
    /// One share.
    pub struct TargetGroupTuple: types::TargetGroupTuple = types::TargetGroupTuple::builder().build() => {
        TargetGroupArn/target_group_arn: String, Weight/weight: i32,
    }
    /// How long a client stays with its target group.
    pub struct TargetGroupStickinessConfig: types::TargetGroupStickinessConfig
        = types::TargetGroupStickinessConfig::builder().build() => {
        Enabled/enabled: bool, DurationSeconds/duration_seconds: i32,
    }
    /// A redirect.
    pub struct RedirectConfig: types::RedirectActionConfig = types::RedirectActionConfig::builder().build() => {
        Protocol/protocol: String, Port/port: String, Host/host: String, Path/path: String, Query/query: String,
        StatusCode/status_code: String,
    }
    /// A fixed answer.
    pub struct FixedResponseConfig: types::FixedResponseActionConfig
        = types::FixedResponseActionConfig::builder().build() => {
        ContentType/content_type: String, MessageBody/message_body: String, StatusCode/status_code: String,
    }
    /// Sign-in through Cognito.
    pub struct AuthenticateCognitoConfig: types::AuthenticateCognitoActionConfig
        = types::AuthenticateCognitoActionConfig::builder().build() => {
        UserPoolArn/user_pool_arn: String, UserPoolClientId/user_pool_client_id: String,
        UserPoolDomain/user_pool_domain: String, SessionCookieName/session_cookie_name: String,
        Scope/scope: String, SessionTimeout/session_timeout: String,
        AuthenticationRequestExtraParams/authentication_request_extra_params: BTreeMap<String, String>,
        OnUnauthenticatedRequest/on_unauthenticated_request: String,
    }
    /// Sign-in through OpenID Connect.
    pub struct AuthenticateOidcConfig: types::AuthenticateOidcActionConfig
        = types::AuthenticateOidcActionConfig::builder().build() => {
        Issuer/issuer: String, AuthorizationEndpoint/authorization_endpoint: String,
        TokenEndpoint/token_endpoint: String, UserInfoEndpoint/user_info_endpoint: String,
        ClientId/client_id: String, ClientSecret/client_secret: String,
        SessionCookieName/session_cookie_name: String, Scope/scope: String, SessionTimeout/session_timeout: String,
        AuthenticationRequestExtraParams/authentication_request_extra_params: BTreeMap<String, String>,
        OnUnauthenticatedRequest/on_unauthenticated_request: String,
        UseExistingClientSecret/use_existing_client_secret: bool,
    }
    /// Validation of a signed token.
    pub struct JwtValidationConfig: types::JwtValidationActionConfig
        = types::JwtValidationActionConfig::builder().build() => {
        JwksEndpoint/jwks_endpoint: String, Issuer/issuer: String,
        AdditionalClaims/additional_claims: Vec<JwtValidationActionAdditionalClaim>,
    }
    /// A claim the token must make.
    pub struct JwtValidationActionAdditionalClaim: types::JwtValidationActionAdditionalClaim
        = types::JwtValidationActionAdditionalClaim::builder().build() => {
        Format/format: String, Name/name: String, Values/values: Vec<String>,
    }
    /// Client certificates.
    pub struct MutualAuthentication: types::MutualAuthenticationAttributes
        = types::MutualAuthenticationAttributes::builder().build() => {
        Mode/mode: String, TrustStoreArn/trust_store_arn: String,
        IgnoreClientCertificateExpiry/ignore_client_certificate_expiry: bool,
        AdvertiseTrustStoreCaNames/advertise_trust_store_ca_names: String,
    }
    /// A certificate.
    pub struct Certificate: types::Certificate = types::Certificate::builder().build() => {
        CertificateArn/certificate_arn: String,
    }
    /// A setting of a listener.
    pub struct ListenerAttribute: types::ListenerAttribute = types::ListenerAttribute::builder().build() => {
        Key/key: String, Value/value: String,
    }
}

/// AWS never returns a client secret and keeps no trace of whether an existing one was used: what was sent is
/// taken as still true while the client is the same.
pub fn keep_secrets(live: &mut [Action], sent: Option<&Vec<Action>>) {
    for (action, hint) in live.iter_mut().zip(sent.into_iter().flatten()) {
        if let (Some(live), Some(hint)) = (&mut action.AuthenticateOidcConfig, &hint.AuthenticateOidcConfig)
            && live.ClientId == hint.ClientId
        {
            live.ClientSecret.clone_from(&hint.ClientSecret);
            live.UseExistingClientSecret = hint.UseExistingClientSecret;
        }
    }
}

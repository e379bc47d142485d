//! One account in one realm, and its clients by region.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use aws_types::{SdkConfig, region::Region};

use super::{CallMeter, Certainty, Keys, KeysNotice, OpError, Sdk, op};
use crate::clock::Clock;

/// Which world calls go to. A ledger belongs to one realm for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Realm {
    /// AWS, or any endpoint the user's configuration names.
    Aws,
    /// The embedded twin.
    Sandbox,
}

impl Realm {
    /// As ledgers and events write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Sandbox => "sandbox",
        }
    }
}

/// Who is calling, as STS says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The caller's ARN.
    pub arn: String,
    /// The caller's unique id.
    pub user_id: String,
}

/// An account as the engine sees it.
pub struct Cloud {
    /// Which world.
    pub realm: Realm,
    /// Twelve digits.
    pub account: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Who is calling.
    pub identity: Identity,
    /// Counts every call.
    pub meter: CallMeter,
    config: SdkConfig,
    keys: Option<Arc<Keys>>,
    sdks: RefCell<BTreeMap<String, Rc<Sdk>>>,
}

impl Cloud {
    /// Clients over `config`; the account is asked for with [`Self::identify`].
    #[must_use]
    pub fn new(realm: Realm, config: SdkConfig) -> Self {
        Self::with_keys(realm, config, None)
    }

    /// The same with credentials that can be renewed; `config` takes them from there too.
    #[must_use]
    pub fn with_keys(realm: Realm, config: SdkConfig, keys: Option<Arc<Keys>>) -> Self {
        Self {
            realm,
            account: String::new(),
            partition: "aws".into(),
            identity: Identity::default(),
            meter: CallMeter::default(),
            config,
            keys,
            sdks: RefCell::default(),
        }
    }

    /// Asks STS whose credentials these are.
    ///
    /// # Errors
    /// No credentials, expired ones, or no network.
    pub async fn identify(&mut self, clock: &dyn Clock) -> Result<(), OpError> {
        let region = self.config.region().map_or_else(|| "us-east-1".to_owned(), ToString::to_string);
        let sdk = self.sdk(&region);
        let ask = async || sdk.sts().get_caller_identity().send().await.map_err(op("GetCallerIdentity"));
        let identity = patiently(clock, ask).await?;
        self.account = identity
            .account()
            .ok_or_else(|| OpError::missing("GetCallerIdentity", "the account"))?
            .to_owned();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        self.identity = Identity { arn: text(identity.arn()), user_id: text(identity.user_id()) };
        if let Some(keys) = &self.keys {
            keys.pin(&self.account);
        }
        if let Some(partition) = identity.arn().and_then(|arn| arn.split(':').nth(1)) {
            partition.clone_into(&mut self.partition);
        }
        Ok(())
    }

    /// The credentials, if they can be renewed.
    #[must_use]
    pub fn keys(&self) -> Option<&Arc<Keys>> {
        self.keys.as_ref()
    }

    /// What there is to tell about credentials since the last question.
    pub fn keys_notices(&self) -> Vec<KeysNotice> {
        self.keys.as_ref().map(|keys| keys.notices()).unwrap_or_default()
    }

    /// How long calls have waited for credentials so far: no deadline counts that.
    #[must_use]
    pub fn paused(&self) -> Duration {
        self.keys.as_ref().map(|keys| keys.paused()).unwrap_or_default()
    }

    /// The endpoint that the user's configuration puts in AWS's place.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        self.config.endpoint_url().map(ToOwned::to_owned)
    }

    /// The region of the user's configuration, if it names one.
    #[must_use]
    pub fn default_region(&self) -> Option<String> {
        self.config.region().map(ToString::to_string)
    }

    /// Clients for a region.
    pub fn sdk(&self, region: &str) -> Rc<Sdk> {
        let mut sdks = self.sdks.borrow_mut();
        let make = || {
            let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
            Rc::new(Sdk::new(config, self.meter.clone(), self.keys.clone()))
        };
        Rc::clone(sdks.entry(region.to_owned()).or_insert_with(make))
    }

    /// Names of the available zones of each region, sorted: what `Fn::GetAZs` answers.
    ///
    /// # Errors
    /// When EC2 does not answer.
    pub async fn zones(
        &self,
        clock: &dyn Clock,
        regions: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<String>>, OpError> {
        let mut out = BTreeMap::new();
        for region in regions {
            let sdk = self.sdk(region);
            let ask = async || {
                sdk.ec2().describe_availability_zones().send().await.map_err(op("DescribeAvailabilityZones"))
            };
            let answer = patiently(clock, ask).await?;
            let mut names: Vec<String> = answer
                .availability_zones()
                .iter()
                .filter(|zone| zone.zone_type().is_none_or(|kind| kind == "availability-zone"))
                .filter_map(|zone| zone.zone_name().map(ToOwned::to_owned))
                .collect();
            names.sort();
            out.insert(region.clone(), names);
        }
        Ok(out)
    }
}

impl Cloud {
    /// Values of SSM parameters, by region and name. Those that are not there are left out; encrypted ones too,
    /// which nothing that is planned may hold.
    ///
    /// # Errors
    /// When SSM does not answer, or not these credentials.
    pub async fn parameters(
        &self,
        clock: &dyn Clock,
        wanted: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, OpError> {
        let mut out = BTreeMap::new();
        for (region, names) in wanted {
            let sdk = self.sdk(region);
            let mut found = BTreeMap::new();
            for name in names {
                let ask =
                    async || sdk.ssm().get_parameter().name(name).send().await.map_err(op("GetParameter"));
                match patiently(clock, ask).await {
                    Ok(answer) => {
                        let parameter = answer
                            .parameter()
                            .filter(|p| p.r#type() != Some(&aws_sdk_ssm::types::ParameterType::SecureString));
                        if let Some(value) = parameter.and_then(|p| p.value()) {
                            found.insert(name.clone(), value.to_owned());
                        }
                    }
                    Err(error) if error.code.as_deref() == Some("ParameterNotFound") => {}
                    Err(error) => return Err(error),
                }
            }
            out.insert(region.clone(), found);
        }
        Ok(out)
    }
}

impl Cloud {
    /// The text of an object of S3; at most `limit` bytes of it.
    ///
    /// # Errors
    /// When there is none, it is larger, it is no text, or S3 does not answer.
    pub async fn text(
        &self,
        clock: &dyn Clock,
        region: &str,
        (bucket, key): (&str, &str),
        limit: usize,
    ) -> Result<String, OpError> {
        const OP: &str = "GetObject";
        let sdk = self.sdk(region);
        let ask = async || {
            let answer = sdk.s3().get_object().bucket(bucket).key(key).send().await.map_err(op(OP))?;
            if answer.content_length().is_some_and(|length| length > i64::try_from(limit).unwrap_or(i64::MAX))
            {
                return Err(OpError::not_sent(OP, format!("it has more than {limit} bytes")));
            }
            let bytes = answer.body.collect().await;
            bytes.map(|bytes| bytes.to_vec()).map_err(|error| OpError::not_sent(OP, error.to_string()))
        };
        let bytes = patiently(clock, ask).await?;
        String::from_utf8(bytes).map_err(|_| OpError::not_sent(OP, "it is no text in UTF-8"))
    }
}

/// Asks again, a few times, when AWS wants it slower or answers with a server error. A lost connection is told at
/// once: before a run, it means that there is no network.
///
/// # Errors
/// Any other, and these after a while.
pub async fn patiently<T>(
    clock: &dyn Clock,
    ask: impl AsyncFn() -> Result<T, OpError>,
) -> Result<T, OpError> {
    let mut pauses = [1, 2, 4, 8].into_iter();
    loop {
        match ask().await {
            Err(error)
                if error.is_throttle() || error.certainty == Certainty::Unknown && error.code.is_some() =>
            {
                match pauses.next() {
                    Some(seconds) => clock.sleep(Duration::from_secs(seconds)).await,
                    None => return Err(error),
                }
            }
            answer => return answer,
        }
    }
}

//! One SDK configuration per region, clients built on first use.

use std::sync::{Arc, OnceLock};

use aws_types::SdkConfig;

use super::{
    CallLog, CallMeter,
    access::{Keys, Renewal},
};

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $krate:ident $(, $tweak:expr)?;)*) => {
        /// Lazily built clients that share one configuration. The SDK repeats nothing but calls that were refused
        /// because credentials ran out ([`Renewal`]): the engine repeats the rest, because only it knows whether an
        /// effect may already have happened.
        pub struct Sdk {
            config: SdkConfig,
            meter: CallMeter,
            keys: Option<Arc<Keys>>,
            path_style: bool,
            $($name: OnceLock<$krate::Client>,)*
        }

        impl Sdk {
            /// Clients over `config`; every call is counted in `meter`. Calls that are refused because credentials ran
            /// out are made again with those that `keys` finds.
            #[must_use]
            pub fn new(config: SdkConfig, meter: CallMeter, keys: Option<Arc<Keys>>) -> Self {
                let path_style = config.endpoint_url().is_some();
                Self { config, meter, keys, path_style, $($name: OnceLock::new(),)* }
            }

            $(
                $(#[$doc])*
                pub fn $name(&self) -> &$krate::Client {
                    self.$name.get_or_init(|| {
                        #[allow(unused_mut, reason = "only some services need a tweak")]
                        let mut builder = $krate::config::Builder::from(&self.config)
                            .interceptor(self.meter.clone())
                            .interceptor(CallLog);
                        if let Some(keys) = &self.keys {
                            let renewal = Renewal(Arc::clone(keys));
                            builder = builder
                                .retry_config(Renewal::config())
                                .retry_partition(Renewal::partition())
                                .retry_classifier(renewal.clone())
                                .interceptor(renewal);
                        }
                        $(builder = ($tweak)(self, builder);)?
                        $krate::Client::from_conf(builder.build())
                    })
                }
            )*
        }
    };
}

clients! {
    /// AWS Certificate Manager.
    acm: aws_sdk_acm;
    /// Application Auto Scaling.
    autoscaling: aws_sdk_applicationautoscaling;
    /// The Serverless Application Repository.
    applications: aws_sdk_serverlessapplicationrepository;
    /// EC2 Auto Scaling.
    auto_scaling: aws_sdk_autoscaling;
    /// AWS Backup.
    backup: aws_sdk_backup;
    /// Cloud Control.
    cloudcontrol: aws_sdk_cloudcontrol;
    /// CloudFormation.
    cloudformation: aws_sdk_cloudformation;
    /// CloudWatch.
    cloudwatch: aws_sdk_cloudwatch;
    /// CodeBuild.
    codebuild: aws_sdk_codebuild;
    /// CloudWatch Logs.
    logs: aws_sdk_cloudwatchlogs;
    /// Database Migration Service.
    dms: aws_sdk_databasemigration;
    /// EC2.
    ec2: aws_sdk_ec2;
    /// ECS.
    ecs: aws_sdk_ecs;
    /// Elastic Load Balancing v2.
    elb: aws_sdk_elasticloadbalancingv2;
    /// EventBridge.
    events: aws_sdk_eventbridge;
    /// IAM.
    iam: aws_sdk_iam;
    /// Key Management Service.
    kms: aws_sdk_kms;
    /// Lambda.
    lambda: aws_sdk_lambda;
    /// RDS.
    rds: aws_sdk_rds;
    /// Route 53.
    route53: aws_sdk_route53;
    /// S3. Custom endpoints rarely resolve bucket names as hosts, so they get path-style addresses.
    s3: aws_sdk_s3, |sdk: &Sdk, b: aws_sdk_s3::config::Builder| b.force_path_style(sdk.path_style);
    /// Secrets Manager.
    secrets: aws_sdk_secretsmanager;
    /// SNS.
    sns: aws_sdk_sns;
    /// Systems Manager.
    ssm: aws_sdk_ssm;
    /// STS.
    sts: aws_sdk_sts;
    /// Resource Groups Tagging API.
    tagging: aws_sdk_resourcegroupstagging;
}

impl std::fmt::Debug for Sdk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sdk({})", self.config.region().map_or("no region", |r| r.as_ref()))
    }
}

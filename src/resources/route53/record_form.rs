//! Records between the template's terms and the API's.

use aws_sdk_route53::types as sdk;

use super::common::{bare, built, domain};
use crate::aws::OpError;

crate::props! {
    /// A record set.
    pub struct Props {
        AliasTarget: AliasTarget,
        CidrRoutingConfig: CidrRouting,
        Comment: String,
        Failover: String,
        GeoLocation: GeoLocation,
        GeoProximityLocation: GeoProximity,
        HealthCheckId: String,
        HostedZoneId: String,
        HostedZoneName: String,
        MultiValueAnswer: bool,
        Name: String,
        Region: String,
        ResourceRecords: Vec<String>,
        SetIdentifier: String,
        TTL: String,
        Type: String,
        Weight: i64,
    }
    /// What an alias stands for.
    pub struct AliasTarget { DNSName: String, EvaluateTargetHealth: bool, HostedZoneId: String }
    /// Routing by the client's network.
    pub struct CidrRouting { CollectionId: String, LocationName: String }
    /// Routing by the client's place.
    pub struct GeoLocation { ContinentCode: String, CountryCode: String, SubdivisionCode: String }
    /// Routing by distance.
    pub struct GeoProximity { AWSRegion: String, Bias: i32, Coordinates: Coordinates, LocalZoneGroup: String }
    /// A place on earth.
    pub struct Coordinates { Latitude: String, Longitude: String }
}

/// What tells records of one zone apart.
#[derive(PartialEq)]
pub(super) struct Key {
    pub name: String,
    pub kind: String,
    pub set: Option<String>,
}

impl Key {
    /// The key that the properties ask for.
    pub(super) fn of(props: &Props) -> Self {
        Self {
            name: domain(props.Name.as_deref().unwrap_or_default()),
            kind: props.Type.clone().unwrap_or_default(),
            set: props.SetIdentifier.clone(),
        }
    }

    /// Whether a live record has this key.
    pub(super) fn fits(&self, record: &sdk::ResourceRecordSet) -> bool {
        domain(&record.name) == self.name
            && record.r#type.as_str() == self.kind
            && record.set_identifier == self.set
    }
}

/// The record for AWS.
pub(super) fn sent(props: &Props) -> Result<sdk::ResourceRecordSet, OpError> {
    let ttl = props.TTL.as_ref().map(|text| {
        text.parse::<i64>().map_err(|_| {
            OpError::not_sent("ChangeResourceRecordSets", format!("TTL '{text}' is not a number"))
        })
    });
    let mut record = sdk::ResourceRecordSet::builder()
        .set_name(props.Name.clone())
        .set_type(props.Type.as_deref().map(sdk::RrType::from))
        .set_ttl(ttl.transpose()?)
        .set_failover(props.Failover.as_deref().map(sdk::ResourceRecordSetFailover::from))
        .set_health_check_id(props.HealthCheckId.clone())
        .set_multi_value_answer(props.MultiValueAnswer)
        .set_region(props.Region.as_deref().map(sdk::ResourceRecordSetRegion::from))
        .set_set_identifier(props.SetIdentifier.clone())
        .set_weight(props.Weight);
    if let Some(alias) = &props.AliasTarget {
        record = record.alias_target(built(
            sdk::AliasTarget::builder()
                .set_dns_name(alias.DNSName.clone())
                .set_hosted_zone_id(alias.HostedZoneId.clone())
                .evaluate_target_health(alias.EvaluateTargetHealth.unwrap_or(false))
                .build(),
        )?);
    }
    for value in props.ResourceRecords.iter().flatten() {
        record = record.resource_records(built(sdk::ResourceRecord::builder().value(value).build())?);
    }
    if let Some(routing) = &props.CidrRoutingConfig {
        record = record.cidr_routing_config(built(
            sdk::CidrRoutingConfig::builder()
                .set_collection_id(routing.CollectionId.clone())
                .set_location_name(routing.LocationName.clone())
                .build(),
        )?);
    }
    if let Some(place) = &props.GeoLocation {
        record = record.geo_location(
            sdk::GeoLocation::builder()
                .set_continent_code(place.ContinentCode.clone())
                .set_country_code(place.CountryCode.clone())
                .set_subdivision_code(place.SubdivisionCode.clone())
                .build(),
        );
    }
    if let Some(place) = &props.GeoProximityLocation {
        let coordinates = match &place.Coordinates {
            Some(at) => Some(built(
                sdk::Coordinates::builder()
                    .set_latitude(at.Latitude.clone())
                    .set_longitude(at.Longitude.clone())
                    .build(),
            )?),
            None => None,
        };
        record = record.geo_proximity_location(
            sdk::GeoProximityLocation::builder()
                .set_aws_region(place.AWSRegion.clone())
                .set_bias(place.Bias)
                .set_coordinates(coordinates)
                .set_local_zone_group(place.LocalZoneGroup.clone())
                .build(),
        );
    }
    built(record.build())
}

/// A live record in the template's terms. The zone is named as in `hint`.
pub(super) fn own(record: &sdk::ResourceRecordSet, zone: &str, hint: &Props) -> Props {
    let values: Vec<String> = record.resource_records().iter().map(|r| r.value.clone()).collect();
    let asked = hint.AliasTarget.as_ref().is_some_and(|alias| alias.EvaluateTargetHealth.is_some());
    Props {
        AliasTarget: record.alias_target.as_ref().map(|alias| AliasTarget {
            DNSName: Some(alias.dns_name.clone()),
            EvaluateTargetHealth: (asked || alias.evaluate_target_health)
                .then_some(alias.evaluate_target_health),
            HostedZoneId: Some(alias.hosted_zone_id.clone()),
        }),
        CidrRoutingConfig: record.cidr_routing_config.as_ref().map(|routing| CidrRouting {
            CollectionId: Some(routing.collection_id.clone()),
            LocationName: Some(routing.location_name.clone()),
        }),
        Comment: None,
        Failover: record.failover.as_ref().map(|f| f.as_str().into()),
        GeoLocation: record.geo_location.as_ref().map(|place| GeoLocation {
            ContinentCode: place.continent_code.clone(),
            CountryCode: place.country_code.clone(),
            SubdivisionCode: place.subdivision_code.clone(),
        }),
        GeoProximityLocation: record.geo_proximity_location.as_ref().map(|place| GeoProximity {
            AWSRegion: place.aws_region.clone(),
            Bias: place.bias,
            Coordinates: place.coordinates.as_ref().map(|at| Coordinates {
                Latitude: Some(at.latitude.clone()),
                Longitude: Some(at.longitude.clone()),
            }),
            LocalZoneGroup: place.local_zone_group.clone(),
        }),
        HealthCheckId: record.health_check_id.clone(),
        HostedZoneId: hint.HostedZoneId.as_ref().map(|_| bare(zone).to_owned()),
        HostedZoneName: hint.HostedZoneName.clone(),
        MultiValueAnswer: record.multi_value_answer,
        Name: Some(domain(&record.name)),
        Region: record.region.as_ref().map(|r| r.as_str().into()),
        ResourceRecords: (!values.is_empty()).then_some(values),
        SetIdentifier: record.set_identifier.clone(),
        TTL: record.ttl.map(|ttl| ttl.to_string()),
        Type: Some(record.r#type.as_str().into()),
        Weight: record.weight,
    }
}

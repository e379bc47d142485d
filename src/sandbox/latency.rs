//! How long calls take, in milliseconds.
//!
//! AWS publishes no figures. These are taken from public logs of Terraform applies, whose lines say after how many seconds each
//! object was complete: an internet gateway (two changes and a read) after 1 s, a route table (two changes, two reads) after
//! 1 s, a route table association after 0 to 1 s, a security group (three to four changes) after 2 to 3 s, a VPC (one to two
//! changes and six reads) after 1 to 2 s, a role (one change, and reads until it shows) after 1 to 2 s, an instance profile (two
//! changes) after 7 s, most of which is waiting. A peer's published deployment of a network, a balancer and a Fargate service
//! without waiting for any of them takes 34.5 s in us-east-1 for about as many calls one after the other as here.

use sha2::{Digest, Sha256};

use super::Kind;

/// What a service's calls take on average: reads, and calls that change something.
const SERVICES: &[(&str, u64, u64)] = &[
    ("autoscaling", 60, 350),
    ("cloudcontrol", 60, 500),
    ("dms", 100, 700),
    ("ec2", 100, 400),
    ("ecs", 80, 300),
    ("elbv2", 100, 600),
    ("iam", 80, 250),
    ("lambda", 60, 500),
    ("rds", 100, 900),
    ("route53", 100, 350),
    ("s3", 60, 150),
];

/// Of any other service.
const OTHERS: (u64, u64) = (60, 120);

/// How long the next call takes before and after its effect.
pub fn of(service: &str, kind: Kind, seed: u64, number: u64) -> (u64, u64) {
    let row = SERVICES.iter().find(|row| row.0 == service);
    let (read, write) = row.map_or(OTHERS, |row| (row.1, row.2));
    let average = if kind == Kind::Write { write } else { read };
    // From three quarters to five quarters of it.
    let draw = u64::from(Sha256::digest(format!("latency:{seed}:{number}"))[0]);
    let total = average * 3 / 4 + average * draw / 510;
    (total / 2, total - total / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_take_what_their_service_takes() {
        for (service, read, write) in SERVICES.iter().copied().chain([("sns", OTHERS.0, OTHERS.1)]) {
            for (kind, average) in [(Kind::Read, read), (Kind::Write, write)] {
                let all: Vec<u64> = (0..400)
                    .map(|number| {
                        let (before, after) = of(service, kind, 7, number);
                        before + after
                    })
                    .collect();
                let mean = all.iter().sum::<u64>() / 400;
                assert!(mean.abs_diff(average) * 20 <= average, "{service}: {mean} ms, not {average} ms");
                assert!(all.iter().all(|one| *one * 4 + 3 >= average * 3 && *one * 4 <= average * 5 + 4));
            }
        }
    }

    #[test]
    fn rows_are_of_services_that_are_there() {
        for (service, ..) in SERVICES {
            assert!(crate::sandbox::services::SERVICES.iter().any(|one| one.name == *service), "{service}");
        }
    }
}

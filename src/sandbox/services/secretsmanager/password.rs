//! `GetRandomPassword`.

use serde_json::json;

use super::store::bad;
use crate::sandbox::{Reply, Request, World};

const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

pub fn get_random_password(world: &mut World, rq: &Request<'_>) -> Reply {
    let excluded = rq.text("ExcludeCharacters");
    let length = usize::try_from(rq.int("PasswordLength").unwrap_or(32)).unwrap_or_default();
    let mut kinds: Vec<Vec<char>> = Vec::new();
    let mut allow = |skip: bool, chars: &str| {
        if !skip {
            kinds.push(chars.chars().filter(|c| !excluded.contains(*c)).collect());
        }
    };
    allow(rq.flag("ExcludeLowercase"), "abcdefghijklmnopqrstuvwxyz");
    allow(rq.flag("ExcludeUppercase"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    allow(rq.flag("ExcludeNumbers"), "0123456789");
    allow(rq.flag("ExcludePunctuation"), PUNCTUATION);
    allow(!rq.flag("IncludeSpace"), " ");
    let each = rq.get("RequireEachIncludedType").as_bool().unwrap_or(true);
    if each && kinds.iter().any(Vec::is_empty) {
        return Err(bad("The excluded characters leave no character of a required type."));
    }
    let all: Vec<char> = kinds.iter().flatten().copied().collect();
    if all.is_empty() || length == 0 || (each && length < kinds.len()) {
        return Err(bad("The password length or the exclusions leave no possible password."));
    }
    let seed = u64::from_str_radix(&world.hex(16), 16).unwrap_or_default();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut password: Vec<char> = (0..length).map(|_| all[rng.usize(..all.len())]).collect();
    if each {
        for (at, kind) in kinds.iter().enumerate() {
            password[at] = kind[rng.usize(..kind.len())];
        }
        rng.shuffle(&mut password);
    }
    Ok(json!({"RandomPassword": password.into_iter().collect::<String>()}))
}

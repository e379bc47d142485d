//! Against the published examples, and each way back.

use super::{aes, curve::Curve, draw::Draw, hash::Hash, number, rsa};

#[test]
fn numbers_agree_with_small_ones() {
    let modulus = number::Modulus::new(&[1_000_000_007]).unwrap();
    let enter = |x: u64| modulus.enter(&[x]);
    assert_eq!(modulus.leave(&modulus.mul(&enter(123_456_789), &enter(987_654_321))), [259_106_859]);
    assert_eq!(modulus.leave(&modulus.power(&enter(5), &[1_000_000_006])), [1]);
    assert_eq!(modulus.leave(&modulus.mul(&enter(77), &modulus.invert(&enter(77)))), [1]);
    let wide = (1u128 << 64) + 5;
    assert_eq!(modulus.reduce(&[5, 1]), [(wide % 1_000_000_007) as u64]);
    assert!(number::Modulus::new(&[10]).is_none());
}

/// RFC 5649, section 6.
#[test]
fn wrapped_keys_of_the_standard() {
    let key = hex::decode("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8").unwrap();
    let twenty = hex::decode("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a").unwrap();
    assert_eq!(hex::encode(aes::unwrap(&key, &twenty).unwrap()), "c37b7e6492584340bed12207808941155068f738");
    let seven = hex::decode("afbeb0f07dfbf5419200f2ccb50bb24f").unwrap();
    assert_eq!(hex::encode(aes::unwrap(&key, &seven).unwrap()), "466f7250617369");
    assert!(aes::unwrap(&key[..16], &seven).is_none());
}

/// RFC 6979, A.2.5 and A.2.7: the public keys of its private ones; signatures of its messages verify.
#[test]
fn curves_of_the_standard() {
    for (spec, private, x, r, s, hash) in [
        (
            "ECC_NIST_P256",
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
            Hash::Sha256,
        ),
        (
            "ECC_NIST_P384",
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
            "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
            "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
            Hash::Sha384,
        ),
    ] {
        let curve = Curve::of(spec).unwrap();
        let private = hex::decode(private).unwrap();
        let der = curve.public_der(&private).unwrap();
        assert!(hex::encode(&der).contains(x), "{spec}");
        let public = curve.read_public(&der).unwrap();
        let number = |digits: &str| super::der::integer(&hex::decode(digits).unwrap());
        let signature = super::der::sequence(&[number(r), number(s)]);
        assert!(curve.verifies(&public, &hash.digest(b"sample"), &signature), "{spec}");
        assert!(!curve.verifies(&public, &hash.digest(b"simple"), &signature), "{spec}");
    }
}

#[test]
fn every_curve_signs_and_shares() {
    for spec in ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"] {
        let curve = Curve::of(spec).unwrap();
        let (one, two) = (curve.generate(&mut Draw::new(b"one")), curve.generate(&mut Draw::new(b"two")));
        let digest = Hash::Sha512.digest(b"message");
        let signature = curve.sign(&one, &digest).unwrap();
        let (mine, other) = (curve.public(&one).unwrap(), curve.public(&two).unwrap());
        assert!(curve.verifies(&mine, &digest, &signature), "{spec}");
        assert!(!curve.verifies(&other, &digest, &signature), "{spec}");
        assert_eq!(curve.shared(&one, &other), curve.shared(&two, &mine), "{spec}");
        let file = curve.private_der(&one).unwrap();
        assert_eq!(curve.read_private(&file), Some(one.clone()), "{spec}");
        let mut broken = curve.public_der(&one).unwrap();
        *broken.last_mut().unwrap() ^= 1;
        assert!(curve.read_public(&broken).is_none(), "a point beside {spec}");
    }
}

#[test]
fn rsa_hides_and_signs() {
    let draw = &mut Draw::new(b"rsa");
    let key = rsa::Key::generate(1024, draw).unwrap();
    assert_eq!(key.size(), 1024);
    let again = rsa::Key::read(&key.private_der()).unwrap();
    assert_eq!(key.public_der(), again.public_der());
    let hidden = key.encrypt(Hash::Sha256, b"hidden", draw).unwrap();
    assert_eq!(again.decrypt(Hash::Sha256, &hidden).as_deref(), Some(b"hidden".as_slice()));
    assert!(again.decrypt(Hash::Sha1, &hidden).is_none());
    assert!(key.encrypt(Hash::Sha256, &vec![1; key.room(Hash::Sha256) + 1], draw).is_none());
    let digest = Hash::Sha256.digest(b"message");
    let other = Hash::Sha256.digest(b"other");
    let one = key.sign_pkcs1(Hash::Sha256, &digest).unwrap();
    assert!(
        again.verifies_pkcs1(Hash::Sha256, &digest, &one)
            && !again.verifies_pkcs1(Hash::Sha256, &other, &one)
    );
    let two = key.sign_pss(Hash::Sha256, &digest, draw).unwrap();
    assert!(
        again.verifies_pss(Hash::Sha256, &digest, &two) && !again.verifies_pss(Hash::Sha256, &other, &two)
    );
    assert!(!again.verifies_pss(Hash::Sha256, &digest, &one));
}

#[test]
fn sealed_messages_open_with_their_context_only() {
    let (key, nonce) = ([7u8; 32], [9u8; 12]);
    let sealed = aes::seal(&key, &nonce, b"context", b"message").unwrap();
    assert_eq!(aes::open(&key, b"context", &sealed).as_deref(), Some(b"message".as_slice()));
    assert!(aes::open(&key, b"", &sealed).is_none());
    assert!(aes::open(&[8u8; 32], b"context", &sealed).is_none());
}

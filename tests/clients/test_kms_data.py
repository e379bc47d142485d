"""KMS, operations that use keys: what is encrypted and signed is checked against other arithmetic than the sandbox's own."""
import hashlib
import hmac
import os

import rsa
from harness import ACCOUNT, aws, client, eventually, pages, passes, refused, role, said, test

kms, west = client("kms"), client("kms", "us-west-2")
MESSAGE = b"a message of some bytes"
KEYS = {}


def key(**more):
    return kms.create_key(**more)["KeyMetadata"]


def kept(name, **more):
    """One key for several tests: RSA keys take a second."""
    if name not in KEYS:
        KEYS[name] = key(**more)
    return KEYS[name]


def rsa_signs():
    return kept("signs", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")


def rsa_hides():
    return kept("hides", KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")


def public(name):
    """An RSA key's public numbers."""
    return rsa.PublicKey.load_pkcs1_openssl_der(kms.get_public_key(KeyId=name)["PublicKey"])


def mask(seed, count, digest):
    blocks = (digest(seed + at.to_bytes(4, "big")).digest() for at in range(count // digest().digest_size + 1))
    return b"".join(blocks)[:count]


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


def oaep(numbers, message, digest=hashlib.sha256):
    """RFC 8017, 7.1.1."""
    size, width = (numbers.n.bit_length() + 7) // 8, digest().digest_size
    block = digest(b"").digest() + bytes(size - len(message) - 2 * width - 2) + b"\1" + message
    seed = os.urandom(width)
    block = xor(block, mask(seed, len(block), digest))
    seed = xor(seed, mask(block, width, digest))
    return pow(int.from_bytes(seed + block, "big"), numbers.e, numbers.n).to_bytes(size, "big")


def pss_is_right(numbers, message, signature, digest):
    """RFC 8017, 9.1.2, with a salt as long as the digest."""
    size, width = (numbers.n.bit_length() + 7) // 8, digest().digest_size
    whole = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(size, "big")
    block, seal = whole[:size - width - 1], whole[size - width - 1:-1]
    block = xor(block, mask(seal, len(block), digest))
    return seal == digest(bytes(8) + digest(message).digest() + block[-width:]).digest() and whole[-1:] == b"\xbc"


# p, a, b, G, n of the curve that neither ring nor the service's own arithmetic is asked about here (SEC 2, secp256k1; FIPS 186)
CURVES = {
    "ECC_SECG_P256K1": (2**256 - 2**32 - 977, 0, 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
                        0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8,
                        0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141),
    "ECC_NIST_P521": (2**521 - 1, -3, 0xc6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66,
                      0x11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650,
                      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409),
}


def times(curve, factor, point):
    p, a = CURVES[curve][:2]

    def plus(one, other):
        if one is None or other is None:
            return one or other
        (x, y), (u, v) = one, other
        if x == u and (y + v) % p == 0:
            return None
        slope = (3 * x * x + a) * pow(2 * y, -1, p) if one == other else (v - y) * pow(u - x, -1, p)
        z = (slope * slope - x - u) % p
        return z, (slope * (x - z) - y) % p

    out = None
    for bit in bin(factor)[2:]:
        out = plus(out, out)
        if bit == "1":
            out = plus(out, point)
    return out, plus


def ecdsa_is_right(curve, name, message, signature, digest):
    """FIPS 186-5, 6.4.2."""
    n, g = CURVES[curve][4], CURVES[curve][2:4]
    width = (CURVES[curve][0].bit_length() + 7) // 8
    point = kms.get_public_key(KeyId=name)["PublicKey"][-2 * width:]
    q = (int.from_bytes(point[:width], "big"), int.from_bytes(point[width:], "big"))
    at, numbers = signature.index(b"\x02"), []
    while at < len(signature):
        length = signature[at + 1]
        numbers.append(int.from_bytes(signature[at + 2:at + 2 + length], "big"))
        at += 2 + length
    r, s = numbers
    e = int.from_bytes(digest(message).digest(), "big")
    w = pow(s, -1, n)
    one, plus = times(curve, e * w % n, g)
    other, _ = times(curve, r * w % n, q)
    return plus(one, other)[0] % n == r


@test
def what_is_encrypted_decrypts_with_its_key_and_context_only():
    one, two, context = key(), key(), {"purpose": "test", "a": "b"}
    made = kms.encrypt(KeyId=one["KeyId"], Plaintext=MESSAGE, EncryptionContext=context)
    assert made["KeyId"] == one["Arn"] and made["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    blob = made["CiphertextBlob"]
    assert MESSAGE not in blob
    assert blob != kms.encrypt(KeyId=one["KeyId"], Plaintext=MESSAGE, EncryptionContext=context)["CiphertextBlob"]
    for more in ({}, {"KeyId": one["Arn"]}):
        answer = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b", "purpose": "test"}, **more)
        assert answer["Plaintext"] == MESSAGE and answer["KeyId"] == one["Arn"]
        assert answer["KeyMaterialId"] == one["CurrentKeyMaterialId"]
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, EncryptionContext={"purpose": "test"})
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob + b"more", EncryptionContext=context)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=b"no ciphertext of anybody", KeyId=one["KeyId"])
    refused("InvalidCiphertextException", west.decrypt, CiphertextBlob=blob, EncryptionContext=context)
    said("IncorrectKeyException", "does not identify a CMK that can perform this operation", kms.decrypt,
         CiphertextBlob=blob, EncryptionContext=context, KeyId=two["KeyId"])
    refused("DryRunOperationException", kms.decrypt, CiphertextBlob=blob, EncryptionContext=context, DryRun=True)
    refused("DryRunOperationException", kms.encrypt, KeyId=one["KeyId"], Plaintext=MESSAGE, DryRun=True)
    said("ValidationException", "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
         kms.encrypt, KeyId=one["KeyId"], Plaintext=b"x" * 4097)
    kms.create_alias(AliasName="alias/data/one", TargetKeyId=one["KeyId"])
    for name in ("alias/data/one", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/data/one", one["Arn"]):
        assert kms.decrypt(CiphertextBlob=kms.encrypt(KeyId=name, Plaintext=MESSAGE)["CiphertextBlob"])["Plaintext"] == MESSAGE
    refused("AccessDeniedException", kms.encrypt, KeyId="alias/aws/s3", Plaintext=MESSAGE)
    refused("NotFoundException", kms.encrypt, KeyId="alias/data/never", Plaintext=MESSAGE)


@test
def re_encryption_moves_to_another_key():
    one, two = key(), key()
    blob = kms.encrypt(KeyId=one["KeyId"], Plaintext=MESSAGE, EncryptionContext={"a": "b"})["CiphertextBlob"]
    moved = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "b"}, DestinationKeyId=two["KeyId"],
                           DestinationEncryptionContext={"c": "d"})
    assert (moved["SourceKeyId"], moved["KeyId"]) == (one["Arn"], two["Arn"])
    assert moved["SourceEncryptionAlgorithm"] == moved["DestinationEncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], KeyId=two["KeyId"], EncryptionContext={"c": "d"})["Plaintext"] == MESSAGE
    macs = kept("macs", KeySpec="HMAC_224", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]
    refused("IncorrectKeyException", kms.re_encrypt, CiphertextBlob=blob, SourceKeyId=macs, DestinationKeyId=macs)
    refused("InvalidKeyUsageException", kms.re_encrypt, CiphertextBlob=blob, SourceEncryptionContext={"a": "b"},
            DestinationKeyId=rsa_signs()["KeyId"])
    to_rsa = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "b"}, DestinationKeyId=rsa_hides()["KeyId"],
                            DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert kms.decrypt(CiphertextBlob=to_rsa["CiphertextBlob"], KeyId=rsa_hides()["KeyId"],
                       EncryptionAlgorithm="RSAES_OAEP_SHA_256")["Plaintext"] == MESSAGE


@test
def rsa_decrypts_what_others_encrypted():
    hides = rsa_hides()
    shown = kms.get_public_key(KeyId=hides["KeyId"])
    assert shown["KeyUsage"] == "ENCRYPT_DECRYPT" and shown["EncryptionAlgorithms"] == ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
    numbers = public(hides["KeyId"])
    assert numbers.n.bit_length() == 2048 and numbers.e == 65537
    for name, digest, room in (("RSAES_OAEP_SHA_1", hashlib.sha1, 214), ("RSAES_OAEP_SHA_256", hashlib.sha256, 190)):
        for blob in (oaep(numbers, MESSAGE, digest),
                     kms.encrypt(KeyId=hides["KeyId"], Plaintext=MESSAGE, EncryptionAlgorithm=name)["CiphertextBlob"]):
            assert kms.decrypt(KeyId=hides["KeyId"], CiphertextBlob=blob, EncryptionAlgorithm=name)["Plaintext"] == MESSAGE
        said("ValidationException", f"Algorithm {name} and key spec RSA_2048 cannot encrypt data larger than {room} bytes.",
             kms.encrypt, KeyId=hides["KeyId"], Plaintext=b"x" * 800, EncryptionAlgorithm=name)
    refused("InvalidCiphertextException", kms.decrypt, KeyId=hides["KeyId"], CiphertextBlob=b"x" * 256,
            EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    said("InvalidKeyUsageException", "Algorithm SYMMETRIC_DEFAULT is incompatible with key spec RSA_2048.", kms.encrypt,
         KeyId=hides["KeyId"], Plaintext=MESSAGE)
    said("InvalidKeyUsageException", "key usage is SIGN_VERIFY which is not valid for Encrypt.", kms.encrypt,
         KeyId=rsa_signs()["KeyId"], Plaintext=MESSAGE)
    refused("ValidationException", kms.encrypt, KeyId=hides["KeyId"], Plaintext=MESSAGE, EncryptionContext={"a": "b"},
            EncryptionAlgorithm="RSAES_OAEP_SHA_256")


@test
def data_keys_and_random_bytes():
    one = key()["KeyId"]
    for more, size in (({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 100}, 100)):
        made = kms.generate_data_key(KeyId=one, EncryptionContext={"a": "b"}, **more)
        assert len(made["Plaintext"]) == size
        assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"] == made["Plaintext"]
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=made["CiphertextBlob"])
    hidden = kms.generate_data_key_without_plaintext(KeyId=one, KeySpec="AES_256")
    assert "Plaintext" not in hidden and len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == 32
    for more in ({}, {"KeySpec": "AES_256", "NumberOfBytes": 32}):
        said("ValidationException", "Please specify either number of bytes or key spec.", kms.generate_data_key, KeyId=one, **more)
    refused("ValidationException", kms.generate_data_key, KeyId=one, NumberOfBytes=1025)
    refused("DryRunOperationException", kms.generate_data_key, KeyId=one, KeySpec="AES_256", DryRun=True)
    refused("InvalidKeyUsageException", kms.generate_data_key, KeyId=rsa_signs()["KeyId"], KeySpec="AES_256")
    assert {len(kms.generate_random(NumberOfBytes=size)["Plaintext"]) - size for size in (1, 44, 1024)} == {0}
    assert kms.generate_random(NumberOfBytes=32)["Plaintext"] != kms.generate_random(NumberOfBytes=32)["Plaintext"]
    said("ValidationException", "NumberOfBytes is required.", kms.generate_random)
    said("ValidationException", "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
         kms.generate_random, NumberOfBytes=1025)
    refused("CustomKeyStoreNotFoundException", kms.generate_random, NumberOfBytes=1, CustomKeyStoreId="cks-1234567890abcdef0")
    kms.disable_key(KeyId=one)
    said("DisabledException", "is disabled.", kms.generate_data_key, KeyId=one, KeySpec="AES_256")
    kms.schedule_key_deletion(KeyId=one)
    said("KMSInvalidStateException", "is pending deletion.", kms.generate_data_key, KeyId=one, KeySpec="AES_256")


@test
def data_key_pairs():
    one = key()["KeyId"]
    pair = kms.generate_data_key_pair(KeyId=one, KeyPairSpec="RSA_2048", EncryptionContext={"a": "b"})
    assert pair["KeyPairSpec"] == "RSA_2048"
    plain = kms.decrypt(CiphertextBlob=pair["PrivateKeyCiphertextBlob"], EncryptionContext={"a": "b"})["Plaintext"]
    assert plain == pair["PrivateKeyPlaintext"]
    # The file within PKCS #8 is RFC 8017's, which another library takes.
    mine, numbers = rsa.PrivateKey.load_pkcs1(plain[26:], "DER"), rsa.PublicKey.load_pkcs1_openssl_der(pair["PublicKey"])
    assert mine.n == numbers.n and mine.p * mine.q == mine.n
    assert rsa.verify(MESSAGE, rsa.sign(MESSAGE, mine, "SHA-256"), numbers) == "SHA-256"
    for spec in ("ECC_NIST_P384", "ECC_NIST_EDWARDS25519"):
        hidden = kms.generate_data_key_pair_without_plaintext(KeyId=one, KeyPairSpec=spec)
        assert "PrivateKeyPlaintext" not in hidden and hidden["PublicKey"]
    refused("SandboxOperationNotImplemented", kms.generate_data_key_pair, KeyId=one, KeyPairSpec="ML_KEM_512")
    said("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.", kms.generate_data_key_pair,
         KeyId=one, KeyPairSpec="RSA_2048", DryRun=True)


@test
def signatures_that_others_verify():
    signs = rsa_signs()["KeyId"]
    numbers = public(signs)
    for size, digest in ((256, hashlib.sha256), (384, hashlib.sha384), (512, hashlib.sha512)):
        for kind in ("RSASSA_PKCS1_V1_5", "RSASSA_PSS"):
            by = {"KeyId": signs, "SigningAlgorithm": f"{kind}_SHA_{size}"}
            signed = kms.sign(Message=MESSAGE, **by)
            assert signed["KeyId"].endswith(signs) and signed["SigningAlgorithm"] == by["SigningAlgorithm"]
            signature = signed["Signature"]
            if "PSS" in kind:
                assert pss_is_right(numbers, MESSAGE, signature, digest)
            else:
                assert rsa.verify(MESSAGE, signature, numbers) == f"SHA-{size}"
            assert kms.verify(Message=MESSAGE, Signature=signature, **by)["SignatureValid"] is True
            assert kms.verify(Message=digest(MESSAGE).digest(), MessageType="DIGEST", Signature=signature, **by)["SignatureValid"]
            refused("KMSInvalidSignatureException", kms.verify, Message=b"another", Signature=signature, **by)
            said("ValidationException", f"Digest is invalid length for algorithm {kind}_SHA_{size}.", kms.sign, Message=MESSAGE,
                 MessageType="DIGEST", **by)
    said("InvalidKeyUsageException", "key usage is ENCRYPT_DECRYPT which is not valid for Verify.", kms.verify, KeyId=key()["KeyId"],
         Message=MESSAGE, Signature=b"x", SigningAlgorithm="ECDSA_SHA_256")
    refused("DryRunOperationException", kms.sign, KeyId=signs, Message=MESSAGE, SigningAlgorithm="RSASSA_PSS_SHA_256", DryRun=True)


@test
def signatures_on_curves():
    for spec, size in (("ECC_NIST_P256", 256), ("ECC_NIST_P384", 384), ("ECC_NIST_P521", 512), ("ECC_SECG_P256K1", 256)):
        one = key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyId"]
        by = {"KeyId": one, "SigningAlgorithm": f"ECDSA_SHA_{size}"}
        signature = kms.sign(Message=MESSAGE, **by)["Signature"]
        assert kms.verify(Message=MESSAGE, Signature=signature, **by)["SignatureValid"]
        refused("KMSInvalidSignatureException", kms.verify, Message=b"another", Signature=signature, **by)
        refused("KMSInvalidSignatureException", kms.verify, Message=MESSAGE, Signature=b"no signature", **by)
        if spec in CURVES:
            assert ecdsa_is_right(spec, one, MESSAGE, signature, getattr(hashlib, f"sha{size}"))
        said("InvalidKeyUsageException", f"Algorithm RSASSA_PSS_SHA_256 is incompatible with key spec {spec}.", kms.sign,
             KeyId=one, Message=MESSAGE, SigningAlgorithm="RSASSA_PSS_SHA_256")
    edwards = {"KeyId": key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")["KeyId"], "SigningAlgorithm": "ED25519_SHA_512"}
    signature = kms.sign(Message=MESSAGE, **edwards)["Signature"]
    assert len(signature) == 64 and kms.verify(Message=MESSAGE, Signature=signature, **edwards)["SignatureValid"]
    refused("KMSInvalidSignatureException", kms.verify, Message=b"another", Signature=signature, **edwards)
    refused("SandboxOperationNotImplemented", kms.sign, KeyId=edwards["KeyId"], Message=bytes(64), MessageType="DIGEST",
            SigningAlgorithm="ED25519_PH_SHA_512")
    module = key(KeySpec="ML_DSA_44", KeyUsage="SIGN_VERIFY")["KeyId"]
    refused("SandboxOperationNotImplemented", kms.get_public_key, KeyId=module)
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=key()["KeyId"])


@test
def macs():
    lengths = {"HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}
    for spec, size in lengths.items():
        one = key(KeySpec=spec, KeyUsage="GENERATE_VERIFY_MAC")
        by = {"KeyId": one["KeyId"], "MacAlgorithm": spec.replace("HMAC_", "HMAC_SHA_")}
        mac = kms.generate_mac(Message=MESSAGE, **by)
        assert len(mac["Mac"]) == size and mac["KeyId"] == one["Arn"]
        assert kms.verify_mac(Message=MESSAGE, Mac=mac["Mac"], **by)["MacValid"] is True
        refused("KMSInvalidMacException", kms.verify_mac, Message=b"another", Mac=mac["Mac"], **by)
    other = kept("macs", KeySpec="HMAC_224", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"]
    said("InvalidKeyUsageException", "Algorithm HMAC_SHA_256 is incompatible with key spec HMAC_224.", kms.generate_mac,
         KeyId=other, Message=MESSAGE, MacAlgorithm="HMAC_SHA_256")
    said("InvalidKeyUsageException", "key usage is ENCRYPT_DECRYPT which is not valid for GenerateMac.", kms.generate_mac,
         KeyId=key()["KeyId"], Message=MESSAGE, MacAlgorithm="HMAC_SHA_224")


@test
def secrets_of_two_parties():
    one, two = (key(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["KeyId"] for _ in range(2))
    mine, theirs = (kms.get_public_key(KeyId=name)["PublicKey"] for name in (one, two))
    first = kms.derive_shared_secret(KeyId=one, KeyAgreementAlgorithm="ECDH", PublicKey=theirs)
    assert first["KeyOrigin"] == "AWS_KMS" and first["KeyAgreementAlgorithm"] == "ECDH"
    assert first["SharedSecret"] == kms.derive_shared_secret(KeyId=two, KeyAgreementAlgorithm="ECDH", PublicKey=mine)["SharedSecret"]
    refused("ValidationException", kms.derive_shared_secret, KeyId=one, KeyAgreementAlgorithm="ECDH", PublicKey=b"InvalidPublicKey")
    said("InvalidKeyUsageException", "key usage is ENCRYPT_DECRYPT which is not valid for DeriveSharedSecret.", kms.derive_shared_secret,
         KeyId=key()["KeyId"], KeyAgreementAlgorithm="ECDH", PublicKey=mine)


def imported(name, material, by="RSAES_OAEP_SHA_256", wrap=oaep, **more):
    wanted = kms.get_parameters_for_import(KeyId=name, WrappingAlgorithm=by, WrappingKeySpec="RSA_2048")
    numbers = rsa.PublicKey.load_pkcs1_openssl_der(wanted["PublicKey"])
    more.setdefault("ExpirationModel", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    return {"KeyId": name, "ImportToken": wanted["ImportToken"], "EncryptedKeyMaterial": wrap(numbers, material), **more}


@test
def material_of_ones_own():
    one, first, second = key(Origin="EXTERNAL"), os.urandom(32), os.urandom(32)
    name = one["KeyId"]
    said("KMSInvalidStateException", "is pending import.", kms.encrypt, KeyId=name, Plaintext=MESSAGE)
    said("KMSInvalidStateException", "is pending import.", kms.rotate_key_on_demand, KeyId=name)
    said("UnsupportedOperationException", "origin is AWS_KMS which is not valid for this operation.", kms.get_parameters_for_import,
         KeyId=key()["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    wanted = imported(name, first)
    said("ValidationException", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES", kms.import_key_material,
         **{member: value for member, value in wanted.items() if member != "ExpirationModel"})
    refused("InvalidImportTokenException", kms.import_key_material, **{**wanted, "ImportToken": b"another"})
    refused("InvalidCiphertextException", kms.import_key_material, **{**wanted, "EncryptedKeyMaterial": b"x" * 256})
    refused("IncorrectKeyMaterialException", kms.import_key_material, **imported(name, b"short"))
    made = kms.import_key_material(**wanted)
    shown = kms.describe_key(KeyId=name)["KeyMetadata"]
    assert shown["KeyState"] == "Enabled" and shown["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"
    assert shown["CurrentKeyMaterialId"] == made["KeyMaterialId"] and made["KeyId"] == one["Arn"]
    blob = kms.encrypt(KeyId=name, Plaintext=MESSAGE)["CiphertextBlob"]
    said("KMSInvalidStateException", "No available key material pending rotation for the key", kms.rotate_key_on_demand, KeyId=name)
    refused("IncorrectKeyMaterialException", kms.import_key_material, **imported(name, second))
    new = kms.import_key_material(**imported(name, second, ImportType="NEW_KEY_MATERIAL"))
    said("KMSInvalidStateException", "is pending rotation.", kms.import_key_material,
         **imported(name, os.urandom(32), ImportType="NEW_KEY_MATERIAL"))
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["CurrentKeyMaterialId"] == made["KeyMaterialId"]
    kms.rotate_key_on_demand(KeyId=name)
    eventually(lambda: kms.describe_key(KeyId=name)["KeyMetadata"]["CurrentKeyMaterialId"] == new["KeyMaterialId"])
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == MESSAGE
    pages("kms", "ListKeyRotations", 1, "InvalidMarkerException", KeyId=name, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    gone = kms.delete_imported_key_material(KeyId=name)
    assert gone["KeyMaterialId"] == new["KeyMaterialId"]
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "PendingImport"
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    kms.import_key_material(**imported(name, second))
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == MESSAGE
    refused("UnsupportedOperationException", kms.delete_imported_key_material, KeyId=key()["KeyId"])


@test
def material_that_expires():
    import datetime
    name = key(Origin="EXTERNAL")["KeyId"]
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    kms.import_key_material(**imported(name, os.urandom(32), ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=until))
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["ExpirationModel"] == "KEY_MATERIAL_EXPIRES"
    eventually(lambda: kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "PendingImport")


@test
def other_material_of_ones_own():
    # RFC 5208 around RFC 5915: a private key on the curve of Bitcoin, made here.
    number = os.urandom(31).rjust(32, b"\1")
    file = bytes.fromhex("303e020100301006072a8648ce3d020106052b8104000a042730250201010420") + number
    signs = key(Origin="EXTERNAL", KeySpec="ECC_SECG_P256K1", KeyUsage="SIGN_VERIFY")["KeyId"]
    kms.import_key_material(**imported(signs, file))
    point, _ = times("ECC_SECG_P256K1", int.from_bytes(number, "big"), CURVES["ECC_SECG_P256K1"][2:4])
    expected = b"\4" + b"".join(part.to_bytes(32, "big") for part in point)
    assert kms.get_public_key(KeyId=signs)["PublicKey"].endswith(expected)
    signature = kms.sign(KeyId=signs, Message=MESSAGE, SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    assert ecdsa_is_right("ECC_SECG_P256K1", signs, MESSAGE, signature, hashlib.sha256)
    macs, secret = key(Origin="EXTERNAL", KeySpec="HMAC_384", KeyUsage="GENERATE_VERIFY_MAC")["KeyId"], os.urandom(48)
    kms.import_key_material(**imported(macs, secret, "RSAES_OAEP_SHA_1", lambda *rest: oaep(*rest, hashlib.sha1)))
    mac = kms.generate_mac(KeyId=macs, Message=MESSAGE, MacAlgorithm="HMAC_SHA_384")["Mac"]
    assert mac == hmac.new(secret, MESSAGE, "sha384").digest()
    refused("ValidationException", kms.get_parameters_for_import, KeyId=key(
        Origin="EXTERNAL", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyId"], WrappingAlgorithm="RSAES_OAEP_SHA_1", WrappingKeySpec="RSA_2048")
    refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=macs, WrappingAlgorithm="RSAES_PKCS1_V1_5",
            WrappingKeySpec="RSA_2048")


@test
def rotation_on_demand():
    one = key()
    kms.enable_key_rotation(KeyId=one["KeyId"], RotationPeriodInDays=90)
    before = kms.get_key_rotation_status(KeyId=one["KeyId"])
    blob = kms.encrypt(KeyId=one["KeyId"], Plaintext=MESSAGE)["CiphertextBlob"]
    assert kms.list_key_rotations(KeyId=one["KeyId"])["Rotations"] == []
    for count in range(1, 11):
        assert kms.rotate_key_on_demand(KeyId=one["KeyId"])["KeyId"] == one["Arn"]
        eventually(lambda: "OnDemandRotationStartDate" not in kms.get_key_rotation_status(KeyId=one["KeyId"]))
        if count == 1:
            assert kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"]["CurrentKeyMaterialId"] != one["CurrentKeyMaterialId"]
            assert kms.decrypt(CiphertextBlob=blob)["KeyMaterialId"] == one["CurrentKeyMaterialId"]
    said("LimitExceededException", "The on-demand rotations limit has been reached for the given keyId.", kms.rotate_key_on_demand,
         KeyId=one["KeyId"])
    pages("kms", "ListKeyRotations", 4, "InvalidMarkerException", KeyId=one["KeyId"])
    done = kms.list_key_rotations(KeyId=one["KeyId"])["Rotations"]
    assert len(done) == 10 and {each["RotationType"] for each in done} == {"ON_DEMAND"}
    assert [each["KeyMaterialState"] for each in done].count("CURRENT") == 1
    assert len(kms.list_key_rotations(KeyId=one["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]) == 11
    assert kms.get_key_rotation_status(KeyId=one["KeyId"])["NextRotationDate"] == before["NextRotationDate"]
    refused("UnsupportedOperationException", kms.rotate_key_on_demand, KeyId=rsa_hides()["KeyId"])
    refused("UnsupportedOperationException", kms.list_key_rotations, KeyId=rsa_hides()["KeyId"])
    kms.create_alias(AliasName="alias/data/turns", TargetKeyId=one["KeyId"])
    said("NotFoundException", "Invalid keyId 'alias/data/turns'", kms.enable_key_rotation, KeyId="alias/data/turns")
    kms.disable_key(KeyId=one["KeyId"])
    said("DisabledException", "is disabled.", kms.rotate_key_on_demand, KeyId=one["KeyId"])


@test
def grants_are_made_listed_and_taken_back():
    one, grantee = key(), role("grantee", "ec2.amazonaws.com")
    name, more = one["KeyId"], {"GranteePrincipal": grantee, "Operations": ["Decrypt", "Encrypt"]}
    made = kms.create_grant(KeyId=name, Name="mine", RetiringPrincipal=grantee,
                            Constraints={"EncryptionContextSubset": {"a": "b"}}, **more)
    again = kms.create_grant(KeyId=name, Name="mine", RetiringPrincipal=grantee,
                             Constraints={"EncryptionContextSubset": {"a": "b"}}, **more)
    assert made["GrantId"] == again["GrantId"] and made["GrantToken"] != again["GrantToken"]
    other = kms.create_grant(KeyId=one["Arn"], **more)
    assert kms.create_grant(KeyId=name, **more)["GrantId"] != other["GrantId"]
    shown = kms.list_grants(KeyId=name, GrantId=made["GrantId"])["Grants"][0]
    assert shown["KeyId"] == one["Arn"] and shown["Constraints"] == {"EncryptionContextSubset": {"a": "b"}}
    assert shown["IssuingAccount"] == f"arn:aws:iam::{ACCOUNT}:root" and shown["Operations"] == ["Decrypt", "Encrypt"]
    assert len(kms.list_grants(KeyId=name, GranteePrincipal=grantee)["Grants"]) == 3
    for extra in range(2):
        kms.create_grant(KeyId=name, RetiringPrincipal=grantee, Name=f"more-{extra}", **more)
    pages("kms", "ListGrants", 2, "InvalidMarkerException", KeyId=name)
    pages("kms", "ListRetirableGrants", 1, "InvalidMarkerException", RetiringPrincipal=grantee)
    refused("InvalidArnException", kms.create_grant, KeyId=name, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/nobody",
            Operations=["Decrypt"])
    refused("ValidationException", kms.create_grant, KeyId=name, GranteePrincipal=grantee, Operations=["Sign"])
    refused("ValidationException", kms.create_grant, KeyId=rsa_signs()["KeyId"], GranteePrincipal=grantee, Operations=["Sign"],
            Constraints={"EncryptionContextSubset": {"a": "b"}})
    refused("DryRunOperationException", kms.create_grant, KeyId=name, DryRun=True, **more)
    kms.revoke_grant(KeyId=name, GrantId=other["GrantId"])
    said("NotFoundException", f"Grant ID {other['GrantId']} not found", kms.revoke_grant, KeyId=name, GrantId=other["GrantId"])
    kms.retire_grant(GrantToken=again["GrantToken"])
    refused("NotFoundException", kms.retire_grant, KeyId=one["Arn"], GrantId=made["GrantId"])
    left = kms.list_grants(KeyId=name)["Grants"]
    kms.retire_grant(KeyId=one["Arn"], GrantId=left[0]["GrantId"])
    assert len(kms.list_grants(KeyId=name)["Grants"]) == len(left) - 1
    refused("InvalidGrantTokenException", kms.retire_grant, GrantToken="no-token-of-anybody")
    kms.disable_key(KeyId=name)
    refused("DisabledException", kms.create_grant, KeyId=name, **more)


@test
def keys_of_several_regions():
    one = key(MultiRegion=True, Description="primary")
    name = one["KeyId"]
    refused("NotFoundException", west.describe_key, KeyId=name)
    made = kms.replicate_key(KeyId=name, ReplicaRegion="us-west-2", Description="replica", Tags=[{"TagKey": "a", "TagValue": "b"}])
    copy = made["ReplicaKeyMetadata"]
    assert copy["KeyState"] == "Creating" and copy["KeyId"] == name and copy["Description"] == "replica"
    assert copy["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA" and made["ReplicaTags"][0]["TagKey"] == "a"
    regions = kms.describe_key(KeyId=name)["KeyMetadata"]["MultiRegionConfiguration"]
    assert [each["Region"] for each in regions["ReplicaKeys"]] == ["us-west-2"] and regions["MultiRegionKeyType"] == "PRIMARY"
    eventually(lambda: west.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Enabled")
    blob = kms.encrypt(KeyId=name, Plaintext=MESSAGE)["CiphertextBlob"]
    answer = west.decrypt(CiphertextBlob=blob)
    assert answer["Plaintext"] == MESSAGE and ":us-west-2:" in answer["KeyId"]
    said("UnsupportedOperationException", "is not a multi-region primary key.", west.replicate_key, KeyId=name, ReplicaRegion="us-west-2")
    refused("UnsupportedOperationException", kms.replicate_key, KeyId=key()["KeyId"], ReplicaRegion="us-west-2")
    refused("AlreadyExistsException", kms.replicate_key, KeyId=name, ReplicaRegion="us-west-2")
    refused("NotFoundException", kms.update_primary_region, KeyId=name, PrimaryRegion="eu-west-1")
    kms.update_primary_region(KeyId=name, PrimaryRegion="us-west-2")
    assert west.describe_key(KeyId=name)["KeyMetadata"]["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == "us-west-2"
    refused("KMSInvalidStateException", kms.disable_key, KeyId=name)
    for each in (kms, west):
        eventually(lambda client=each: client.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Enabled")
    waits = west.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    assert waits["KeyState"] == "PendingReplicaDeletion" and "DeletionDate" not in waits
    said("KMSInvalidStateException", "is pending replica deletion.", west.encrypt, KeyId=name, Plaintext=MESSAGE)
    west.cancel_key_deletion(KeyId=name)
    assert west.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@test
def aliases_that_aws_keeps():
    listed = {each["AliasName"]: each for page in kms.get_paginator("list_aliases").paginate() for each in page["Aliases"]}
    rds = kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]
    assert listed["alias/aws/rds"]["TargetKeyId"] == rds["KeyId"] and "alias/aws/s3" in listed
    assert [each["AliasName"] for each in kms.list_aliases(KeyId=rds["KeyId"])["Aliases"]] == ["alias/aws/rds"]
    said("ValidationException", "alias/my:alias contains invalid characters for an alias", kms.create_alias,
         AliasName="alias/my:alias", TargetKeyId=key()["KeyId"])
    encrypted = aws("kms", "encrypt", "--key-id", key()["KeyId"], "--plaintext", "aGVsbG8=")
    assert encrypted["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    passes(1)

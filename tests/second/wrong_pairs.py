"""Faults of the second endpoint: key pairs."""

import base64
import hashlib
from typing import Any

import core
import keys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, utils
from deviation import after, around, before, everywhere, fault
from wrong_ciphers import _raise
from wrong_contexts import CRYPTO, EFFECTS, PLAIN


def scheme(change: Any) -> Any:
    return everywhere("signature_scheme", lambda f: lambda key, params: change(f, key, params))


def pss(salt: Any) -> Any:
    def change(original: Any, key: Any, params: Any) -> Any:
        found = original(key, params)
        if params["Algorithm"] != "RSA_PSS_SHA_256":
            return found
        return padding.PSS(padding.MGF1(hashes.SHA256()), salt), found[1]

    return scheme(change)


fault("pss-salt-20", "PSS has a salt of 20 bytes", pss(20), CRYPTO)
fault("pss-salt-longest", "PSS has the longest salt", pss(padding.PSS.MAX_LENGTH), CRYPTO)
fault("pss-salt-none", "PSS has no salt", pss(0), CRYPTO)
fault(
    "pss-mgf-sha1",
    "MGF1 of PSS is of SHA-1",
    scheme(
        lambda f, k, p: (
            f(k, p)
            if p["Algorithm"] != "RSA_PSS_SHA_256"
            else (
                f(k, p)
                and (padding.PSS(padding.MGF1(hashes.SHA1()), 32), utils.Prehashed(hashes.SHA256()))
            )
        )
    ),
    CRYPTO,
)
fault(
    "pss-is-pkcs1",
    "RSA_PSS_SHA_256 signs with PKCS1",
    scheme(
        lambda f, k, p: f(
            k,
            {**p, "Algorithm": "RSA_PKCS1_SHA_256"}
            if p["Algorithm"] == "RSA_PSS_SHA_256" and k["spec"][0] == "R"
            else p,
        )
    ),
    CRYPTO,
)
fault(
    "algorithm-by-key",
    "the algorithm follows the key",
    scheme(lambda f, k, p: f(k, {**p, "Algorithm": "ECDSA_SHA_256"} if k["spec"][0] == "E" else p)),
    CRYPTO,
    PLAIN,
)


def hashed_again(original: Any, key: Any, params: Any) -> Any:
    found = original(key, params)
    params["Digest"] = base64.b64encode(
        hashlib.sha256(base64.b64decode(params["Digest"])).digest()
    ).decode()
    return found


fault(
    "digest-hashed-again",
    "the digest is hashed again",
    around(
        "AsymmetricSign AsymmetricVerify",
        lambda f, s, p: f(
            s,
            {
                **p,
                "Digest": base64.b64encode(
                    hashlib.sha256(core.unbase64(p, "Digest")).digest()
                ).decode(),
            }
            if len(core.unbase64(p, "Digest")) == 32
            else p,
        ),
    ),
    CRYPTO,
)
fault(
    "digest-any-length",
    "a digest may have any length",
    before(
        "AsymmetricSign",
        lambda p: {
            **p,
            "Digest": base64.b64encode(core.unbase64(p, "Digest")[:32].ljust(32, b"\0")).decode(),
        },
    ),
    CRYPTO,
    PLAIN,
    gates=False,
)


def _raw(value: str) -> str:
    r, s = utils.decode_dss_signature(base64.b64decode(value))
    return base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()


fault(
    "ecdsa-raw",
    "ECDSA signatures are R and S side by side",
    after(
        "AsymmetricSign",
        lambda a, s, p: {**a, "Value": _raw(a["Value"])} if p["Algorithm"].startswith("EC") else a,
    ),
    CRYPTO,
)


fault(
    "verify-any-digest",
    "a signature counts for every digest",
    around("AsymmetricVerify", lambda f, s, p: {**f(s, p), "Value": True}),
    CRYPTO,
)
fault(
    "verify-refuses",
    "a wrong signature is an error",
    after("AsymmetricVerify", lambda a, s, p: a if a["Value"] else _raise("Value")),
    CRYPTO,
    gates=False,
)
fault(
    "verify-never",
    "no signature counts",
    after("AsymmetricVerify", lambda a, s, p: {**a, "Value": False}),
    CRYPTO,
    EFFECTS,
)
fault(
    "sign-with-encryption-key",
    "keys for encryption sign",
    everywhere(
        "pair", lambda f: lambda s, p, usage: f(s, p, "" if usage == "SIGN/VERIFY" else usage)
    ),
    CRYPTO,
    "keys",
    PLAIN,
)
fault(
    "encrypt-with-signing-key",
    "keys for signatures encrypt",
    everywhere("pair", lambda f: lambda s, p, usage: f(s, p, "" if usage[:1] == "E" else usage)),
    CRYPTO,
    "keys",
    PLAIN,
)
fault(
    "version-left-out",
    "KeyVersionId may be left out",
    everywhere(
        "pair",
        lambda f: (
            lambda s, p, usage: f(
                s,
                {"KeyVersionId": keys.newest(s.key(p["KeyId"]))["id"], **p}
                if p.get("KeyId")
                else p,
                usage,
            )
        ),
    ),
    PLAIN,
    CRYPTO,
)
fault(
    "version-of-another",
    "the version of another key is taken",
    everywhere(
        "pair",
        lambda f: (
            lambda s, p, usage: f(
                s,
                {**p, "KeyVersionId": keys.newest(s.key(p["KeyId"]))["id"]}
                if any(
                    v["id"] == p.get("KeyVersionId") for k in s.all("key") for v in k["versions"]
                )
                and p.get("KeyId")
                else p,
                usage,
            )
        ),
    ),
    CRYPTO,
    "keys",
    PLAIN,
    gates=True,
)


def padded(change: Any) -> Any:
    return everywhere(
        "oaep", lambda f: lambda key, params: (f(key, params), change(params["Algorithm"]))[-1]
    )


SHA1, SHA256 = hashes.SHA1, hashes.SHA256
fault(
    "oaep-always-sha1",
    "OAEP is always of SHA-1",
    padded(lambda _: padding.OAEP(padding.MGF1(SHA1()), SHA1(), None)),
    CRYPTO,
)
fault(
    "oaep-always-sha256",
    "OAEP is always of SHA-256",
    padded(lambda _: padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)),
    CRYPTO,
)
fault(
    "oaep-mgf-sha1",
    "MGF1 of OAEP is always of SHA-1",
    padded(
        lambda a: padding.OAEP(
            padding.MGF1(SHA1()), SHA256() if a.endswith("256") else SHA1(), None
        )
    ),
    CRYPTO,
)
fault(
    "oaep-label",
    "OAEP has a label",
    padded(
        lambda a: padding.OAEP(
            padding.MGF1(SHA256() if a.endswith("256") else SHA1()),
            SHA256() if a.endswith("256") else SHA1(),
            b"kms",
        )
    ),
    CRYPTO,
)
fault("oaep-is-pkcs1", "PKCS1 v1.5 pads encryption", padded(lambda _: padding.PKCS1v15()), CRYPTO)


def _pkcs1(original: Any, store: Any, params: Any) -> Any:
    answer = original(store, params)
    public = serialization.load_pem_public_key(answer["PublicKey"].encode())
    if store.key(params["KeyId"])["spec"].startswith("EC"):
        return answer
    return {
        **answer,
        "PublicKey": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.PKCS1
        ).decode(),
    }


fault(
    "public-key-pkcs1",
    "public keys are in the form of PKCS1",
    around("GetPublicKey", _pkcs1),
    CRYPTO,
    EFFECTS,
)


fault(
    "public-key-private",
    "GetPublicKey answers with the private key",
    after(
        "GetPublicKey",
        lambda a, s, p: {
            **a,
            "PublicKey": next(
                v["material"] for v in s.key(p["KeyId"])["versions"] if v["id"] == a["KeyVersionId"]
            ),
        },
    ),
    CRYPTO,
    EFFECTS,
)
fault(
    "public-key-der",
    "public keys are base64 without PEM lines",
    after(
        "GetPublicKey",
        lambda a, s, p: {**a, "PublicKey": "".join(a["PublicKey"].splitlines()[1:-1])},
    ),
    CRYPTO,
    EFFECTS,
)
fault(
    "public-key-first-version",
    "GetPublicKey answers with the first version",
    around(
        "GetPublicKey",
        lambda f, s, p: (
            f(s, p),
            {
                **f(s, {**p, "KeyVersionId": s.key(p["KeyId"])["versions"][0]["id"]}),
                "KeyVersionId": p["KeyVersionId"],
            },
        )[-1],
    ),
    CRYPTO,
    "keys",
)

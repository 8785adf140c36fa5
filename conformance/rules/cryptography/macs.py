"""MACs, on targets that offer HMAC keys; no source names their specs."""

from conformance.oracle.macs import length as mac_length
from conformance.rules.cryptography.asking import SDK, b64, bytes_in, done, names_key
from conformance.run.context import Kms
from conformance.run.registry import Case, Level, rule

_NEEDS = ("operation:GenerateMac", "operation:VerifyMac")
_ALGORITHMS = ("HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512", "HMAC_SM3")


def _cases() -> list[Case]:
    return [Case(algorithm, algorithm) for algorithm in _ALGORITHMS]


@rule(
    "CRY-070",
    level=Level.MUST,
    family="cryptography",
    statement="A MAC depends on message and key and on nothing else: it repeats for the same "
    "message, and differs for another message and under another key.",
    provenance="documented",
    source=f"{SDK}; RFC 2104",
    stage="service",
    promises=("semantics/mac-answer",),
    operations=("GenerateMac",),
    needs=_NEEDS,
    cases=_cases,
)
def macs_depend_on_message_and_key(kms: Kms, algorithm: str) -> None:
    """Compute MACs of two messages under two keys."""
    keys = [
        kms.provide("mac-key", {"Algorithm": algorithm}, fresh=fresh) for fresh in (False, True)
    ]
    messages = [b64(kms.bytes(30)), b64(kms.bytes(30))]
    macs: list[bytes] = []
    for key, message in (
        (keys[0], messages[0]),
        (keys[0], messages[0]),
        (keys[0], messages[1]),
        (keys[1], messages[0]),
    ):
        request = {"KeyId": key["id"], "Algorithm": algorithm, "Message": message}
        sent = done(kms, "GenerateMac", request)
        names_key(kms, sent, key["id"])
        answered = sent.data.get("Algorithm")
        kms.expect(answered == algorithm, f"Algorithm is {algorithm}, found {answered}", sent)
        macs.append(bytes_in(kms, sent, "Mac"))
    last = kms.exchanges[-4:]
    kms.expect(macs[0] == macs[1], "the MAC of one message is always the same", *last)
    kms.expect(macs[0] != macs[2], "another message has another MAC", *last)
    # A target that names one ready-made key gives it twice.
    if keys[0]["id"] != keys[1]["id"]:
        kms.expect(macs[0] != macs[3], "another key gives another MAC", *last)


@rule(
    "CRY-071",
    level=Level.MUST,
    family="cryptography",
    statement="A MAC is as long as the hash that its algorithm names.",
    provenance="inferred",
    source="RFC 2104; the documented sample is 28 bytes long beside the name HMAC_SHA_256",
    stage="service",
    promises=("semantics/mac-length",),
    operations=("GenerateMac",),
    needs=_NEEDS,
    cases=_cases,
)
def macs_have_their_length(kms: Kms, algorithm: str) -> None:
    """Measure a MAC."""
    key = kms.provide("mac-key", {"Algorithm": algorithm})
    request = {"KeyId": key["id"], "Algorithm": algorithm, "Message": b64(kms.bytes(30))}
    sent = done(kms, "GenerateMac", request)
    found, wish = len(bytes_in(kms, sent, "Mac")), mac_length(algorithm)
    kms.expect(found == wish, f"a MAC by {algorithm} has {wish} bytes, found {found}", sent)


@rule(
    "CRY-072",
    level=Level.MUST,
    family="cryptography",
    statement="VerifyMac answers Value true for the MAC of GenerateMac, and never for a changed or "
    "shortened one or for another message.",
    provenance="documented",
    source=SDK,
    stage="service",
    promises=(
        "semantics/mac-verify",
        "semantics/mac-wrong",
    ),
    operations=("VerifyMac",),
    needs=_NEEDS,
    cases=_cases,
)
def macs_verify(kms: Kms, algorithm: str) -> None:
    """Verify a right MAC, then wrong ones."""
    key = kms.provide("mac-key", {"Algorithm": algorithm})
    request = {"KeyId": key["id"], "Algorithm": algorithm, "Message": b64(kms.bytes(30))}
    mac = bytes_in(kms, done(kms, "GenerateMac", request), "Mac")
    right = done(kms, "VerifyMac", {**request, "Mac": b64(mac)})
    kms.expect(right.data.get("Value") is True, "VerifyMac answers true for a right MAC", right)
    flipped = bytes([mac[0] ^ 0x80]) + mac[1:]
    for change in (
        {"Mac": b64(flipped)},
        {"Mac": b64(mac[:16])},
        {"Mac": b64(mac[:1])},
        {"Mac": b64(mac), "Message": b64(kms.bytes(30))},
    ):
        wrong = kms.call("VerifyMac", {**request, **change})
        kms.expect(
            not wrong.ok or wrong.data.get("Value") is False,
            "VerifyMac does not answer true for a wrong MAC",
            wrong,
        )


@rule(
    "CRY-073",
    level=Level.MUST,
    family="cryptography",
    statement="A MAC covers every byte of its message, of whatever length: messages that differ in "
    "the first or last byte, or by a zero at the end, have MACs of their own.",
    provenance="documented",
    source=f"{SDK}; RFC 2104",
    stage="service",
    promises=("semantics/mac-verify", "semantics/mac-wrong"),
    operations=("GenerateMac", "VerifyMac"),
    needs=_NEEDS,
    cases=_cases,
)
def macs_cover_the_message(kms: Kms, algorithm: str) -> None:
    """Compute MACs of messages around the blocks of the hashes."""
    key = kms.provide("mac-key", {"Algorithm": algorithm})
    for length in (1, 64, 128, 1000, 3000):
        message = kms.bytes(length)
        seen: dict[bytes, bytes] = {}
        for other in (
            message,
            message + b"\0",
            message[:-1] + bytes([message[-1] ^ 1]),
            bytes([message[0] ^ 0x80]) + message[1:],
        ):
            request = {"KeyId": key["id"], "Algorithm": algorithm, "Message": b64(other)}
            sent = kms.call("GenerateMac", request, placement="form")
            if not sent.ok and length > 1000:
                return  # how long a message may be is not told
            kms.expect_success(sent)
            mac = bytes_in(kms, sent, "Mac")
            kms.expect(mac not in seen or seen[mac] == other, "another message, another MAC", sent)
            seen[mac] = other
        first = next(mac for mac, of in seen.items() if of == message)
        request = {"KeyId": key["id"], "Algorithm": algorithm, "Message": b64(message)}
        judged = done(kms, "VerifyMac", {**request, "Mac": b64(first)})
        kms.expect(judged.data.get("Value") is True, "VerifyMac answers true for it", judged)


@rule(
    "CRY-074",
    level=Level.MUST,
    family="cryptography",
    statement="HMAC keys make and check MACs and do nothing else, and no other key does.",
    provenance="documented",
    source="CreateKey page, AlibabaCloudDocs/kms (2021-07): a key has one usage",
    stage="service",
    promises=("semantics/usage-is-kept", "semantics/one-usage"),
    operations=("GenerateMac", "VerifyMac", "Encrypt", "GenerateDataKey"),
    needs=_NEEDS,
)
def mac_keys_make_macs(kms: Kms) -> None:
    """Ask keys for what they are not for."""
    algorithm = "HMAC_SHA_256"
    key = kms.provide("mac-key", {"Algorithm": algorithm})
    symmetric = kms.provide("symmetric-key")
    message = b64(kms.bytes(30))
    for operation, request in (
        ("Encrypt", {"KeyId": key["id"], "Plaintext": message}),
        ("GenerateDataKey", {"KeyId": key["id"]}),
        ("GenerateMac", {"KeyId": symmetric["id"], "Algorithm": algorithm, "Message": message}),
    ):
        kms.expect_refused(kms.call(operation, request), why="a key of another usage")
    request = {"KeyId": symmetric["id"], "Algorithm": algorithm, "Message": message}
    judged = kms.call("VerifyMac", {**request, "Mac": b64(kms.bytes(32))})
    kms.expect_refused(judged, why="a key of another usage")


@rule(
    "CRY-075",
    level=Level.SHOULD,
    family="cryptography",
    statement="An HMAC key makes MACs with the algorithm of its spec; another one is refused.",
    provenance="inferred",
    source="Key specs page (480161): the algorithm depends on the spec, whose names it leaves out",
    stage="parameter",
    promises=("semantics/algorithm-of-spec",),
    operations=("GenerateMac",),
    needs=_NEEDS,
    tags=("negative",),
)
def mac_algorithm_of_spec(kms: Kms) -> None:
    """Ask the key of one algorithm for the MAC of each other one."""
    own = "HMAC_SHA_256"
    key = kms.provide("mac-key", {"Algorithm": own})
    request = {"KeyId": key["id"], "Message": b64(kms.bytes(30))}
    kms.expect_success(kms.call("GenerateMac", {**request, "Algorithm": own}))
    for other in sorted({*_ALGORITHMS} - {own}):
        refused = kms.call("GenerateMac", {**request, "Algorithm": other})
        kms.expect_refused(refused, why=f"a key of {own}, not of {other}")

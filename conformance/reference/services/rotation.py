"""Which keys rotate, and how often."""

from datetime import timedelta

from conformance.reference.call import Call, seam
from conformance.reference.model import Key
from conformance.reference.services.finding import invalid, unsupported
from conformance.reference.services.intervals import parse_interval
from conformance.reference.services.tables import key_specs, limit


@seam
def rotates(key: Key) -> bool:
    """Tell whether a key may get new versions by rotation.

    Asymmetric keys, HMAC keys, imported material, keys of a service and keys kept inside an HSM do
    not.
    """
    return (
        bool(key_specs()[key.spec]["rotates"])
        and key.origin == "Aliyun_KMS"
        and key.creator_type == "User"
        and key.storage_mechanism != "HsmInternal"
    )


def require_rotating(call: Call, key: Key) -> None:
    """Refuse a key that does not rotate."""
    if not call.endpoint.seams.rotates(key):
        raise unsupported("Keys of this kind do not rotate.")


def key_interval(call: Call) -> timedelta:
    """Return RotationInterval of a key, within 7 to 730 days (the widest documented range)."""
    return interval_within(call.params["RotationInterval"], "key-rotation-interval")


def interval_within(text: str, name: str) -> timedelta:
    """Read an interval and hold it against a row of limits.json.

    Raises:
        KmsError: InvalidParameter.
    """
    row = limit(name)
    unit = row["unit"]
    shortest, longest = timedelta(**{unit: row["min"]}), timedelta(**{unit: row["max"]})
    try:
        interval = parse_interval(text)
    except ValueError:
        interval = timedelta.max
    if not shortest <= interval <= longest:
        raise invalid(f"RotationInterval is {row['min']} to {row['max']} {unit}.")
    return interval

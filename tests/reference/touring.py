"""A client that notes what it sees on a walk through an endpoint.

Two endpoints that keep the same promises give the same notes: ids, times and random bytes are noted
by what they are good for, never as they are.
"""

import base64
from datetime import timedelta

from asking import Asker, Refused
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from conformance.reference.deviations import put_into_force

OAEP = {
    name: padding.OAEP(padding.MGF1(hash_()), hash_(), None)
    for name, hash_ in (
        ("RSAES_OAEP_SHA_256", hashes.SHA256),
        ("RSAES_OAEP_SHA_1", hashes.SHA1),
    )
}
OUTSIDE_KEY = rsa.generate_private_key(65537, 2048)


def b64(data):
    return base64.b64encode(data).decode()


def raw(text):
    return base64.b64decode(text)


class Tour:
    """A client that notes the outcome of each call."""

    def __init__(self, faults=()):
        self.ask = Asker()
        put_into_force(self.ask.endpoint, "fault", faults)
        self.notes = []

    def __call__(self, operation, /, take=None, identity="full", **params):
        try:
            body = self.ask(operation, identity, **params)
        except Refused as refusal:
            self.notes.append((operation, refusal.status, refusal.code))
            return {}
        except AssertionError:
            self.notes.append((operation, "not as its schema has it"))
            return {}
        self.note(operation, take(body) if take else sorted(body))
        return body

    def note(self, what, seen):
        self.notes.append((what, seen))

    def key(self, **params):
        body = self("CreateKey", **params)
        return body["KeyMetadata"]["KeyId"]

    def versions(self, key):
        rows = self("ListKeyVersions", KeyId=key).get("KeyVersions", {}).get("KeyVersion", [])
        return [row["KeyVersionId"] for row in rows]

    def state(self, key):
        self("DescribeKey", take=lambda body: body["KeyMetadata"]["KeyState"], KeyId=key)

    def shown(self, key):
        return self("DescribeKey", KeyId=key).get("KeyMetadata", {})

    def advance(self, **amount):
        self.ask.endpoint.clock.advance(timedelta(**amount).total_seconds())


def walk(tour, step):
    """Take a step and note it when it cannot go on."""
    try:
        step(tour)
    except Exception as problem:  # noqa: BLE001 - a fault may break anything
        tour.note(step.__name__, type(problem).__name__)
    return tour.notes


def document(*effects_and_actions):
    effects, actions = effects_and_actions[::2], effects_and_actions[1::2]
    return {
        "Version": "1",
        "Statement": [
            {
                "Effect": effect,
                "Principal": {"RAM": ["acs:ram::1234567890123456:*"]},
                "Action": [action],
                "Resource": ["*"],
            }
            for effect, action in zip(effects, actions, strict=True)
        ],
    }


def notes_of(step, faults=()):
    """Return what a step notes on a fresh endpoint."""
    return walk(Tour(faults), step)

"""Faults of the second endpoint: contexts of encryption."""

import json
from typing import Any, ClassVar

import core
from deviation import everywhere, fault, instead

CRYPTO, PLAIN, EFFECTS = "cryptography", "contract", "effects"
BOTH = (CRYPTO, "idempotency", EFFECTS)


def context(change: Any) -> Any:
    """Bind something else than the context: `change(params, name)`."""
    return everywhere(
        "context_of",
        lambda f: lambda p, name="EncryptionContext": (f(p, name), change(p, name))[-1],
    )


def read(params: Any, name: str) -> Any:
    return json.loads(params.get(name) or "{}")


fault(
    "context-in-order",
    "the order of a context counts",
    context(lambda p, n: json.dumps(read(p, n)).encode()),
    CRYPTO,
)
fault(
    "context-as-sent",
    "the spacing of a context counts",
    context(lambda p, n: p.get(n, "").encode()),
    CRYPTO,
)
fault(
    "context-names-only",
    "only names of a context are bound",
    context(lambda p, n: str(sorted(read(p, n))).encode()),
    CRYPTO,
)
fault(
    "context-values-only",
    "only values of a context are bound",
    context(lambda p, n: str(sorted(read(p, n).values())).encode()),
    CRYPTO,
)
fault(
    "context-first-only",
    "only the first member of a context is bound",
    context(lambda p, n: str(sorted(read(p, n).items())[:1]).encode()),
    CRYPTO,
)
fault(
    "context-start-only",
    "only sixteen letters of each value are bound",
    context(lambda p, n: str(sorted((k, v[:16]) for k, v in read(p, n).items())).encode()),
    CRYPTO,
    gates=False,
)
fault(
    "context-in-any-case",
    "a context counts in any case",
    context(lambda p, n: json.dumps(read(p, n), sort_keys=True).lower().encode()),
    CRYPTO,
)
fault(
    "context-joined",
    "a context is joined without separators",
    context(lambda p, n: "".join(k + v for k, v in sorted(read(p, n).items())).encode()),
    CRYPTO,
    gates=False,
)
fault(
    "context-ascii",
    "letters beyond ASCII do not count in a context",
    context(
        lambda p, n: json.dumps(read(p, n), sort_keys=True, ensure_ascii=False).encode(
            "ascii", "replace"
        )
    ),
    CRYPTO,
    gates=False,
)


def _texts(text: str) -> str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return (
        json.dumps({k: v if isinstance(v, str) else str(v) for k, v in found.items()})
        if isinstance(found, dict)
        else text
    )


fault(
    "context-numbers",
    "numbers are taken in a context",
    everywhere(
        "context_of",
        lambda f: lambda p, n="EncryptionContext": f({**p, n: _texts(p[n])} if n in p else p, n),
    ),
    PLAIN,
    CRYPTO,
)


fault(
    "context-unlimited",
    "a context has no limit",
    instead(
        "context_of",
        lambda p, n="EncryptionContext": json.dumps(
            core.from_json(p, n, dict) or {}, sort_keys=True
        ).encode(),
    ),
    PLAIN,
    CRYPTO,
)


def optional_context(original: Any) -> Any:
    def unseal(store: Any, params: Any, bound: bytes) -> Any:
        if not {"EncryptionContext", "SourceEncryptionContext"} & set(params):
            blob = params.get("CiphertextBlob", "")
            if blob in Seen.contexts:
                return original(store, params, Seen.contexts[blob])
        return original(store, params, bound)

    return unseal


class Seen:
    contexts: ClassVar[dict[str, bytes]] = {}
    blobs: ClassVar[dict[Any, str]] = {}


def remembering(original: Any) -> Any:
    def seal(key: Any, data: bytes, bound: bytes) -> Any:
        blob = original(key, data, bound)
        Seen.contexts[blob] = bound
        return blob

    return seal


def both(*patches: Any) -> Any:
    return lambda stack: [patch(stack) for patch in patches] and None


fault(
    "context-left-out",
    "a blob opens without its context",
    both(everywhere("seal", remembering), everywhere("unseal", optional_context)),
    CRYPTO,
)

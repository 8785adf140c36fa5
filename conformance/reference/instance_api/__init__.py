"""KMS Instance API of the dedicated gateway: protocol buffers, authenticated by client keys.

It works on the keys and secrets of one instance, which the shared gateway manages. `answer` is its
only door.
"""

from conformance.reference.instance_api.answering import answer, is_slow

__all__ = ["answer", "is_slow"]

"""Wrong signers for negative rules: named mutations of a right signature.

Each mutation makes one thing wrong and leaves the request valid in all other respects: where a
common parameter is missing or malformed, the rest is signed rightly over what remains.

    auth = MUTATIONS["time-past"].wrap(RpcAuth(credential))
    client.post("/", params=..., auth=auth)
"""

from collections.abc import Mapping
from types import MappingProxyType

from conformance.wire.tamper.authorizations import AUTHORIZATIONS
from conformance.wire.tamper.mutation import Mutation, scheme_of
from conformance.wire.tamper.requests import REQUESTS
from conformance.wire.tamper.signatures import SIGNATURES

__all__ = ["MUTATIONS", "Mutation", "scheme_of"]

#: Every mutation by name.
MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {mutation.name: mutation for mutation in (*SIGNATURES, *AUTHORIZATIONS, *REQUESTS)}
)

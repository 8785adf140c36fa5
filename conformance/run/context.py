"""What a rule works with.

    @rule("ENV-001", level=Level.MUST, family="envelope", ...)
    def request_id(kms: Kms, operation: Operation) -> None:
        exchange = kms.call("DescribeRegions")
        kms.expect(exchange.answer.request_id, "an answer carries RequestId", exchange)

A check asks the target with `call`, gets real things with `provide`, and judges with `expect`,
`expect_success` and `expect_refused`. It returns when the promise holds. Repeating a failure once,
journalling what is made and keeping evidence is the runner's business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from conformance.client.agent.session import Agents
from conformance.client.building import AnswerFormat, Placement, Scheme
from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.client.resources.base import Names, Resources
from conformance.run.agent_calls import AgentCalls
from conformance.run.expecting import Expectations
from conformance.run.instance_calls import InstanceCalls
from conformance.run.verdict import NotApplicable, NotTestable
from conformance.spec import Operation, catalogue
from conformance.spec.combinations import combinations
from conformance.spec.placeholders import Resource, resources
from conformance.target.model import Target, is_address
from conformance.wire.credentials import Credential

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


@dataclass
class Bench:
    """What all cases of a run share."""

    target: Target
    caller: Caller
    names: Names
    resources: Resources
    seed: int
    examples: int = 20
    declined: dict[str, str | None] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict)
    agents: Agents | None = None


class Kms(InstanceCalls, AgentCalls, Expectations):
    """The target as one attempt at one case sees it.

    Args:
        bench: What the run shares.
        label: Rule id and case; with the run's seed it decides every random choice.
    """

    def __init__(self, bench: Bench, label: str) -> None:
        self._bench = bench
        self.label = label
        super().__init__()
        #: Whether the check searches: more examples may find more.
        self.searched = False
        self.random = Random(f"{bench.seed}:{label}")
        self._asking = False

    # --- the target ---------------------------------------------------------------------------

    @property
    def target(self) -> Target:
        """The target under test."""
        return self._bench.target

    @property
    def marker(self) -> str:
        """Mark of this run: put it into a Description that is not itself under test."""
        return self._bench.names.marker

    @property
    def memo(self) -> dict[Any, Any]:
        """What one case leaves for others that judge the same answers by another promise.

        Take it out (`pop`) when using it, so that a repetition asks the target anew; what is not
        there must be asked for.
        """
        return self._bench.memo

    @property
    def examples(self) -> int:
        """Generated examples that a property gets unless it asks for another number."""
        self.searched = True
        return self._bench.examples

    def operation(self, name: str) -> Operation:
        """Return an operation by name."""
        return catalogue().operations[name]

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)

    def offers(self, capability: str) -> bool:
        """Tell whether the target offers something: "spec:RSA_2048", "scheme:RPC-1.0" ...

        Operations, specs, schemes and formats are offered unless the target file declares them
        absent; identities, gateways and listeners are when the file gives them.
        """
        target = self.target
        return not target.has_declined(capability) and target.lacks(capability) is None

    def require(self, *capabilities: str) -> None:
        """Go on only when the target offers all capabilities.

        Raises:
            NotApplicable: When one is declared absent, and declined properly where that can be
                asked, or is an address that the target file does not name.
            NotTestable: When the target file lacks what it takes.
        """
        from conformance.run.declining import check_declined

        for capability in capabilities:
            if self.target.has_declined(capability):
                check_declined(self, capability)
                raise NotApplicable(f"the target declares that it does not offer {capability}")
            lacking = self.target.lacks(capability)
            if lacking is not None and is_address(capability):
                raise NotApplicable(f"the target file names no {capability}")
            if lacking is not None:
                raise NotTestable(
                    f"the target file lacks {lacking}, which {capability} needs; add it or "
                    f'declare without = ["{capability}"] under [offers]'
                )

    def declined(self, capability: str, ask: Callable[[], str | None]) -> str | None:
        """Return what is wrong with how a capability is declined; asked once in a run."""
        known = self._bench.declined
        if capability not in known:
            self._asking = True
            try:
                known[capability] = ask()
            finally:
                self._asking = False
        return known[capability]

    # --- asking -------------------------------------------------------------------------------

    def call(
        self,
        operation: str,
        params: Mapping[str, Any] | None = None,
        *,
        identity: str | Credential = "full",
        scheme: Scheme | None = None,
        method: str = "POST",
        placement: Placement = "query",
        format: AnswerFormat = "JSON",  # noqa: A002 - the name of the wire parameter
        gateway: str = "shared",
        listener: str | None = None,
        auth: httpx.Auth | None = None,
        extra_pairs: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = (),
        raw_pairs: Sequence[tuple[str, str]] | None = None,
        timeout: float | None = None,
        patient: bool = True,
    ) -> Exchange:
        """Send one call and return what was sent and what came back.

        Args:
            operation: Name of the operation; unknown names are sent as they are.
            params: Logical parameters; the request schema decides how they are written.
            identity: Whose credentials: full, read-only, none, disabled, sts, expired-sts, the
                kinds of client keys, or a credential.
            scheme: How it is signed, V3 where the target has it when left out; a client key signs
                by "ClientKey" always.
            method: POST or GET (or another, to see it refused).
            placement: Parameters in the query, in the form body, or as official SDKs place them.
            format: Form of the answer asked for.
            gateway: shared or dedicated.
            listener: https, http or internet; https where the target has it when left out.
            auth: Another signer, such as a deliberately wrong one; ``httpx.Auth()`` signs nothing.
            extra_pairs: Wire pairs sent besides the parameters.
            headers: Further headers.
            raw_pairs: Wire pairs that are sent instead of ``params``; the logical parameters are
                read from them for the record unless given too.
            timeout: Seconds instead of the target's.
            patient: Wait and repeat after 429; False returns the 429.

        Raises:
            Hang: No complete answer in time.
            TransportProblem: No answer at all.
            NotTestable: The target file does not allow the call or lacks the identity or listener.
            NotApplicable: The target declares that it does not offer what the call is about.
        """
        if not self._asking:
            self._require_offered(operation, params or {})
        return self._bench.caller.call(
            operation,
            params,
            identity=identity,
            scheme=scheme,
            method=method,
            placement=placement,
            answer_format=format,
            gateway=gateway,
            listener=listener,
            auth=auth,
            extra_pairs=extra_pairs,
            headers=headers,
            raw_pairs=raw_pairs,
            timeout=timeout,
            patient=patient,
            on_exchange=self.exchanges.append,
        )

    def _require_offered(self, operation: str, params: Mapping[str, Any]) -> None:
        """Leave out calls whose operation or value the target declares absent."""
        known = catalogue().operations.get(operation)
        if known is None:
            return
        needs = combinations(known).needs
        wanted = [f"{kind}:{params[name]}" for name, kind in needs.items() if name in params]
        absent = [
            need for need in (f"operation:{operation}", *wanted) if self.target.has_declined(need)
        ]
        if absent:
            self.require(*absent)

    # --- things -------------------------------------------------------------------------------

    def provide(
        self,
        bundle: str,
        params: Mapping[str, Any] | None = None,
        *,
        fresh: bool = False,
        instance: bool = False,
    ) -> Mapping[str, Any]:
        """Return a real thing on the target, by the bundle name of ``x-resource``.

        Args:
            bundle: Such as "symmetric-key", "signing-key-pair", "secret", "new-alias".
            params: All parameters of the request, placeholders included; the provider picks what
                fits: a key for the Algorithm, a ciphertext with a context where EncryptionContext
                is among them.
            fresh: A thing of this check alone; ask for it before changing the thing's state.
            instance: Keys and secrets of the instance behind the dedicated gateway, which knows no
                others.

        Raises:
            NotTestable: When it cannot be had.
            NotApplicable: When the target declines what it would take.
        """
        return self._bench.resources.provide(
            bundle,
            params or {},
            fresh=fresh,
            random=self.random,
            instance=instance,
            on_exchange=self.exchanges.append,
        )

    def lookup(
        self, params: Mapping[str, Any], *, instance: bool = False
    ) -> Callable[[Resource], Any]:
        """Return what puts real values into a request with placeholders.

            pairs = variant.pairs(kms.lookup(variant.params))

        Each bundle is provided once, a fresh one where any of its placeholders asks for it; keys
        and secrets of the instance where that is asked for.
        """
        bundles: dict[str, Mapping[str, Any]] = {}
        fresh = {found.bundle for found in resources(params) if found.fresh}

        def value(resource: Resource) -> Any:
            name = resource.bundle
            if name not in bundles:
                bundles[name] = self.provide(name, params, fresh=name in fresh, instance=instance)
            found = bundles[name].get(resource.attribute)
            if found is None:
                raise NotTestable(f"the bundle {name} has no {resource.attribute}")
            return found

        return value

    def fresh_name(self, kind: str) -> str:
        """Return a new name with the run's mark; kinds: alias, secret, access-point ..."""
        return self._bench.names.fresh(kind)

    def bytes(self, length: int) -> bytes:
        """Return pseudo-random bytes that the seed and the case decide."""
        return self.random.randbytes(length)

    def property(
        self,
        strategy: "SearchStrategy[T]",
        check: Callable[[T], None],
        *,
        max_examples: int | None = None,
    ) -> None:
        """Check generated examples; a failure is shrunk to the smallest example that shows it.

        Args:
            strategy: Source of examples.
            check: Called with each example; raises Violation.
            max_examples: Instead of the run's number.

        Raises:
            Violation: With the smallest example.
            Inconsistent: When an example failed once and then passed.
        """
        from conformance.run.properties import run_property

        examples = self.examples if max_examples is None else max_examples
        run_property(self, strategy, check, self.random.getrandbits(64), examples)

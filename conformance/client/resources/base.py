"""Real things on the target for parameters that carry ``x-resource``.

A bundle is a set of attributes that belong together: the id, version, algorithm, digest and
signature of one signing key pair. A provider makes the bundle on the target:

    @provides("alias", by=())
    def alias(make: Make, params: Mapping[str, Any]) -> Bundle:
        name = make.name("alias")
        make.call("CreateAlias", {"AliasName": name, "KeyId": make.provide("symmetric-key")["id"]})
        return {"name": name}

``by`` names the parameters of the request at hand that decide which thing is needed (Algorithm,
KeySpec ...), with a question mark where only their presence counts; one bundle is made for each
choice and kept for the run, unless a fresh one is asked for or it is ``used_up``. Everything is
journalled by the watch of the caller before it is made. Where nothing may be created,
`make.creating` is False and a provider answers with what the target file names or listing finds.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import Any

from conformance.client.caller import Caller
from conformance.client.exchange import Exchange
from conformance.run.verdict import NotApplicable, NotTestable, Outcome
from conformance.spec import catalogue
from conformance.target.model import Target

Bundle = Mapping[str, Any]
Provider = Callable[["Make", Mapping[str, Any]], Bundle]

#: Beginning of the mark of every run.
MARK = "kmsct-"

#: Names by which target files call things of an instance, where bundles have others.
_OF_INSTANCE = {
    "external-key": "instance-external-key",
    "keys": "instance-keys",
    "secret": "instance-secret",
    "symmetric-key": "instance-key",
}
#: Name of a fresh thing by kind, where it must look other than the marker and a number.
_FORMS = {"alias": "alias/{}", "tag-key": "{}", "stage": "{}"}


class Lazy(Mapping[str, Any]):
    """A bundle some of whose attributes are made when they are first asked for.

    A rule about GetPublicKey must not depend on AsymmetricSign, although the signature belongs to
    the same bundle.
    """

    def __init__(self, values: Mapping[str, Any], **makers: Callable[[], Any]) -> None:
        self._values = dict(values)
        self._makers = {name.replace("_", "-"): maker for name, maker in makers.items()}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values and name in self._makers:
            self._values[name] = self._makers[name]()
        return self._values[name]

    def made(self) -> Mapping[str, Any]:
        """Return the attributes that are there already."""
        return self._values

    def __iter__(self) -> Iterator[str]:
        return iter({**self._values, **self._makers})

    def __len__(self) -> int:
        return len({**self._values, **self._makers})


@dataclass(frozen=True, slots=True)
class Registered:
    """A provider, the parameters it looks at, and whether its things serve only once."""

    provider: Provider
    by: tuple[str, ...]
    used_up: bool

    def choice(self, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what the parameters decide; nothing beyond it tells two bundles apart."""
        return tuple(
            name[:-1] in params if name.endswith("?") else _chosen(params, name) for name in self.by
        )


def _chosen(params: Mapping[str, Any], name: str) -> Any:
    value = params.get(name)
    return tuple(value) if isinstance(value, list | tuple) else text_of(params, name)


_PROVIDERS: dict[str, Registered] = {}


def provides(
    bundle: str, *, by: tuple[str, ...] = (), used_up: bool = False
) -> Callable[[Provider], Provider]:
    """Register a provider for a bundle.

    Args:
        bundle: Its name.
        by: The parameters it looks at; with ``?`` at the end where only presence counts.
        used_up: Its things are made anew each time, because what takes them uses them up.
    """

    def register(provider: Provider) -> Provider:
        _PROVIDERS[bundle] = Registered(provider, by, used_up)
        return provider

    return register


def text_of(params: Mapping[str, Any], name: str, known: Collection[str] = ()) -> str | None:
    """Return a parameter that is plain text.

    Args:
        params: The request at hand.
        name: The parameter.
        known: The values that mean something; a bad one is what a request is refused for, and what
            it is about is made for a good one.

    Returns:
        None when it is absent, a placeholder, or not known.
    """
    value = params.get(name)
    if not isinstance(value, str) or (known and value not in known):
        return None
    return value


@cache
def load_providers() -> Mapping[str, Registered]:
    """Import every provider module and return the providers by bundle."""
    package = import_module("conformance.client.resources")
    for module in iter_modules(package.__path__, "conformance.client.resources."):
        import_module(module.name)
    return _PROVIDERS


class Names:
    """Fresh names that carry the run's mark.

    Args:
        run: Id of the run, short lower-case text.
    """

    def __init__(self, run: str) -> None:
        self.marker = f"{MARK}{run}"
        self._count = 0

    def fresh(self, kind: str) -> str:
        """Return a name that no other thing of this or another run has."""
        self._count += 1
        return _FORMS.get(kind, "{}").format(f"{self.marker}-{self._count}")

    @property
    def description(self) -> str:
        """Description of things that have no name."""
        return f"{self.marker} conformance test, may be deleted"


@dataclass
class Resources:
    """Provides bundles on one target and keeps them for the run."""

    caller: Caller
    names: Names
    cache: dict[tuple[Any, ...], Bundle] = field(default_factory=dict)

    def forget(self, names: Collection[str]) -> None:
        """Provide anew what is kept under any of these names: its state has changed."""
        # Calls at the same time forget at the same time.
        for key, bundle in list(self.cache.items()):
            if _named(bundle) & set(names):
                self.cache.pop(key, None)

    def forget_all(self) -> None:
        """Provide everything anew: the target has lost what it held."""
        self.cache.clear()

    def kept(self, bundle: str) -> list[Bundle]:
        """Return what is kept for reuse of one kind."""
        return [found for key, found in list(self.cache.items()) if key[0] == bundle]

    def provide(
        self,
        bundle: str,
        params: Mapping[str, Any],
        *,
        fresh: bool,
        random: Random,
        instance: bool = False,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> Bundle:
        """Return a bundle that fits the other parameters; keys and secrets of an instance at will.

        Raises:
            NotTestable: When it cannot be had; the message names the cause.
            NotApplicable: When the target declines what it would take.
        """
        registered = load_providers().get(bundle)
        if registered is None:
            raise NotTestable(f"nothing provides {bundle!r}")
        if self.caller.target.has_declined(f"resource:{bundle}"):
            raise NotApplicable(f"the target declares that it has no {bundle}")
        fresh = fresh or registered.used_up
        key = (bundle, instance, *registered.choice(params))
        if not fresh and key in self.cache:
            return self.cache[key]
        make = Make(self, random, fresh, on_exchange, instance)
        found = registered.provider(make, params)
        if not fresh:
            self.cache[key] = found
        return found


def _named(bundle: Bundle) -> set[str]:
    """Return the names by which a bundle's thing may be called, without making any."""
    values = bundle.made() if isinstance(bundle, Lazy) else bundle
    return {str(values[name]) for name in ("id", "name", "arn", "alias") if values.get(name)}


@dataclass(frozen=True)
class Make:
    """What a provider works with."""

    resources: Resources
    random: Random
    fresh: bool
    on_exchange: Callable[[Exchange], None] | None
    #: Whether keys and secrets are to be those of a KMS instance.
    instance: bool = False

    @property
    def instance_id(self) -> str:
        """Id of the instance behind the dedicated gateway, else of any instance of the account.

        Raises:
            NotTestable: When the account has none.
        """
        gateway = self.target.gateways.get("dedicated")
        if gateway is not None and gateway.instance is not None:
            return gateway.instance
        return str(self.provide("instance", fresh=False)["id"])

    @property
    def target(self) -> Target:
        """The target."""
        return self.resources.caller.target

    @property
    def creating(self) -> bool:
        """Whether things may be created."""
        return self.target.allows("creates")

    @property
    def description(self) -> str:
        """Description that marks a thing as the run's."""
        return self.resources.names.description

    def name(self, kind: str) -> str:
        """Return a fresh name with the run's mark."""
        return self.resources.names.fresh(kind)

    def provide(
        self, bundle: str, params: Mapping[str, Any] | None = None, *, fresh: bool | None = None
    ) -> Bundle:
        """Return another bundle that this one builds on; fresh when this one is."""
        return self.resources.provide(
            bundle,
            params or {},
            fresh=self.fresh if fresh is None else fresh,
            random=self.random,
            instance=self.instance,
            on_exchange=self.on_exchange,
        )

    def attempt(self, operation: str, params: Mapping[str, Any] | None = None) -> Exchange:
        """Send a call and return whatever comes back."""
        return self.resources.caller.call(
            operation, params, gateway=self._gateway(operation), on_exchange=self.on_exchange
        )

    def _gateway(self, operation: str) -> str:
        """Return where an operation is called.

        Cryptography with keys of an instance goes to its own gateway, where it has one: on the
        shared one it may depend on a switch.
        """
        known = catalogue().operations.get(operation)
        absent = self.target.has_declined("feature:dedicated-kms-api")
        if not self.instance or "dedicated" not in self.target.gateways or absent or known is None:
            return "shared"
        own = known.category == "cryptographic" and "dedicated" in known.gateways
        return "dedicated" if own else "shared"

    def call(self, operation: str, params: Mapping[str, Any] | None = None) -> Exchange:
        """Send a call that must succeed.

        Raises:
            NotTestable: When it does not; the prerequisite is what failed, not the rule at hand.
            NotApplicable: When the target declares that it does not offer the operation.
        """
        if self.target.has_declined(f"operation:{operation}"):
            raise NotApplicable(
                f"the target declares that it does not offer operation:{operation}, a prerequisite"
            )
        exchange = self.attempt(operation, params)
        if not exchange.ok or exchange.answer.data is None:
            raise NotTestable(
                f"a prerequisite failed: {operation} answered {exchange.describe()}", [exchange]
            )
        return exchange

    def member(self, exchange: Exchange, *path: str) -> Any:
        """Return a member of a successful answer.

        Raises:
            NotTestable: When the answer lacks it.
        """
        value: Any = exchange.data
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            raise NotTestable(
                f"a prerequisite failed: {exchange.operation} answered without {'.'.join(path)}",
                [exchange],
            )
        return value

    def ready_made(self, bundle: str) -> Any:
        """Return what the target file names for a bundle, None when it names nothing."""
        if self.instance:
            bundle = _OF_INSTANCE.get(bundle, bundle)
        return self.target.resources.get(bundle)

    def missing(self, bundle: str, hint: str = "") -> Outcome:
        """Return the outcome for a thing that is not there and may not be created."""
        if self.target.has_declined(f"resource:{bundle}"):
            return NotApplicable(f"the target declares that it has no {bundle}")
        mend = hint or f'name one as {bundle} = "..." in [resources] of the target file'
        return NotTestable(f"the target has no {bundle} to test with: {mend}")

"""What may be loaded: this machine freely, anything else only in words and within bounds."""

from conformance.target.model import Target, is_loopback
from load.failures import LoadError
from load.options import Options
from load.scenarios import promises


def address_of(target: Target, options: Options) -> str:
    """Return the URL of the gateway under load, or of the one that the agent under load asks.

    Raises:
        LoadError: When the target file has no such gateway or listener.
    """
    if options.gateway not in target.gateways:
        raise LoadError(
            f"target {target.name!r} has no {options.gateway} gateway: "
            f"add [gateways.{options.gateway}] to its file"
        )
    listeners = target.gateways[options.gateway].listeners
    if options.listener not in listeners:
        raise LoadError(
            f"the {options.gateway} gateway of target {target.name!r} has no {options.listener} "
            f"listener: choose --listener {' or '.join(listeners)}"
        )
    _check_offered(target, options)
    return listeners[options.listener]


def _check_offered(target: Target, options: Options) -> None:
    """Refuse what the target file declares absent."""
    absent = "api:instance" if options.api == "instance" else "feature:dedicated-kms-api"
    if options.gateway == "dedicated" and options.api != "agent" and target.has_declined(absent):
        raise LoadError(
            f"target {target.name!r} declares that it does not offer {absent}: choose another --api"
        )


def check_rate(rate: float, processes: int, options: Options) -> None:
    """Refuse a rate that is none, or that the generator cannot honestly send.

    Raises:
        LoadError: With the number of processes that would do.
    """
    if not rate > 0:
        raise LoadError(f"the rate must be above 0 requests per second, not {rate:g}")
    if options.max_rate is not None and rate > options.max_rate:
        raise LoadError(
            f"{rate:g} requests per second are above the cap of {options.max_rate:g} (--max-rate)"
        )
    needed = -int(-rate // options.per_process)
    if needed > processes:
        raise LoadError(
            f"{rate:g} requests per second need {needed} worker processes, one sends up to "
            f"{options.per_process:g}: add --processes {needed} on a machine with as many free "
            "cores"
        )


def check_remote(target: Target, options: Options, rate: float, scenario_group: str | None) -> None:
    """Refuse to load another machine without flag, cap and duration, or above the documented rate.

    Raises:
        LoadError: With what is missing.
    """
    url = address_of(target, options)
    if is_loopback(url):
        return
    missing = []
    if not options.allow_remote:
        missing.append("--allow-remote")
    if options.max_rate is None:
        missing.append("--max-rate")
    if options.duration is None:
        missing.append("--duration")
    if missing:
        raise LoadError(
            f"{url} is not on this machine: loading it needs {' and '.join(missing)}, because it "
            "costs money and shares quotas with others"
        )
    if target.rate is not None and rate > target.rate:
        raise LoadError(
            f"{rate:g} requests per second are above the rate of {target.rate:g} that the target "
            "file allows: raise target.rate there if the target may be loaded with more"
        )
    quotas = [p.rate for p in promises(options.place, scenario_group) if p.quota]
    if quotas and rate > quotas[0]:
        raise LoadError(
            f"the {options.gateway} gateway throttles this group of operations above "
            f"{quotas[0]:g} requests per second per account: ask for at most that"
        )


def estimate(rate: float, options: Options) -> str:
    """Return in words how many calls a run will make, and what they cost when a price is given."""
    if options.duration is None:
        return f"about {rate:,.0f} calls a second until it is stopped"
    calls = rate * options.duration
    text = f"about {calls:,.0f} calls in {options.duration:g} s"
    if options.cost is not None:
        text += f", about {calls / 10_000 * options.cost:,.2f} at {options.cost:g} per 10,000"
    return text

"""What a run is going to cost, told before it touches anything that is not on this machine."""

from conformance.run.planning import Plan
from conformance.spec import catalogue
from conformance.target.model import Target, safety_rank

#: Calls that a case takes on average, preparations and clean-up included, measured on the embedded
#: endpoint: requests of the footer over its planned cases.
CALLS_A_CASE = 6


def estimate(plan: Plan, target: Target) -> str:
    """Return sentences about calls, time, things and money."""
    cases = len(plan.cases)
    calls = cases * CALLS_A_CASE
    sentences = [f"{cases} cases, about {calls} calls to {target.name}"]
    if target.rate is not None:
        minutes = calls / target.rate / 60
        sentences.append(f"at {target.rate:g} calls a second at least {max(minutes, 0.1):.1f} min")
    changing = [planned for planned in plan.cases if safety_rank(planned.safety) > 0]
    if target.allows("creates"):
        sentences.append(
            f"up to {len(changing)} cases create or change things of their own, all removed "
            "afterwards; keys stay 7 days, scheduled for deletion"
        )
    else:
        sentences.append("nothing is created, changed or deleted")
    billable = sorted(o.name for o in catalogue() if o.billable and o.name in target.billable)
    if billable:
        sentences.append(
            f"operations that may start charges and are allowed: {', '.join(billable)}"
        )
    else:
        sentences.append("no operation that starts charges is called")
    sentences.append("keys, secrets and calls are charged as your contract says")
    return "; ".join(sentences)

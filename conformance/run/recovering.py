"""Takes up the journals of runs that ended before they could tidy up."""

from conformance.client.caller import Caller
from conformance.run.cleanup import Cleaner, Report
from conformance.run.journal import read_journal
from conformance.run.state import state_folder, target_id


def recover(caller: Caller) -> Report:
    """Remove what earlier runs on this target have left; drop the journals that are settled.

    The caller holds the target's lock, so that no journal belongs to a run at work.
    """
    total = Report()
    pattern = f"{target_id(caller.target)}-*.jsonl"
    for path in sorted((state_folder() / "journals").glob(pattern)):
        old = read_journal(path)
        report = Cleaner(caller).clean(old.entries if old else ())
        total.removed += report.removed
        total.left += report.left
        if not report.left:
            path.unlink(missing_ok=True)
    return total

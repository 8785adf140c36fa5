"""``python -m conformance.agent``: the agent without the rest of the command line."""

import argparse
import sys

from conformance.agent.command import ABOUT, add_options, run
from conformance.target.problems import UsageError

_USAGE = 2


def main() -> int:
    """Run the agent and return the exit code."""
    parser = argparse.ArgumentParser("kms-conformance agent", description=ABOUT, allow_abbrev=False)
    add_options(parser)
    try:
        return run(parser.parse_args())
    except UsageError as error:
        print(f"kms-conformance: {error}", file=sys.stderr)
        return _USAGE


if __name__ == "__main__":
    sys.exit(main())

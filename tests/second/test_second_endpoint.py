"""The rules on an endpoint that was written apart from the reference and is right in its own way."""

import json
import os
import subprocess
import sys
from pathlib import Path

from endpoint import OPERATIONS, TOKENS, USERS
from server import running

NAMES = {
    "full": "full",
    "reader": "read-only",
    "nobody": "none",
    "off": "disabled",
    "role": "sts",
    "expired": "expired-sts",
}
WITHOUT = [
    "listener:https",
    "spec:EC_SM2",
    "spec:Aliyun_SM4",
    "spec:Aliyun_AES_128",
    "spec:Aliyun_AES_192",
    "spec:RSA_4096",
    "resource:instance",
    "resource:managed-secret",
    "resource:managed-data-key",
]


def target_file(folder: Path, url: str) -> Path:
    lines = [
        "[target]",
        'name = "second endpoint"',
        'region = "cn-hangzhou"',
        "[gateways.shared]",
        f'http = "{url}"',
        "[offers]",
        f"operations = {json.dumps(sorted(OPERATIONS))}",
        f"without = {json.dumps(WITHOUT)}",
    ]
    for identifier, (secret, *_) in USERS.items():
        lines += [
            f"[identities.{NAMES[identifier.rpartition('-')[2]]}]",
            f'access_key_id = "{identifier}"',
            f'access_key_secret = "{secret}"',
        ]
        if identifier in TOKENS:
            lines.append(f'security_token = "{TOKENS[identifier]}"')
    path = folder / "second.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def certify(folder: Path, *options: str) -> tuple[int, list[dict[str, object]]]:
    """Run the command and return its exit code and the rule events."""
    with running() as url:
        command = [sys.executable, "-m", "conformance.cli", "run", "--no-reports", *options]
        command += ["--target", str(target_file(folder, url)), "--results", str(folder / "results")]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert finished.returncode in (0, 1, 3), finished.stdout + finished.stderr
    with (folder / "results" / "results.jsonl").open(encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return finished.returncode, [event for event in events if event["event"] == "rule"]


def test_no_rule_accuses_it(tmp_path: Path) -> None:
    """A few cases of each rule; all of them with KMS_CONFORMANCE_THOROUGH."""
    thorough = bool(os.environ.get("KMS_CONFORMANCE_THOROUGH"))
    code, cases = certify(tmp_path, *([] if thorough else ["--quick"]))
    accused = [
        f"{case['rule']}[{case['case']}] {case['verdict']}: {case['message']}"
        for case in cases
        if case["verdict"] not in ("pass", "warn", "not-applicable")
    ]
    assert not accused, "\n".join(accused)
    assert code == 0
    assert sum(case["verdict"] == "pass" for case in cases) > (1000 if thorough else 200)

"""The run as an Allure result with its page attached."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

_STATUS = {0: "passed", 1: "failed", 2: "broken", 3: "broken", 4: "broken"}


def write(folder: Path, results: Mapping[str, Any], page: Path) -> None:
    """Write one test result, with a step a limit, and attach page and results.

    Raises:
        OSError: When the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    identity = str(uuid4())
    attachments = []
    for name, kind, source in (
        ("report", "text/html", page),
        ("results", "application/json", page.with_name("results.json")),
    ):
        file = f"{uuid4()}-attachment{source.suffix}"
        shutil.copyfile(source, folder / file)
        attachments.append({"name": name, "type": kind, "source": file})
    scenario, verdict = results["scenario"], results["verdict"]
    start, stop = (_milliseconds(results[name]) for name in ("started", "ended"))
    full_name = f"load.{scenario['id']}.{results['target']['gateway']}"
    document = {
        "uuid": identity,
        "historyId": sha256(full_name.encode()).hexdigest()[:32],
        "name": scenario["title"],
        "fullName": full_name,
        "status": _STATUS[verdict["code"]],
        "statusDetails": {"message": verdict["summary"]},
        "stage": "finished",
        "start": start,
        "stop": stop,
        "labels": [
            {"name": "suite", "value": "load"},
            {"name": "feature", "value": scenario["id"]},
            {"name": "framework", "value": "kms-conformance"},
        ],
        "parameters": [
            {"name": "offered", "value": f"{results['summary']['offered']:g}/s"},
            {"name": "scheme", "value": results["target"]["scheme"]},
        ],
        "steps": [_step(check, start, stop) for check in verdict["checks"]],
        "attachments": attachments,
    }
    (folder / f"{identity}-result.json").write_text(json.dumps(document), encoding="utf-8")


def _step(check: Mapping[str, Any], start: int, stop: int) -> dict[str, Any]:
    status = {"met": "passed", "broken": "failed", "unproven": "skipped"}[check["result"]]
    found = "nothing" if check["found"] is None else f"{check['found']:g}"
    name = f"{check['subject']} {check['name']}: {found} {check['unit']}, limit {check['limit']:g}"
    return {"name": name, "status": status, "stage": "finished", "start": start, "stop": stop}


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)

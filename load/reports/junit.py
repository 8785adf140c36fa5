"""The verdict as a JUnit file, for gates that read nothing else."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET


def render(results: Mapping[str, Any]) -> str:
    """Return a test suite with one case a limit, and one for the run as a whole."""
    verdict = results["verdict"]
    suite = ET.Element(
        "testsuite",
        name=f"load.{results['scenario']['id']}",
        timestamp=results["started"].partition(".")[0],
        time=f"{results['summary']['seconds']:.3f}",
    )
    for check in verdict["checks"]:
        case = _case(suite, results, f"{check['subject']} {check['name'].replace('_', '.')}")
        found = "nothing" if check["found"] is None else f"{check['found']:g}"
        text = f"{found} {check['unit']} found, limit {check['limit']:g} {check['unit']}"
        if check["result"] == "broken":
            ET.SubElement(case, "failure", message=text, type="limit").text = check["note"] or text
        elif check["result"] == "unproven":
            ET.SubElement(case, "skipped", message=check["note"] or text)
    whole = _case(suite, results, "run")
    if verdict["code"] in {3, 4}:
        kind = "instrument" if verdict["code"] == 4 else "nothing-proven"
        ET.SubElement(whole, "error", message=verdict["summary"], type=kind)
    elif verdict["code"] == 1:
        ET.SubElement(whole, "failure", message=verdict["summary"], type="verdict")
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    root = ET.Element("testsuites", name="kms-conformance load")
    root.append(suite)
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _case(suite: ET.Element, results: Mapping[str, Any], name: str) -> ET.Element:
    target = results["target"]
    group = f"load.{results['scenario']['id']}.{target['gateway']}"
    return ET.SubElement(
        suite, "testcase", classname=group, name=name, time=f"{results['summary']['seconds']:.3f}"
    )

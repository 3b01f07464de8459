"""`junit.xml`: one test case per objective, invariant and fault, for whatever reads test reports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET  # nosec B405  # writes, never reads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")

Case = tuple[str, str, str, str]
"""Name, status, message, details."""


def junit_of(report: Mapping[str, Any]) -> bytes:
    """Missed is a failure, unknown is skipped; both say why."""
    suites = {
        "objectives": list(map(_of_verdict, report["slos"])),
        "invariants": list(map(_of_verdict, report["invariants"])),
        "faults": list(map(_of_fault, report["faults"].get("injections", []))),
    }
    return xml_of(suites, provenance=report["provenance"], told=("profile", "seed", "git_sha", "git_dirty", "command"))


def xml_of(suites: Mapping[str, list[Case]], *, provenance: Mapping[str, Any], told: Sequence[str]) -> bytes:
    """The whole file; `told` are the keys of `provenance` that every suite bears, beside `run_id` and `started`."""
    root = ET.Element("testsuites", name=_clean(f"steadypost {provenance['run_id']}"))
    for name, cases in suites.items():
        suite = _add_suite(root, name, cases, provenance)
        properties = ET.SubElement(suite, "properties")
        for key in told:
            ET.SubElement(properties, "property", name=key, value=_clean(str(provenance[key])))
        for case in cases:
            _add_case(suite, name, case)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add_suite(root: ET.Element, name: str, cases: list[Case], provenance: Mapping[str, Any]) -> ET.Element:
    return ET.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(_how_many(cases, "missed")),
        errors="0",
        skipped=str(_how_many(cases, "unknown")),
        timestamp=_clean(str(provenance["started"] or "")),
    )


def _add_case(suite: ET.Element, suite_name: str, case: Case) -> None:
    name, status, message, details = (_clean(text) for text in case)
    element = ET.SubElement(suite, "testcase", classname=f"steadypost.{suite_name}", name=name, time="0")
    if status == "missed":
        ET.SubElement(element, "failure", message=message, type="missed").text = details
    elif status == "unknown":
        ET.SubElement(element, "skipped", message=message)
    if status != "missed":
        ET.SubElement(element, "system-out").text = details


def _of_verdict(verdict: Mapping[str, Any]) -> Case:
    details = "\n".join([verdict["promise"], verdict["says"], *verdict["evidence"]]).strip()
    return f"{verdict['id']} {verdict['name']}", verdict["status"], verdict["says"], details


def _of_fault(fault: Mapping[str, Any]) -> Case:
    """A fault that did not bite proves nothing; one that did not heal has spoilt what came after it."""
    effects = [f"{effect['observed']} {effect['how']}" for effect in fault["effects"]]
    name = f"{fault['fault']} {fault['name']}"
    if not fault["injected"]:
        return name, "unknown", str(fault["error"] or "was not injected"), ""
    if not fault["healed"]:
        return name, "missed", str(fault["error"] or "did not heal"), "\n".join(effects)
    if not effects:
        return name, "unknown", "no effect was observed", ""
    return name, "met", "", "\n".join(effects)


def _how_many(cases: Iterable[Case], status: str) -> int:
    return sum(1 for case in cases if case[1] == status)


def _clean(text: str) -> str:
    """Without the characters that XML can't hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)

"""The service level objectives as data: reads `slos/*.yaml` and holds them to the rules of OpenSLO v1."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from slo_reports import schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SLOS: Final = Path(__file__).with_name("slos")
ANNOTATION: Final = "steadypost/"


class InvalidSloError(Exception):
    """Raised when a file breaks a rule of OpenSLO; says which field of which file, and what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """One OpenSLO object, and where it was read."""

    file: str
    body: dict[str, Any]

    @property
    def kind(self) -> str:
        """What it describes, such as `SLO` or `AlertPolicy`."""
        return str(self.body["kind"])

    @property
    def name(self) -> str:
        """Unique among the objects of its kind."""
        return str(self.body["metadata"]["name"])

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.body["metadata"].get("displayName", self.name))

    @property
    def spec(self) -> dict[str, Any]:
        """What the kind calls for."""
        return dict(self.body["spec"])

    def annotation(self, key: str) -> str | None:
        """One of our own annotations, named without its prefix."""
        return self.annotations.get(ANNOTATION + key)

    @property
    def annotations(self) -> dict[str, str]:
        """All of them, ours and others'."""
        return dict(self.body["metadata"].get("annotations", {}))


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What one SLO promises."""

    name: str
    says: str
    target: float
    """Least share of good events, below 1."""
    budget: float
    """What is left to lose: 1 - target."""
    limits: dict[str, float]
    """The numbers in its annotations: `threshold-s`, `first-accept-s`, …"""

    @property
    def threshold_s(self) -> float:
        """What good means for a duration; KeyError for an objective about something else."""
        return self.limits["threshold-s"]


@cache
def objective(name: str) -> Objective:
    """The objective of one of our own SLOs; KeyError names those that exist."""
    found = {document.name: document for document in load() if document.kind == "SLO"}
    if name not in found:
        raise KeyError(f"no SLO is called {name!r}; there are {', '.join(sorted(found))}")
    return _objective_of(found[name])


@cache
def load(folder: Path = SLOS) -> tuple[Document, ...]:
    """All objects of a folder, valid and with references that resolve; InvalidSloError lists what is wrong."""
    documents = tuple(document for path in sorted(folder.glob("*.yaml")) for document in _read(path))
    if not documents:
        raise InvalidSloError(f"{folder} holds no OpenSLO files (*.yaml)")
    wrong = [*_repeated(documents), *_dangling(documents), *_ill_matched(documents)]
    if wrong:
        raise InvalidSloError("\n".join(wrong))
    return documents


def _objective_of(document: Document) -> Objective:
    first = document.spec["objectives"][0]
    target = first["target"] if "target" in first else first["targetPercent"] / 100
    limits = {key.removeprefix(ANNOTATION): _number(value) for key, value in document.annotations.items()}
    return Objective(
        name=document.name,
        says=document.title,
        target=target,
        budget=round(1 - target, 12),
        limits={key: value for key, value in limits.items() if value is not None},
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _read(path: Path) -> Iterator[Document]:
    try:
        bodies = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise InvalidSloError(f"{path.name} can't be read: {exc}") from None
    for body in filter(None, bodies):
        if found := schemas.objections(body, schemas.OPENSLO):
            raise InvalidSloError("\n".join(f"{path.name}: {objection}" for objection in found))
        yield Document(file=path.name, body=body)


class _Loader(yaml.SafeLoader):
    """YAML without guesses: `2026-01-05 00:00:00` stays a text, as OpenSLO wants it, and no key counts twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the library's own attribute
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # overrides
        """Refuse a mapping that says the same key twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, count in Counter(map(str, keys)).items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands there twice; remove one", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def _repeated(documents: Sequence[Document]) -> Iterator[str]:
    files: dict[tuple[str, str], list[str]] = {}
    for document in documents:
        files.setdefault((document.kind, document.name), []).append(document.file)
    for (kind, name), places in files.items():
        if len(places) > 1:
            yield f"{', '.join(places)}: metadata.name is {name!r} for {len(places)} objects of kind {kind}; rename one"


def _dangling(documents: Sequence[Document]) -> Iterator[str]:
    there = {(document.kind, document.name) for document in documents}
    for document in documents:
        for field, kind, name in _references(document.body):
            if (kind, name) not in there:
                yield f"{document.file}: {field} is {name!r}: no {kind} has this name; define it or mend the name"


REFERENCES: Final = {
    "indicatorRef": "SLI",
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
    "targetRef": "AlertNotificationTarget",
    "metricSourceRef": "DataSource",
}


def _references(body: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(body, dict):
        for key, value in body.items():
            field = f"{path}.{key}".removeprefix(".")
            if key in REFERENCES:
                yield field, REFERENCES[key], value
            elif field == "spec.service":
                yield field, "Service", value
            else:
                yield from _references(value, field)
    elif isinstance(body, list):
        for number, item in enumerate(body):
            yield from _references(item, f"{path}[{number}]")


def _ill_matched(documents: Iterable[Document]) -> Iterator[str]:
    """What a schema of single fields can't see: the operator and the value belong to a threshold metric."""
    documents = list(documents)
    indicators = {document.name: document.spec for document in documents if document.kind == "SLI"}
    for document in documents:
        if document.kind != "SLO":
            continue
        inline = document.spec.get("indicator")
        indicator = inline["spec"] if inline else indicators.get(document.spec["indicatorRef"], {})
        yield from _ill_matched_objectives(document, is_threshold="thresholdMetric" in indicator)


def _ill_matched_objectives(document: Document, *, is_threshold: bool) -> Iterator[str]:
    objectives = document.spec["objectives"]
    if is_threshold and len(objectives) > 1:
        yield f"{document.file}: spec.objectives has {len(objectives)}: a thresholdMetric takes exactly one"
    for number, item in enumerate(objectives):
        field = f"{document.file}: spec.objectives[{number}]"
        if is_threshold and not {"op", "value"} <= set(item):
            yield f"{field} lacks op or value: a thresholdMetric needs both"
        if not is_threshold and {"op", "value"} & set(item):
            yield f"{field} has op or value: only a thresholdMetric takes them, a ratioMetric has its target"

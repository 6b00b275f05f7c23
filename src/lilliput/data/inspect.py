"""The data doctor: what a data set is like before anything is trained on it, and what may be wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lilliput.data.batch import listed
from lilliput.data.source import Source
from lilliput.data.survey import Survey

RARE = 5  # a label with fewer rows is hardly learnt

_PERCENTILES = {"min": 0, "5%": 5, "median": 50, "95%": 95, "max": 100}


@dataclass
class Findings:
    """What `inspect` found; all counts are exact.

    ``empty`` texts are blank; ``duplicates`` are rows whose text stood there before; ``conflicts`` are texts that
    stand there with different targets; ``shared`` rows of the other source have a text that stands in this one
    (``None`` without another); ``labels`` counts rows, most frequent first; ``lengths`` are percentiles in
    characters; ``non_ascii`` is the share of texts that are not plain ASCII. ``problems`` are sentences that say what
    to do.
    """

    data: str
    rows: int
    bad: int
    empty: int
    duplicates: int
    conflicts: int
    shared: int | None
    labels: dict[str, int]
    lengths: dict[str, int]
    non_ascii: float
    problems: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The findings as plain numbers, texts, lists and dicts."""
        return asdict(self)

    def __str__(self) -> str:
        numbers = {
            "rows": f"{self.rows:,}" + (f", and {self.bad:,} bad ones" if self.bad else ""),
            "empty texts": f"{self.empty:,}",
            "duplicates": f"{self.duplicates:,}",
            "conflicts": f"{self.conflicts:,}",
            "in both sets": None if self.shared is None else f"{self.shared:,}",
            "characters": ", ".join(f"{name} {value:,}" for name, value in self.lengths.items()),
            "not ASCII": f"{self.non_ascii:.1%} of the texts",
            "labels": _label_line(self.labels) if self.labels else None,
        }
        lines = [self.data, *(f"  {name:<14}{value}" for name, value in numbers.items() if value is not None)]
        found = [f"  - {problem}" for problem in self.problems] or ["  none found"]
        return "\n".join([*lines, "problems", *found])


def inspect(source: Source, against: Source | None = None) -> Findings:
    """Look at a data set and, if `against` is given, at what it shares with that one (its test set).

    One pass over each source; 20 bytes of memory a row. Raises `DataError` as reading the sources does.
    """
    survey = Survey(source)
    other = None if against is None else Survey(against)
    shared = None if other is None else int(np.count_nonzero(np.isin(other.texts, survey.texts)))
    findings = Findings(
        data=source.describe(),
        rows=survey.rows,
        bad=source.bad.count,
        empty=survey.empty,
        duplicates=survey.rows - len(np.unique(survey.texts)),
        conflicts=survey.conflicts(),
        shared=shared,
        labels=dict(sorted(survey.labels.items(), key=lambda item: (-item[1], item[0]))),
        lengths={name: int(np.percentile(survey.lengths, at)) for name, at in _PERCENTILES.items()},
        non_ascii=1 - survey.ascii / survey.rows,
    )
    findings.problems += _wrong_columns(source, survey)
    findings.problems += _wrong_rows(source, findings)
    findings.problems += _wrong_labels(survey, findings.labels)
    if other is not None:
        findings.problems += _wrong_split(findings, other)
    return findings


def _label_line(labels: dict[str, int], most: int = 10) -> str:
    shown = ", ".join(f"{label[:40]!r} {count:,}" for label, count in list(labels.items())[:most])
    return f"{len(labels):,}: {shown}" + (", ..." if len(labels) > most else "")


def _wrong_columns(source: Source, survey: Survey) -> list[str]:
    """What suggests that the columns named are not the ones that are meant."""
    text, rows = source.text_column, survey.rows
    target = ",".join(source.target_columns)
    found = _header_as_data(source, survey)
    distinct, distinct_targets = len(np.unique(survey.texts)), len(np.unique(survey.targets))
    many = rows >= 20
    if survey.copies == rows:
        return [*found, f"columns {text!r} and {target!r} hold the same; name the column of the labels with --target"]
    if many and survey.sentences > 0.5 * rows and distinct < distinct_targets:
        return [
            *found,
            f"columns {text!r} and {target!r} look swapped: the targets are sentences; swap --text and --target",
        ]
    if survey.numbers > 0.95 * rows:
        found.append(f"the texts in {text!r} are numbers; name the column of the texts with --text")
    elif many and survey.identifiers > 0.95 * rows:
        found.append(f"the texts in {text!r} look like identifiers; name the column of the texts with --text")
    elif many and distinct < 0.02 * rows:
        found.append(f"column {text!r} has only {distinct:,} different texts; name the column of the texts with --text")
    if many and not survey.several and survey.fractions > 0.9 * rows and distinct_targets > 10:
        found.append(f"the targets in {target!r} are real numbers; make classes of them, or name another column")
    elif many and not survey.several and distinct_targets > 0.5 * rows:
        found.append(
            f"{target!r} has {distinct_targets:,} different values in {rows:,} rows; "
            "name the column of the labels with --target"
        )
    return found


def _header_as_data(source: Source, survey: Survey) -> list[str]:
    if not source.header or source.files[0].format not in ("csv", "tsv"):
        return []
    names = source.column_names
    labels = () if survey.several else survey.labels
    if not any(name in labels or len(name) > 60 or name.replace(".", "", 1).isdecimal() for name in names):
        return []
    return [f"the header looks like data ({listed(names, 5):.100}); if it is, say --no-header"]


def _wrong_rows(source: Source, findings: Findings) -> list[str]:
    found = []
    if findings.bad:
        found.append(f"{source.bad}")
    if findings.empty:
        found.append(f"empty texts: {findings.empty:,}; leave those rows out or fill them in")
    if findings.conflicts:
        found.append(
            f"texts with different labels in different rows: {findings.conflicts:,}; decide for one, or give both"
        )
    if findings.duplicates > 0.01 * findings.rows:
        found.append(
            f"rows that repeat an earlier text: {findings.duplicates:,} ({findings.duplicates / findings.rows:.1%}); "
            "leave them out, or quality on held-out rows looks better than it is"
        )
    return found


def _wrong_labels(survey: Survey, labels: dict[str, int]) -> list[str]:
    if not labels:
        return []
    if len(labels) == 1:
        return [f"there is one label only, {next(iter(labels))!r}; a classifier needs two"]
    found = []
    rare = [label for label, count in labels.items() if count < RARE]
    if rare and len(rare) < 0.5 * survey.rows:
        found.append(f"labels with fewer than {RARE} rows: {len(rare):,} ({listed(rare, 5)}); add rows or merge labels")
    label, count = next(iter(labels.items()))
    if not survey.several and count > 0.9 * survey.rows:
        found.append(
            f"{count / survey.rows:.1%} of the rows have the label {label!r}, so always saying it is right as often; "
            "look at the other labels' scores, not at accuracy"
        )
    return found


def _wrong_split(findings: Findings, other: Survey) -> list[str]:
    found = []
    if findings.shared:
        found.append(
            f"rows of the other set whose text stands in this one too: {findings.shared:,} of {other.rows:,}; "
            "take them out of one, or the score is too good"
        )
    unseen = Counter({label: count for label, count in other.labels.items() if label not in findings.labels})
    if unseen and findings.labels:
        names = [label for label, _ in unseen.most_common()]
        found.append(
            f"rows of the other set with labels that this one lacks: {unseen.total():,} ({listed(names, 5)}); "
            "no model can get them right"
        )
    return found

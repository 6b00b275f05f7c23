"""What happened in a training: a record a validation, how it ended, and what it said on the way."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from lilliput.training.findings import Finding


@dataclass
class Record:
    """One validation.

    step, epoch, seconds : steps, passes and wall-clock seconds of training so far.
    loss : mean loss of the training batches since the record before, penalties not included.
    score : of the held-out rows, lower is better; NaN without such rows.
    rate, momentum, dropout : as the last step had them; dropout is the factor on the network's own.
    """

    step: int
    epoch: float
    seconds: float
    loss: float
    score: float
    rate: float
    momentum: float | None
    dropout: float


@dataclass
class History:
    """The records, and how the training ended: "allowance", "schedule", "patience" or "interrupted"."""

    records: list[Record] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ended: str = ""
    best: int = -1
    """Index of the record of the best score; -1: none yet."""
    findings: list[Finding] = field(default_factory=list)
    """What watchers found, in the order it was first seen."""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.ended == "interrupted"

    @property
    def best_score(self) -> float:
        """The lowest score; infinite before the first validation."""
        return self.records[self.best].score if self.best >= 0 else math.inf

    def add(self, record: Record) -> bool:
        """Append a record; whether its score is the best so far, which without held-out rows every one is."""
        self.records.append(record)
        better = math.isnan(record.score) or record.score < self.best_score
        if better:
            self.best = len(self.records) - 1
        return better

    def find(self, finding: Finding) -> bool:
        """Keep a finding; False if it is one seen before, which then counts once more."""
        for known in self.findings:
            if known.same(finding):
                known.last, known.times = finding.step, known.times + 1
                return False
        self.findings.append(finding)
        return True

    def waited(self) -> int:
        """Validations since the best one."""
        return len(self.records) - 1 - self.best

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; a score that is no number is None."""
        plain = {**asdict(self), "findings": [finding.to_dict() for finding in self.findings]}
        for record in plain["records"]:
            for key in ("loss", "score"):
                record[key] = record[key] if math.isfinite(record[key]) else None
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> History:
        """What `to_dict` gave."""
        records = [
            Record(**{**record, **{k: math.nan if record[k] is None else record[k] for k in ("loss", "score")}})
            for record in plain["records"]
        ]
        findings = [Finding.from_dict(finding) for finding in plain.get("findings", [])]
        return cls(records, list(plain["notes"]), plain["ended"], plain["best"], findings)

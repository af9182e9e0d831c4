"""What a look found: each thing once, with how often it was seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum


class ExitStatus(IntEnum):
    """How the program ends. Findings outweigh a part that could not be asked."""

    FITS = 0
    FINDINGS = 1
    UNREACHABLE = 2


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`what` is true of `field` in the answers of `source`; without a field it is true of the answer."""

    source: str
    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.source}  {self.field}: {self.what}" if self.field else f"{self.source}  {self.what}"


@dataclass(slots=True)
class Report:
    """Collected while answers come in."""

    findings: Counter[Finding] = field(default_factory=Counter)
    notes: Counter[Finding] = field(default_factory=Counter)
    unreachable: list[str] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)

    def find(self, source: str, field_name: str, what: str) -> None:
        self.findings[Finding(source, field_name, what)] += 1

    def note(self, source: str, field_name: str, what: str) -> None:
        self.notes[Finding(source, field_name, what)] += 1

    @property
    def status(self) -> ExitStatus:
        if self.findings:
            return ExitStatus.FINDINGS
        return ExitStatus.UNREACHABLE if self.unreachable else ExitStatus.FITS

    def text(self) -> str:
        """For a person: what was looked at, then the findings, then what is only new."""
        looked_at = ", ".join(f"{what} {count}" for what, count in sorted(self.looked_at.items()))
        lines = [f"Looked at: {looked_at or 'nothing'}"]
        lines += _listed("No longer fits", self.findings)
        lines += _listed("New, and read past", self.notes)
        lines += [f"Could not be asked: {each}" for each in self.unreachable]
        if self.status is ExitStatus.FITS:
            lines.append("Everything fits.")
        return "\n".join(lines)


def _listed(title: str, found: Counter[Finding]) -> list[str]:
    if not found:
        return []
    return [title, *(f"  {each}" + (f" ({count} times)" if count > 1 else "") for each, count in sorted(found.items()))]

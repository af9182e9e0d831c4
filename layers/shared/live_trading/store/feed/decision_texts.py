"""The texts that decisions are kept as: the shared part of the inputs once a trade and version, the own part, the hash.

The hash is of the canonical text of all inputs, put together here from parts that are made once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from live_trading.nouns.money import Usd
from live_trading.signals.inputs import EvaluationInputs, own_part, shared_part


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceText:
    """The shared inputs of a trade, their key, and their members as canonical text."""

    source_trade_id: int
    key: int
    text: str
    members: dict[str, str]

    @property
    def as_json(self) -> str:
        return f'{{"trade":{self.source_trade_id},"key":{self.key},"shared":{self.text}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptInputs:
    """What a decision keeps of its inputs, JSON-ready, and the sha256 of all of them in hex."""

    evidence_key: int
    own: dict[str, Any]
    inputs_hash: str


class DecisionTexts:
    """Makes each text once for as long as one call stores decisions."""

    def __init__(self) -> None:
        # By the identity of what is shared: the inputs are kept beside it, so that no other object can take its place.
        self._evidence: dict[tuple[object, ...], tuple[EvaluationInputs, EvidenceText]] = {}
        self._new: list[EvidenceText] = []

    def of(self, source_trade_id: int, inputs: EvaluationInputs, decided_at: datetime) -> KeptInputs:
        """What is kept of these inputs."""
        evidence = self._evidence_of(source_trade_id, inputs)
        own = own_part(inputs)
        members = evidence.members | {name: _canonical(value) for name, value in own.items()}
        text = ",".join(f'"{name}":{members[name]}' for name in sorted(members))
        return KeptInputs(
            evidence_key=evidence.key,
            own=kept_own(own, decided_at),
            inputs_hash=hashlib.sha256(f"{{{text}}}".encode()).hexdigest(),
        )

    def new_evidence(self) -> list[EvidenceText]:
        """The evidence that came since the last call."""
        new, self._new = self._new, []
        return new

    def _evidence_of(self, source_trade_id: int, inputs: EvaluationInputs) -> EvidenceText:
        identity = (
            source_trade_id,
            id(inputs.trade),
            id(inputs.stats),
            id(inputs.market),
            inputs.prior_mean,
            inputs.model_probability,
            inputs.model_name,
        )
        known = self._evidence.get(identity)
        if known is None:
            members = {name: _canonical(value) for name, value in shared_part(inputs).items()}
            text = "{" + ",".join(f'"{name}":{members[name]}' for name in sorted(members)) + "}"
            key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
            made = EvidenceText(source_trade_id=source_trade_id, key=key, text=text, members=members)
            known = self._evidence[identity] = inputs, made
            self._new.append(made)
        return known[1]


def kept_own(own: Mapping[str, Any], decided_at: datetime) -> dict[str, Any]:
    """The own part in short, without what the decision's row and its configuration say. `whole_own` undoes it."""
    kept = {name: value for name, value in own.items() if name in _AS_THEY_ARE}
    kept["bankroll"] = own["bankroll_usd"].rstrip("0").rstrip(".")
    if own["max_signal_age_seconds"] is not None:
        kept["max_age"] = own["max_signal_age_seconds"]
    if not own["is_active"]:
        kept["is_active"] = False
    if datetime.fromisoformat(own["now"]) != decided_at:
        kept["now"] = own["now"]
    return kept


def whole_own(
    kept: Mapping[str, Any], *, config_hash: str, config_version: int, decided_at: datetime
) -> dict[str, Any]:
    """The own part of the canonical inputs as it was."""
    return {
        "config_hash": config_hash,
        "config_version": config_version,
        "is_active": kept.get("is_active", True),
        "bankroll_usd": str(Usd(kept["bankroll"])),
        "now": kept.get("now", decided_at.astimezone(UTC).isoformat()),
        "max_signal_age_seconds": kept.get("max_age"),
    } | {name: kept[name] for name in _AS_THEY_ARE if name in kept}


_AS_THEY_ARE = ("stake_multiplier", "standing", "position")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_PLAIN = {None: "null", True: "true", False: "false"}


def _canonical(value: object) -> str:
    if type(value) is int:
        return str(value)
    if value is None or type(value) is bool:
        return _PLAIN[value]
    return _encode(value)

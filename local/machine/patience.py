"""How long anything is waited for: a guard against a hang, and never a judgement of how fast a machine is."""

from __future__ import annotations

HANG_SECONDS = 300.0

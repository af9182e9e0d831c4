"""Writes the document of the API anew; a test fails where the one that is kept is not the routes'."""

from __future__ import annotations

from live_trading.api.openapi.document import document, text_of_document
from live_trading.api.table import described
from local.machine.env import ROOT

KEPT = ROOT / "layers" / "shared" / "live_trading" / "api" / "openapi.json"


def main() -> None:
    """Puts the document where it is served from, to be looked at with `git diff`."""
    KEPT.write_text(text_of_document(document(described())), encoding="utf-8")
    print(f"{KEPT.relative_to(ROOT)} is written; look at its difference before it is committed.")


if __name__ == "__main__":
    main()

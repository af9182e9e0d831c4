"""`make drift`: what of the venue's answers, addresses and contracts no longer fits. Read-only, and without any key.

Exit status 0 where everything fits, 1 with findings, 2 where something could not be asked.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from live_trading.wiring.chance import SYSTEM
from live_trading.wiring.composition import Parts
from live_trading.wiring.settings import read_settings
from local.drift.contracts import check_addresses, check_code
from local.drift.findings import ExitStatus, Report
from local.drift.recording import NoRecording, check_folder
from local.drift.venue import Hosts, VenueCheck
from local.lambdas.template.reading import load_application
from local.machine.env import LOCAL_STATE, TEMPLATE
from local.machine.processes import PartFailed
from local.stack.assembly import Stack
from local.stack.facts import DEFAULT_DIRECTORY, NoStack, read_facts

# Parameters without a default, which no public question needs.
_UNUSED = {"DatabaseUrl": "postgresql://nobody@127.0.0.1/nothing", "JwtIssuer": "unused", "JwtAudience": "unused"}
# What the local chain does without: nothing that is asked of it calls them.
NOT_ON_THE_LOCAL_CHAIN = frozenset({"exchange_v3", "proxy_factory", "deposit_wallet_factory", "relay_hub"})


def main(arguments: list[str] | None = None) -> int:
    """Looks and tells."""
    parser = argparse.ArgumentParser(prog="make drift", description=__doc__)
    parser.add_argument("--data", type=Path, default=None, help="a folder of recorded answers in place of the venue")
    parser.add_argument("--local", action="store_true", help="the stack that is up, or one of its own")
    options = parser.parse_args(arguments)
    report = Report()
    try:
        if options.data is not None:
            check_folder(options.data, report)
        elif options.local:
            _look_at_stack(report)
        else:
            look(template_environment(), report)
    except (NoRecording, PartFailed) as error:
        print(error, file=sys.stderr)
        return ExitStatus.UNREACHABLE
    print(report.text())
    return report.status


def look(environment: Mapping[str, str], report: Report, *, is_local: bool = False) -> None:
    """One look at the venue and the chain of an environment, as the functions would find them."""
    settings = read_settings(environment)
    endpoints = Parts(environment).endpoints
    hosts = Hosts(endpoints, SYSTEM)
    VenueCheck(hosts, settings.geoblock_url, report).run()
    hosts.close()
    check_addresses(endpoints, report)
    check_code(settings, report, not_there=NOT_ON_THE_LOCAL_CHAIN if is_local else frozenset())


def template_environment() -> dict[str, str]:
    """The template's own values, and what the caller's environment says else, such as RPC_URL."""
    application = load_application(TEMPLATE, parameters=_UNUSED, stack_name="drift")
    environment = dict(application.function("lt-execute").environment)
    return environment | {name: os.environ[name] for name in environment if name in os.environ}


def _look_at_stack(report: Report) -> None:
    try:
        look(read_facts(DEFAULT_DIRECTORY).settings, report, is_local=True)
    except NoStack:
        with Stack(directory=LOCAL_STATE / "drift", markets=2, front_door_port=None) as facts:
            look(facts.settings, report, is_local=True)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m local.exchange --config FILE`: the simulated venue as a process."""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from functools import partial
from pathlib import Path

from pydantic import ValidationError
from starlette.types import ASGIApp

from local.chain import LocalChain
from local.exchange.assembly import build_world
from local.exchange.feeds.data_api import data_app
from local.exchange.feeds.gamma import gamma_app
from local.exchange.run_config import ExchangeConfig, read_config
from local.exchange.tape.pace import Pacer, TakesTime
from local.exchange.wire.app import clob_app
from local.exchange.wire.control import control_app
from local.exchange.wire.geoblock import geoblock_app
from local.exchange.wire.serve import PortTaken, bind, serve


def main() -> int:
    """Serve until told to end. 0 after a clean end, 2 for a configuration that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m local.exchange", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON file, see local.exchange.run_config")
    try:
        config = read_config(parser.parse_args().config)
        asyncio.run(_run(config))
    except (PortTaken, FileNotFoundError, ValidationError) as error:
        print(f"exchange: {error}", file=sys.stderr)
        return 2
    return 0


async def _run(config: ExchangeConfig) -> None:
    sockets = bind(config.ports.model_dump())
    world = build_world(config, LocalChain.attach(config.rpc_url))
    # the recording stays for good; the collector need not walk it again
    gc.freeze()
    pacer = Pacer(world.timeline)
    pacer.set_speed(0 if config.start_paused else 1)
    apps = {
        "clob": clob_app(world),
        "gamma": gamma_app(world),
        "data": data_app(world),
        "geoblock": geoblock_app(world),
    }
    taking_time: dict[str, ASGIApp] = {
        port: TakesTime(app, world.timeline, partial(config.request_times.milliseconds, port))
        for port, app in apps.items()
    }
    apps_by_port: dict[str, ASGIApp] = {**taking_time, "control": control_app(world, pacer)}
    await serve(apps_by_port, sockets, asyncio.create_task(pacer.run()), lambda: print("ready", flush=True))


if __name__ == "__main__":
    sys.exit(main())

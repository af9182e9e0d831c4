"""The embedded Postgres: starts as whoever runs it, survives a crash, and leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.machine.env import LOCAL_STATE
from local.machine.ports import HeldPorts, is_listening
from local.machine.processes import PartFailed, Processes
from local.machine.scratch import scratch_directory
from local.postgres.databases import GivenPostgres, connect, with_database
from local.postgres.server import LocalPostgres

pytestmark = pytest.mark.integration


@pytest.fixture
def postgres() -> Iterator[LocalPostgres]:
    with scratch_directory() as directory, HeldPorts() as ports, Processes(directory / "logs") as processes:
        yield LocalPostgres(directory / "data", processes=processes, ports=ports, cache=LOCAL_STATE / "cache")


def port_of(url: str) -> int:
    return int(url.rpartition("@127.0.0.1:")[2].partition("/")[0])


def test_it_answers_over_loopback_and_is_gone_after_the_block(postgres: LocalPostgres) -> None:
    with postgres as server:
        connection = connect(server.url)
        answer = connection.run("SELECT current_database()")
        connection.close()

    assert answer == [["live_trading"]]
    assert not is_listening(port_of(postgres.url))


def test_what_was_committed_is_there_after_a_crash(postgres: LocalPostgres) -> None:
    with postgres as server:
        connection = connect(server.url)
        connection.run("CREATE TABLE kept (n INTEGER)")
        connection.run("INSERT INTO kept VALUES (7)")

        server.kill()
        server.start()
        server.wait()

        connection = connect(server.url)
        assert connection.run("SELECT n FROM kept") == [[7]]
        connection.close()


def test_data_of_an_earlier_run_is_not_found_by_the_next(postgres: LocalPostgres) -> None:
    with postgres as server:
        connection = connect(server.url)
        connection.run("CREATE TABLE kept (n INTEGER)")
        connection.close()

    with postgres as server:
        connection = connect(server.url)
        assert connection.run("SELECT to_regclass('kept')") == [[None]]
        connection.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another user")
def test_root_becomes_nobody_where_it_may_not_map_users(
    postgres: LocalPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with postgres as server:
        connection = connect(server.url)
        (place,), *_ = connection.run("SHOW data_directory")
        connection.close()
        assert Path(place).owner() == "nobody"

    assert not Path(place).exists()


def test_a_given_server_is_used_in_a_database_of_our_own(postgres_server: str) -> None:
    given = GivenPostgres(postgres_server)

    url = given.start()

    connection = connect(url)
    connection.run("CREATE TABLE ours (n INTEGER)")
    connection.close()
    given.stop()
    connection = connect(with_database(postgres_server, "postgres"))
    left = connection.run("SELECT count(*) FROM pg_database WHERE datname = :name", name=url.rpartition("/")[2])
    connection.close()
    assert left == [[0]]


def test_a_given_server_that_is_not_there_is_reported_with_what_to_do() -> None:
    with HeldPorts() as ports:
        given = GivenPostgres(f"postgresql://me@127.0.0.1:{ports.any()}/mine?sslmode=disable")

        with pytest.raises(PartFailed, match="unset DATABASE_URL"):
            given.start()

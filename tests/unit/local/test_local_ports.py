"""Loopback ports are found free and kept."""

from __future__ import annotations

import socket

import pytest

from local.machine.ports import LOOPBACK, HeldPorts, NoFreePort, is_listening


def test_ports_are_all_different_and_can_be_bound_by_their_part() -> None:
    with HeldPorts() as ports:
        held = [ports.any() for _ in range(20)]

        with socket.create_server((LOOPBACK, held[0])):
            assert is_listening(held[0])

    assert len(set(held)) == 20


def test_a_preferred_port_that_is_taken_gives_the_next_one() -> None:
    with HeldPorts() as ports, socket.create_server((LOOPBACK, ports.any())) as other:
        taken = other.getsockname()[1]

        assert ports.first_from(taken) > taken


def test_a_preferred_port_is_held_once() -> None:
    with HeldPorts() as ports:
        first = ports.first_from(20_000)

        assert ports.first_from(first) > first


def test_no_port_above_the_last_one_is_an_error() -> None:
    with HeldPorts() as ports, pytest.raises(NoFreePort):
        ports.first_from(65_536)


def test_a_released_port_can_be_held_again() -> None:
    ports = HeldPorts()
    port = ports.any()

    ports.release()

    with HeldPorts() as others:
        assert others.first_from(port) == port

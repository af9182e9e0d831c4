"""The accounts of the ledger and the kinds of its transactions."""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    """Where dollars are. UNALLOCATED, TRANSFERS, GAS and EXTERNAL stand without a strategy; every other has one.

    CASH is what a strategy may spend, RESERVED what its open orders may cost, UNSETTLED the proceeds of sales that have
    matched but not settled, POSITION_COST what held shares cost without fees, PENDING_REDEMPTION what resolved shares
    are owed. FEES is an expense; REALISED_PNL is credited with profit; TRANSFERS is where capital came from. EXTERNAL
    is what trades that this system did not make have put into tokens of the wallet, fees included.
    """

    UNALLOCATED = "UNALLOCATED"
    CASH = "CASH"
    RESERVED = "RESERVED"
    UNSETTLED = "UNSETTLED"
    POSITION_COST = "POSITION_COST"
    PENDING_REDEMPTION = "PENDING_REDEMPTION"
    FEES = "FEES"
    REALISED_PNL = "REALISED_PNL"
    TRANSFERS = "TRANSFERS"
    GAS = "GAS"
    EXTERNAL = "EXTERNAL"


class TransactionKind(StrEnum):
    """What a transaction books."""

    DEPOSIT = "DEPOSIT"
    ALLOCATION = "ALLOCATION"
    RESERVATION = "RESERVATION"
    RELEASE = "RELEASE"
    FILL = "FILL"
    FILL_CORRECTION = "FILL_CORRECTION"
    SETTLEMENT = "SETTLEMENT"
    REVERSAL = "REVERSAL"
    RESOLUTION = "RESOLUTION"
    REDEMPTION = "REDEMPTION"
    GAS = "GAS"
    CORRECTION = "CORRECTION"

"""The accounts of the ledger and the kinds of its transactions."""

from __future__ import annotations

from enum import StrEnum


class Account(StrEnum):
    """Where dollars are. UNALLOCATED, TRANSFERS, GAS, EXTERNAL and INCOME stand without a strategy; the rest has one.

    CASH is what a strategy may spend, RESERVED what its open orders may cost, UNSETTLED the proceeds of sales that have
    matched but not settled, POSITION_COST what held shares cost without fees, PENDING_REDEMPTION what resolved shares
    are owed. FEES is an expense; REALISED_PNL is credited with profit; TRANSFERS is where capital came from. EXTERNAL
    is what trades that this system did not make have put into tokens of the wallet, fees included, and, without a
    token, credited with dollars that came from nobody knows where. INCOME is credited with what the venue pays a wallet
    unasked. Both are the wallet's, until somebody allocates them.
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
    INCOME = "INCOME"


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
    INCOME = "INCOME"
    REDEMPTION_REVERSAL = "REDEMPTION_REVERSAL"


class IncomeType(StrEnum):
    """What money that a wallet did not ask for is; the source reference of its entry names it.

    The venue's own types are those of its `/v2/activity`. REDEMPTION_SURPLUS is what a redemption or a merge paid
    above what was owed, EXTERNAL what nothing explains.
    """

    TAKER_REBATE = "TAKER_REBATE"
    MAKER_REBATE = "MAKER_REBATE"
    REWARD = "REWARD"
    YIELD = "YIELD"
    REFERRAL_REWARD = "REFERRAL_REWARD"
    DEPOSIT = "DEPOSIT"
    REDEMPTION_SURPLUS = "REDEMPTION_SURPLUS"
    EXTERNAL = "EXTERNAL"

"""How the API shows one trading wallet: what the ledger keeps of it, and what the chain says where it can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from live_trading.api.shapes import AddressAnswer, UsdText
from live_trading.api.views.money.trading_wallet_views import TradingWalletView, trading_wallet_view
from live_trading.chain.abi import MAX_UINT256
from live_trading.chain.reading.wallet_look import WalletLook
from live_trading.ledger.accounts import Account
from live_trading.ledger.statement import Balances
from live_trading.nouns.money import Usd, total_usd
from live_trading.services.redeeming.approval_needs import Need
from live_trading.store.accounts.trading_wallets import TradingWalletRow
from live_trading.store.chain.wallet_approvals import ApprovalKind


class WalletBalancesView(TypedDict):
    """What the ledger keeps of a wallet, over all strategies that trade from it.

    `collateral_usd` is what the chain should hold once everything has settled: unallocated, available, reserved and
    unsettled dollars.
    """

    unallocated_usd: UsdText
    available_usd: UsdText
    reserved_usd: UsdText
    unsettled_usd: UsdText
    position_cost_usd: UsdText
    pending_redemption_usd: UsdText
    collateral_usd: UsdText


class GrantView(TypedDict):
    """An approval that trading or redemption needs; `granted` is null where its contract gave no answer."""

    kind: ApprovalKind
    token: AddressAnswer
    spender: AddressAnswer
    purpose: str
    granted: bool | None
    unlimited: bool | None
    amount_usd: UsdText | None


class OnChainView(TypedDict):
    """What the chain says. UNKNOWN where it could not be asked in time: then all else is null, and `why` says so.

    `difference_usd` is what it holds beyond what the ledger expects; fills that have not settled are part of it.
    `gas_wei` is the wallet's own POL, which an account that pays its own transactions needs. `approvals_missing` are
    those of `approvals` that are not granted.
    """

    state: Literal["KNOWN", "UNKNOWN"]
    why: str | None
    collateral_usd: UsdText | None
    difference_usd: UsdText | None
    gas_wei: str | None
    approvals: list[GrantView] | None
    approvals_missing: int | None


class TradingWalletDetailView(TradingWalletView):
    """A trading wallet with its balances as they are kept, and as the chain has them."""

    balances: WalletBalancesView
    on_chain: OnChainView


def trading_wallet_detail_view(
    wallet: TradingWalletRow, balances: Balances, on_chain: OnChainView
) -> TradingWalletDetailView:
    """One wallet."""
    return {
        **trading_wallet_view(wallet),
        "balances": {
            "unallocated_usd": str(_of(balances, Account.UNALLOCATED)),
            "available_usd": str(_of(balances, Account.CASH)),
            "reserved_usd": str(_of(balances, Account.RESERVED)),
            "unsettled_usd": str(_of(balances, Account.UNSETTLED)),
            "position_cost_usd": str(_of(balances, Account.POSITION_COST)),
            "pending_redemption_usd": str(_of(balances, Account.PENDING_REDEMPTION)),
            "collateral_usd": str(expected_collateral(balances)),
        },
        "on_chain": on_chain,
    }


def known_view(look: WalletLook, needs: Sequence[Need], balances: Balances) -> OnChainView:
    """What was seen."""
    grants = [_grant_view(need, look) for need in needs]
    return {
        "state": "KNOWN",
        "why": None,
        "collateral_usd": str(look.collateral),
        "difference_usd": str(look.collateral - expected_collateral(balances)),
        "gas_wei": str(look.gas_wei),
        "approvals": grants,
        "approvals_missing": sum(1 for each in grants if each["granted"] is False),
    }


def unknown_view(why: str) -> OnChainView:
    """Nothing, and why."""
    return {
        "state": "UNKNOWN",
        "why": why,
        "collateral_usd": None,
        "difference_usd": None,
        "gas_wei": None,
        "approvals": None,
        "approvals_missing": None,
    }


def expected_collateral(balances: Balances) -> Usd:
    """Dollars that the wallet should hold once all its fills and redemptions have settled."""
    accounts = (Account.UNALLOCATED, Account.CASH, Account.RESERVED, Account.UNSETTLED)
    return total_usd([_of(balances, account) for account in accounts])


def _grant_view(need: Need, look: WalletLook) -> GrantView:
    if need.kind is ApprovalKind.OPERATOR:
        granted, unlimited, amount = look.operators[(need.token, need.spender)], None, None
    else:
        units = look.allowances[need.spender]
        granted = None if units is None else units > 0
        unlimited = None if units is None else units == MAX_UINT256
        amount = None if units is None or unlimited else f"{units // 10**6}.{units % 10**6:06d}"
    return {
        "kind": need.kind,
        "token": need.token,
        "spender": need.spender,
        "purpose": need.purpose,
        "granted": granted,
        "unlimited": unlimited,
        "amount_usd": amount,
    }


def _of(balances: Balances, account: Account) -> Usd:
    return balances.get(account, Usd.zero())

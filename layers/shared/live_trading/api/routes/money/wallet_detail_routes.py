"""One trading wallet behind the API, with what the ledger keeps of it and what the chain says; reads only.

The chain is asked for a bounded time and after the database: where it does not answer, the rest is told all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from live_trading.api.once import Answer
from live_trading.api.resources.required import own_wallet
from live_trading.api.routing import Request, Routes
from live_trading.api.views.money.wallet_detail_views import (
    OnChainView,
    TradingWalletDetailView,
    known_view,
    trading_wallet_detail_view,
    unknown_view,
)
from live_trading.chain.reading.wallet_look import WalletLooker
from live_trading.ledger.statement import Balances
from live_trading.nouns.errors import GiveUp, RetryLater
from live_trading.services.redeeming.approval_needs import Need
from live_trading.store.books import statements
from live_trading.store.books.statements import LedgerBook
from live_trading.store.chain.wallet_approvals import ApprovalKind
from live_trading.store.database.connection import Database


class WalletDetail:
    """One owner's wallet. Raises Problem; the store's errors pass through, the chain's are told."""

    def __init__(self, *, database: Database, looker: WalletLooker, needs: Sequence[Need]) -> None:
        """`needs` are the approvals that this system can make use of."""
        self._database = database
        self._looker = looker
        self._needs = needs

    def get(self, owner_id: str, trading_wallet_id: UUID) -> Answer:
        """The wallet with both accounts of its balances."""
        with self._database.transaction() as transaction:
            wallet = own_wallet(transaction, trading_wallet_id, owner_id)
            book = LedgerBook(book_id=trading_wallet_id, is_wallet=True)
            balances = statements.balances_before(transaction, book, statements.BEHIND_ALL)
        body = trading_wallet_detail_view(wallet, balances, self._on_chain(wallet.address, balances))
        return Answer(status=200, body=body)

    def _on_chain(self, address: str, balances: Balances) -> OnChainView:
        spenders = [need.spender for need in self._needs if need.kind is ApprovalKind.ALLOWANCE]
        operators = [(need.token, need.spender) for need in self._needs if need.kind is ApprovalKind.OPERATOR]
        try:
            look = self._looker.look(address, spenders=spenders, operators=operators)
        except (RetryLater, GiveUp) as error:
            return unknown_view(f"the chain could not be read: {type(error).__name__}")
        return known_view(look, self._needs, balances)


ROUTES = Routes[WalletDetail]("wallet_detail")


@ROUTES.get("/api/trading-wallets/<trading_wallet_id>", answers=TradingWalletDetailView)
def _get(wallets: WalletDetail, request: Request) -> Answer:
    """Shows a trading wallet with its balances as the ledger keeps them and as the chain has them.

    Whether its key is proved, what of its collateral is given to nobody, and on the chain its collateral, gas money and
    the approvals that trading needs. The chain is asked for some seconds: where it does not answer, `on_chain.state` is
    UNKNOWN and the rest is told.
    """
    return wallets.get(request.owner, request.id("trading_wallet_id", "trading wallet"))

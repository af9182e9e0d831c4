"""One wallet whose ledger and chain come apart, the comparisons that see it, and the person who explains it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from live_trading.api.fields import parsed
from live_trading.api.once import Caller
from live_trading.api.routes.money.break_routes import AcceptBreak, WalletBreaks
from live_trading.nouns.errors import GiveUp
from live_trading.nouns.money import Shares
from live_trading.nouns.trades import Side
from live_trading.services.comparing.compare import Comparison
from live_trading.services.comparing.spender_watch import Spenders
from live_trading.services.reconciling.outside_adoption import OutsideFill, OutsidePlan, adopt
from live_trading.services.running.leasing import held
from live_trading.store.books.breaks import Break
from live_trading.store.positions import held_positions
from live_trading.store.positions.held_positions import HeldPosition
from local.chain import ADDRESSES, NEG_RISK_EXCHANGE, STANDARD_EXCHANGE, PreparedMarket
from tests.first_pages import first_page
from tests.integration.chain_fixtures import trade
from tests.settlement.parts.bookkeeping_fixtures import Holder
from tests.settlement.parts.settlement_fixtures import SettlementDesk


@dataclass(slots=True, kw_only=True)
class Apart:
    """A wallet, what happens to it behind the ledger's back, and what is seen and said of it."""

    settling: SettlementDesk
    holder: Holder

    @property
    def _api(self) -> WalletBreaks:
        return WalletBreaks(database=self.settling.database, clock=self.settling.clock)

    @property
    def wallet_id(self) -> UUID:
        return self.holder.wallet.trading_wallet_id

    def compare(self, unreadable: Sequence[Break] = (), unseen_orders: Collection[UUID] = ()) -> int | None:
        """One comparison, a minute after the last."""
        settling, wallet = self.settling, self.holder.wallet
        settling.wait(minutes=1)
        comparison = Comparison(
            database=settling.database,
            chain=settling.reader,
            exchange_address=STANDARD_EXCHANGE,
            clock=settling.clock,
            actor="test",
            exchanges=Spenders(
                standard=STANDARD_EXCHANGE,
                neg_risk=NEG_RISK_EXCHANGE,
                neg_risk_adapter=ADDRESSES.neg_risk_adapter,
            ),
        )
        with held(settling.database, settling.clock, name=f"w:{wallet.address}", holder="t", seconds=60) as lease:
            assert lease is not None
            return comparison.run(lease, wallet, unreadable, unseen_orders)

    def buys_unseen(
        self, market: PreparedMarket, *, outcome: int = 0, shares: str = "20", usd: str = "8", state: str = "REJECTED"
    ) -> UUID:
        """An order of ours that the venue filled on the chain, and whose trade nobody here has heard of."""
        settling, holder = self.settling, self.holder
        traded = trade(settling.chain, holder.account, market, Side.BUY, outcome=outcome, shares=shares, usd=usd)
        fill = settling._fill(market.token_ids[outcome], Side.BUY, shares, usd, "0", traded)
        order_id = settling.write_order(holder, market, outcome, fill)
        finished = None if state in ("LIVE", "SENT", "UNKNOWN", "DELAYED") else settling.clock.now()
        settling.change(
            """
            UPDATE lt_orders SET
                state = :state, finished_at = :finished,
                rejection_code = CASE :state WHEN 'REJECTED' THEN 'never_arrived' END,
                outcome = CASE :state WHEN 'REJECTED' THEN 'NOT_FILLED' ELSE outcome END
            WHERE lt_order_id = :id
            """,
            state=state,
            finished=finished,
            id=order_id,
        )
        return order_id

    def forgets_arrivals(self) -> None:
        """Token transfers up to now have been read by passes that could make nothing of them."""
        self.settling.change(
            """
            INSERT INTO cursors VALUES ('arrived_tokens:' || :id, :head, :now)
            ON CONFLICT (cursor_name) DO UPDATE SET position = excluded.position
            """,
            id=str(self.wallet_id),
            head=str(self.settling.reader.block_number() + 1000),
            now=self.settling.clock.now(),
        )

    def sells_beside(self, market: PreparedMarket, *, shares: str, usd: str, outcome: int = 0) -> None:
        """The owner sells at the venue without us, as a reconciliation adopts it."""
        settling, holder = self.settling, self.holder
        traded = trade(settling.chain, holder.account, market, Side.SELL, outcome=outcome, shares=shares, usd=usd)
        fill = settling._fill(market.token_ids[outcome], Side.SELL, shares, usd, "0", traded)
        found = OutsideFill(condition_id=market.condition_id, fill=fill)
        read = {fill.order_hash: {traded.transaction_hash: fill.moved}}
        plan = OutsidePlan(orders=(), fills=(found,), unreadable=(), moved=read)
        with settling.database.transaction() as transaction:
            adopt(transaction, self.wallet_id, plan, settling.clock.now())

    def sends_away(self, market: PreparedMarket, shares: str, outcome: int = 0) -> None:
        """The owner moves shares to another wallet."""
        self.settling.gives(self.holder, self.settling.holder(), market.token_ids[outcome], Shares(shares))

    def open(self) -> list[dict[str, Any]]:
        """The wallet's open breaks as the API shows them."""
        return [
            dict(each)
            for each in self._api.list("operator", self.wallet_id, first_page(), only_open=True).body["breaks"]
        ]

    def all_breaks(self) -> list[dict[str, Any]]:
        return [
            dict(each)
            for each in self._api.list("operator", self.wallet_id, first_page(), only_open=False).body["breaks"]
        ]

    def accept(self, break_id: int, **said: Any) -> dict[str, Any]:
        """What a person says of a break."""
        body = parsed(AcceptBreak, {"reason": "looked at the venue", **said})
        caller = Caller(owner_id="operator", idempotency_key=None, request_hash="")
        return self._api.accept(caller, self.wallet_id, break_id, body).body

    def refusal(self, break_id: int, **said: Any) -> str:
        """Why a person's word is not taken."""
        with pytest.raises(GiveUp) as refused:
            self.accept(break_id, **said)
        return str(refused.value)

    def held(self, holder: Holder | None = None) -> list[HeldPosition]:
        with self.settling.database.transaction() as transaction:
            return held_positions.of_strategy(transaction, (holder or self.holder).lt_strategy_id)

    def locks(self) -> list[str]:
        return [row["reason"] for row in self.settling.rows("SELECT reason FROM locks WHERE released_at IS NULL")]

    def alerts(self, kind: str = "break") -> list[dict[str, Any]]:
        return self.settling.rows(
            "SELECT * FROM lt_alerts WHERE alert_type = :kind AND status <> 'RESOLVED' ORDER BY lt_alert_id", kind=kind
        )

    def unsettled_purchase(self, market: PreparedMarket, *, shares: str = "5", usd: str = "2") -> None:
        """A trade of ours that matched, is booked, and never settles."""
        order_id = self.settling.buys(self.holder, market, shares=shares, usd=usd)
        self.settling.change(
            "UPDATE fills SET status = 'MATCHED', confirmed_at = NULL WHERE lt_order_id = :id", id=order_id
        )

    def later(self, **span: float) -> None:
        self.settling.clock.at += timedelta(**span)

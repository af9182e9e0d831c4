"""One trading wallet at the venue: signs plans, posts them, and says what became of them.

Orders are made from the plan's amounts and not by the client's `create_*` calls: on ticks finer than a cent these ask
for five or six decimals where the venue takes four from marketable orders, and they round by themselves, so that what
is posted could differ from what was reserved. The typed data are signed here; the signed order is handed to the
official client, which builds the request, authenticates it and posts it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from live_trading.nouns.chance import Chance
from live_trading.nouns.errors import GiveUp, MalformedAnswer, RetryLater
from live_trading.nouns.markets import FeeSchedule
from live_trading.nouns.money import Usd
from live_trading.nouns.orders import Fill, OrderPlan, RejectionCode, SignedOrder
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.polymarket.clob import venue_client
from live_trading.polymarket.clob.account_lists import OpenOrders
from live_trading.polymarket.clob.account_rows import VenueOrder, VenueOrderStatus, VenueTrade, VenueTrades
from live_trading.polymarket.clob.clob_account import ClobAccount
from live_trading.polymarket.clob.outcomes import PostOutcome, Rejected, Unknown
from live_trading.polymarket.clob.own_fills import fills_of_order
from live_trading.polymarket.endpoints import VenueEndpoints
from live_trading.polymarket.signing.order_hash import ZERO_WORD, OrderFields, exchange_domain, hash_of, plain_order
from live_trading.polymarket.signing.order_payload import fields_of, own_order, payload_of
from live_trading.polymarket.signing.order_signatures import LocalKey, sign_order
from live_trading.polymarket.signing.signing_policy import LARGEST_SALT, SigningPolicy, SigningRefused, maker_and_taker
from live_trading.polymarket.signing.wallet_secret import WalletSecret
from live_trading.polymarket.wire.call_meter import CallMeter, MeasuredCalls

if TYPE_CHECKING:
    from polymarket import SecureClient

__all__ = ["CancelResult", "VenueAccount", "VenueOrder", "VenueOrderStatus", "VenueTrade", "VenueTrades"]

_CANCELS_A_REQUEST = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelResult:
    """Which orders the venue cancelled, and why not the others, by order hash.

    A cancelled order may have matched before: its fills are told by its trades only.
    """

    cancelled: tuple[str, ...]
    refused: dict[str, str]


class UnusableAccount(GiveUp):
    """Wallet, key and API key do not belong together; nothing can be signed or posted with them."""


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, without a binary float."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


class OrderStamps:
    """Milliseconds that only ever grow, because the venue tells two orders of an account apart by them."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._last = 0

    def next(self) -> int:
        """The present millisecond, or the next that was not given out."""
        self._last = max(self._now_ms(), self._last + 1)
        return self._last


class VenueAccount:
    """One trading wallet. Reading methods raise RetryLater, GiveUp or MalformedAnswer.

    One thread at a time posts and cancels; questions may be asked beside it, and plans signed by one thread.
    """

    def __init__(
        self,
        wallet: TradingWallet,
        secret: WalletSecret,
        endpoints: VenueEndpoints,
        chance: Chance,
        *,
        marker: str = ZERO_WORD,
    ) -> None:
        """`marker` is what every order carries as its metadata; nothing is asked yet.

        Raises UnusableAccount or UnusableKey.
        """
        from eth_utils.address import to_checksum_address

        self._wallet = wallet
        self._secret = secret
        self._endpoints = endpoints
        self._key = LocalKey(secret.private_key)
        if wallet.signature_type is SignatureType.EOA and self._key.address != wallet.address:
            raise UnusableAccount(f"the key of wallet {wallet.address} is that of {self._key.address}")
        self._policy = SigningPolicy(endpoints=endpoints, wallet=wallet, key_address=self._key.address)
        self._chance = chance
        self._marker = marker
        self._stamps = OrderStamps(lambda: milliseconds(chance.wall_time()))
        self._meter = CallMeter(chance.elapsed)
        key_address = to_checksum_address(self._key.address)
        self._questions = ClobAccount(endpoints.clob_url, secret, key_address, chance, self._meter)
        self._wire_address = to_checksum_address(wallet.address)
        self._client: SecureClient | None = None
        self._is_refused = False

    @property
    def wallet(self) -> TradingWallet:
        return self._wallet

    @property
    def is_refused(self) -> bool:
        """Whether the venue has refused or does not know the credentials; another secret may be good."""
        return self._is_refused or self._questions.is_refused

    def prime(self, _token_ids: Collection[str] = ()) -> None:
        """Connects, so that `post` costs one request. Tokens need no preparation: a plan says all that an order states.

        Raises RetryLater where the venue cannot be reached, GiveUp where it refuses wallet, key or API key.
        """
        self._connected()

    def sign(self, plan: OrderPlan) -> SignedOrder:
        """The plan as a signed order with its hash, without any network.

        Every call makes another order. Raises SigningRefused where the policy forbids it or where the order would not
        be the plan to the last unit.
        """
        maker_amount, taker_amount = maker_and_taker(plan)
        is_contract = self._wallet.signature_type is SignatureType.DEPOSIT_WALLET
        order = OrderFields(
            salt=self._chance.below(LARGEST_SALT),
            maker=self._wallet.address,
            signer=self._wallet.address if is_contract else self._key.address,
            token_id=int(plan.token_id),
            maker_amount=maker_amount,
            taker_amount=taker_amount,
            side=plan.side,
            signature_type=self._wallet.signature_type,
            timestamp=self._stamps.next(),
            metadata=self._marker,
        )
        domain = exchange_domain(self._endpoints, plan.token_id, version=plan.version, neg_risk=plan.neg_risk)
        self._policy.check(plan, order, domain)
        plain = plain_order(order, domain)
        payload = payload_of(order, sign_order(self._key, order, domain, plain), plan.order_type, plan.expiration)
        signed = SignedOrder(order_hash=hash_of(plain), payload=payload)
        if _as_signed(fields_of(signed)) != _as_signed(order) or not _is_the_plan(signed, plan):
            raise SigningRefused("the stored order is not the plan")
        return signed

    def post(self, orders: Sequence[SignedOrder]) -> list[PostOutcome]:
        """Posts the stored bytes once and says of each order what that proved; repeating it posts the same orders.

        Never raises for what the venue or the network does: a failure to connect is an order that was not placed.
        """
        try:
            client = self._connected()
        except (RetryLater, MalformedAnswer) as error:
            retry_after = error.retry_after_seconds if isinstance(error, RetryLater) else None
            return [_not_sent(RejectionCode.NOT_PLACED, error, retry_after)] * len(orders)
        except GiveUp as error:
            return [_not_sent(RejectionCode.UNAUTHORIZED, error, None)] * len(orders)
        outcomes: list[PostOutcome] = []
        for start in range(0, len(orders), venue_client.ORDERS_A_REQUEST):
            with self._meter.call():
                answers = venue_client.post(client, orders[start : start + venue_client.ORDERS_A_REQUEST])
            if any(isinstance(answer, Unknown) for answer in answers):
                self._meter.note_failure()
            self._is_refused |= any(
                isinstance(answer, Rejected) and answer.code is RejectionCode.UNAUTHORIZED for answer in answers
            )
            outcomes += answers
        return outcomes

    def find_order(self, order_hash: str, own: SignedOrder | None = None) -> VenueOrder | None:
        """An order by its hash; None only where the venue says that it has none, every other failure raises.

        None soon after a POST, and for an order that has ended, proves nothing by itself. With `own`, sizes are
        recognised as human decimals or base units, and MalformedAnswer is raised where they fit in neither; without
        it they are read as human decimals.
        """
        return self._questions.order(order_hash, None if own is None else own_order(own))

    def trades_since(self, since: datetime) -> VenueTrades:
        """Every trade of the wallet from `since` on, as taker and as maker."""
        return self._questions.trades(self._wire_address, int(since.timestamp()) - 1)

    def trades_in_market(self, condition_id: str, since: datetime) -> VenueTrades:
        """The wallet's trades in one market from `since` on."""
        return self._questions.trades(self._wire_address, int(since.timestamp()) - 1, condition_id=condition_id)

    def trade(self, venue_trade_id: str, since: datetime) -> VenueTrades:
        """One trade of the wallet by the venue's id, which was matched after `since`; empty where it is not listed."""
        return self._questions.trades(self._wire_address, int(since.timestamp()) - 1, venue_trade_id=venue_trade_id)

    def own_fills(
        self, found: VenueTrades, order_hash: str, fees: FeeSchedule, own: SignedOrder | None = None
    ) -> list[Fill]:
        """Our fills of one order among these trades; see `own_fills.fills_of_order`. Raises MalformedAnswer."""
        return fills_of_order(found, order_hash, fees, None if own is None else own_order(own))

    def open_orders(self) -> OpenOrders:
        """The wallet's orders that rest at the venue."""
        return self._questions.open_orders()

    def cancel(self, order_hashes: Sequence[str]) -> CancelResult:
        """Cancels orders by hash.

        Raises OutcomeUnknown where it may have happened, RetryLater where it did not for now, GiveUp where it will
        not.
        """
        from polymarket import PolymarketError

        cancelled: list[str] = []
        refused: dict[str, str] = {}
        client = self._connected()
        for start in range(0, len(order_hashes), _CANCELS_A_REQUEST):
            part = order_hashes[start : start + _CANCELS_A_REQUEST]
            with self._meter.call():
                try:
                    answer = client.cancel_orders(order_ids=list(part))
                except PolymarketError as error:
                    raise venue_client.change_error("cancel", error) from error
            cancelled += [each.lower() for each in answer.canceled]
            refused |= {each.lower(): why for each, why in answer.not_canceled.items()}
        return CancelResult(cancelled=tuple(cancelled), refused=refused)

    def cancel_all(self) -> CancelResult:
        """Cancels everything that rests for this account, whoever placed it. Raises as `cancel` does."""
        from polymarket import PolymarketError

        client = self._connected()
        with self._meter.call():
            try:
                answer = client.cancel_all()
            except PolymarketError as error:
                raise venue_client.change_error("cancel all", error) from error
        return CancelResult(
            cancelled=tuple(each.lower() for each in answer.canceled),
            refused={each.lower(): why for each, why in answer.not_canceled.items()},
        )

    def closed_only(self) -> bool:
        """Whether the venue lets this account only close positions."""
        return self._questions.closed_only()

    def venue_collateral(self) -> Usd:
        """The collateral that the venue believes the wallet to have; it lags behind the chain."""
        return self._questions.collateral(self._wallet.signature_type)

    def venue_allowances(self, token_id: str | None = None) -> dict[str, int]:
        """The spenders that the venue checks for the collateral, or for an outcome token, and what they may take.

        In base units, as the venue believes; it lags behind the chain.
        """
        return self._questions.allowances(self._wallet.signature_type, token_id)

    def refresh_balance(self, token_id: str | None = None) -> None:
        """Has the venue read the wallet's collateral, or a token of it, and its allowances from the chain again."""
        self._questions.refresh(self._wallet.signature_type, token_id)

    def measured_calls(self) -> MeasuredCalls:
        """The calls to the venue since this was last asked."""
        return self._meter.take()

    def close(self) -> None:
        """Closes the connections."""
        self._questions.close()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> SecureClient:
        if self._client is None:
            if not self._questions.knows_api_key():
                self._is_refused = True
                raise UnusableAccount(f"the venue does not know the API key of wallet {self._wallet.address}")
            self._client = venue_client.connect(self._endpoints, self._wallet, self._secret)
        return self._client


def _not_sent(code: RejectionCode, error: Exception, retry_after: float | None) -> Rejected:
    is_temporary = code is RejectionCode.NOT_PLACED
    text = f"not sent: {error}"
    return Rejected(code=code, text=text, may_try_again=is_temporary, retry_after_seconds=retry_after)


def _as_signed(order: OrderFields) -> OrderFields:
    """Every field as it enters the hash, in which letters of an address have no case."""
    return replace(order, maker=order.maker.lower(), signer=order.signer.lower())


def _is_the_plan(signed: SignedOrder, plan: OrderPlan) -> bool:
    """Whether the stored order, read back, gives and gets exactly what was planned."""
    own = own_order(signed)
    is_same_amount = (own.usd, own.shares) == (plan.usd, plan.shares)
    return is_same_amount and own.side is plan.side and own.order_type is plan.order_type

"""Looks at ledger and chain before a redemption is signed, for all that are due of one wallet at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from live_trading.chain.abi import Call
from live_trading.chain.errors import Paused, Reverted
from live_trading.chain.reading.reader import ChainReader
from live_trading.chain.redemption import (
    ONLY_RELAYED,
    ContractAddresses,
    RedemptionKind,
    kind_of_market,
    merge_call,
    pays_usdce,
    redeem_calls,
    redemption_operator,
    token_contract,
)
from live_trading.ledger.accounts import Account
from live_trading.nouns.markets import Market, PayoutVector, ProtocolVersion
from live_trading.nouns.money import Shares, Usd, total_shares, total_usd
from live_trading.nouns.wallets import SignatureType, TradingWallet
from live_trading.services.redeeming.redeem_report import part_of
from live_trading.services.running.failures import PartFailure, contained
from live_trading.settlement.preflight import (
    FailureCode,
    NothingOwed,
    Preflight,
    Ready,
    RedemptionFacts,
    Refused,
    TokensGone,
    after_dry_run,
    before_redeeming,
)
from live_trading.settlement.proof import by_outcome
from live_trading.store.books import ledger
from live_trading.store.chain.redemptions import Redemption, RedemptionAction
from live_trading.store.database.connection import Database, Transaction
from live_trading.store.feed import markets

_ACCOUNTS = {
    RedemptionAction.REDEEM: Account.PENDING_REDEMPTION,
    RedemptionAction.MERGE: Account.POSITION_COST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One redemption with everything that was seen of it; `calls` are what to sign where it is Ready."""

    redemption: Redemption
    market: Market
    vector: PayoutVector | None
    kind: RedemptionKind
    held: tuple[Shares, ...]
    on_chain: tuple[Shares, ...]
    verdict: Preflight
    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChainView:
    """What one round of reading showed of a wallet; `approved` by operator and contract, as far as it was asked."""

    vectors: Mapping[str, PayoutVector | None]
    balances: Mapping[str, Shares]
    wrapped_collateral: str
    approved: dict[tuple[str, str], bool] = field(default_factory=dict)


def ledger_shares(
    transaction: Transaction, wallet: TradingWallet, of: Sequence[Redemption]
) -> dict[UUID, dict[str, Shares]]:
    """By redemption what the ledger says that the wallet holds, by token: resolved, or still open for a merge.

    A statement for all redemptions, and one for all merges.
    """
    found: dict[UUID, dict[str, Shares]] = {each.lt_redemption_id: {} for each in of}
    for action, account in _ACCOUNTS.items():
        asked = [each for each in of if each.action is action]
        tokens = [token_id for each in asked for token_id in each.token_ids]
        held: dict[str, list[Shares]] = {}
        for part in ledger.holdings(transaction, account, tokens) if tokens else ():
            if part.trading_wallet_id == wallet.trading_wallet_id:
                held.setdefault(part.token_id, []).append(part.shares)
        for each in asked:
            mine = {token_id: total_shares(held[token_id]) for token_id in each.token_ids if token_id in held}
            found[each.lt_redemption_id] = mine
    return found


class RedemptionChecker:
    """Decides what may be signed. Reads only."""

    def __init__(self, *, database: Database, chain: ChainReader, addresses: ContractAddresses) -> None:
        self._database = database
        self._chain = chain
        self._addresses = addresses

    def check(self, wallet: TradingWallet, due: Sequence[Redemption], failures: list[PartFailure]) -> list[Checked]:
        """Each redemption with its verdict; one that cannot be checked is a failure, and the others are checked.

        Raises RetryLater where the chain is away.
        """
        with self._database.reading() as reading:
            known = markets.by_condition(reading, [each.condition_id for each in due])
            held = ledger_shares(reading, wallet, due)
        view = _ChainView(
            vectors=self._chain.vectors_of(known.values()),
            balances=self.balances(wallet, known.values()),
            wrapped_collateral=self._chain.wrapped_collateral(),
        )
        checked: list[Checked] = []
        for each in due:
            with contained(part_of(each), failures):
                market = known[each.condition_id]
                checked.append(self._check_one(wallet, each, market, held[each.lt_redemption_id], view))
        return checked

    def balances(self, wallet: TradingWallet, of_markets: Iterable[Market]) -> dict[str, Shares]:
        """What the wallet holds of these markets' tokens on the chain, by token."""
        found: dict[str, Shares] = {}
        by_contract: dict[str, list[str]] = {}
        for market in of_markets:
            kind = RedemptionKind.ROUTER_V2 if market.version is ProtocolVersion.V2 else RedemptionKind.STANDARD
            by_contract.setdefault(token_contract(kind, self._addresses), []).extend(market.token_ids)
        for contract, tokens in by_contract.items():
            found |= self._chain.token_balances(wallet.address, tokens, contract=contract)
        return found

    def _check_one(
        self, wallet: TradingWallet, redemption: Redemption, market: Market, held: dict[str, Shares], view: _ChainView
    ) -> Checked:
        proven = kind_of_market(market, self._addresses, view.wrapped_collateral)
        kind = _kind_to_use(RedemptionKind(redemption.kind), proven, wallet.signature_type)
        mine = by_outcome(market.token_ids, held)
        there = by_outcome(market.token_ids, view.balances)
        vector = view.vectors[market.condition_id]
        seen = Checked(
            redemption=redemption,
            market=market,
            vector=vector,
            kind=kind,
            held=mine,
            on_chain=there,
            verdict=NothingOwed(),
            calls=(),
        )
        if redemption.action is RedemptionAction.MERGE:
            verdict = _before_merging(seen, is_kind_proven=proven is not None)
        else:
            operator = redemption_operator(kind, self._addresses)
            verdict = before_redeeming(
                RedemptionFacts(
                    vector=vector,
                    expected=redemption.expected,
                    held=_worth_turning_in(mine, vector, kind),
                    on_chain=there,
                    is_kind_proven=proven is not None,
                    operator=operator,
                    is_approved=operator is None or self._is_approved(wallet, operator, kind, view),
                )
            )
        return self._with_calls(wallet, seen, verdict)

    def _with_calls(self, wallet: TradingWallet, seen: Checked, verdict: Preflight) -> Checked:
        calls: tuple[Call, ...] = ()
        if isinstance(verdict, Ready):
            calls = self._calls(seen)
            verdict = self._dry_run(wallet, seen.kind, verdict, calls)
        return Checked(
            redemption=seen.redemption,
            market=seen.market,
            vector=seen.vector,
            kind=seen.kind,
            held=seen.held,
            on_chain=seen.on_chain,
            verdict=verdict,
            calls=calls,
        )

    def _is_approved(self, wallet: TradingWallet, operator: str, kind: RedemptionKind, view: _ChainView) -> bool:
        """Asked once a round, for however many redemptions."""
        contract = token_contract(kind, self._addresses)
        asked = (operator, contract)
        if asked not in view.approved:
            view.approved[asked] = self._chain.is_operator_approved(wallet.address, operator, contract=contract)
        return view.approved[asked]

    def _calls(self, seen: Checked) -> tuple[Call, ...]:
        condition_id = seen.market.condition_id
        pairs = seen.redemption.merge_shares
        if pairs is not None:
            return (merge_call(seen.kind, condition_id, pairs, self._addresses),)
        worth = _worth_turning_in(seen.on_chain, seen.vector, seen.kind)
        return tuple(redeem_calls(seen.kind, condition_id, worth, self._addresses))

    def _dry_run(self, wallet: TradingWallet, kind: RedemptionKind, ready: Ready, calls: Sequence[Call]) -> Preflight:
        token = self._addresses.usdce_token if pays_usdce(kind) else self._addresses.collateral_token
        try:
            payments = [self._chain.predicted_payment(wallet.address, token, call) for call in calls]
        except Paused as error:
            return Refused(code=FailureCode.ADAPTER_PAUSED, text=f"the adapter is paused ({error.reason})")
        except Reverted as error:
            return Refused(code=FailureCode.CALL_REVERTS, text=error.reason)
        predicted: list[Usd] = [payment for payment in payments if payment is not None]
        return after_dry_run(ready, total_usd(predicted) if len(predicted) == len(payments) else None)


def _kind_to_use(chosen: RedemptionKind, proven: RedemptionKind | None, wallet: SignatureType) -> RedemptionKind:
    """The kind that the token ids prove; a direct redemption that was chosen stays direct where it can be sent.

    A wallet that only the relayer can move cannot call the neg-risk adapter: it takes the collateral adapter.
    """
    if proven is None:
        return chosen
    is_direct = chosen in (RedemptionKind.DIRECT, RedemptionKind.DIRECT_NEG_RISK)
    is_blocked = proven is RedemptionKind.NEG_RISK and wallet in ONLY_RELAYED
    if not is_direct or is_blocked:
        return proven
    return RedemptionKind.DIRECT_NEG_RISK if proven is RedemptionKind.NEG_RISK else RedemptionKind.DIRECT


def _worth_turning_in(
    amounts: tuple[Shares, ...], vector: PayoutVector | None, kind: RedemptionKind
) -> tuple[Shares, ...]:
    """All of it, except that v2 redeems outcome by outcome and a worthless one is not worth its gas."""
    if kind is not RedemptionKind.ROUTER_V2 or vector is None:
        return amounts
    return tuple(
        amount if numerator else Shares.zero() for amount, numerator in zip(amounts, vector.numerators, strict=False)
    )


def _before_merging(seen: Checked, *, is_kind_proven: bool) -> Preflight:
    pairs = seen.redemption.merge_shares or Shares.zero()
    if seen.vector is not None:
        return NothingOwed()
    if not is_kind_proven:
        return Refused(code=FailureCode.KIND_UNPROVEN, text="the market's token ids are of no known backing")
    if any(amount < pairs for amount in seen.held):
        return Refused(code=FailureCode.TOKENS_MISSING, text=f"less than {pairs} of both outcomes")
    if any(amount < pairs for amount in seen.on_chain):
        return TokensGone()
    return Ready(owed=Usd(pairs.value))

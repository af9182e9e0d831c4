"""Trading wallets behind the API: registered by address and by the name of a secret that the API itself cannot read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Protocol
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import WALLET_ADDRESS
from live_trading.api.fields import Address, Name, SecretName, numbered
from live_trading.api.once import Answer, Caller, kept_answer, once
from live_trading.api.paging import Paging
from live_trading.api.problems import FieldProblem, Problem, ProblemCode, already_exists, invalid, not_found
from live_trading.api.query import PageQuery
from live_trading.api.routing import Request, Routes
from live_trading.api.views.money.trading_wallet_views import TradingWalletsView, TradingWalletView, trading_wallet_view
from live_trading.ledger.capital_entries import opening_deposit
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import Place
from live_trading.nouns.secret_names import is_secret_of, prefix_of_owner
from live_trading.nouns.wallets import SignatureType
from live_trading.store.accounts import trading_wallets
from live_trading.store.accounts.trading_wallets import TradingWalletRow
from live_trading.store.books import ledger
from live_trading.store.database import audit
from live_trading.store.database.connection import AlreadyExists, Database, Transaction

SupportedSignature = Annotated[SignatureType, *numbered(SignatureType)]


class RegisterTradingWallet(Body):
    """An account at the venue; its key stays in the named secret, which is one of the caller's own."""

    name: Name
    address: Address
    signature_type: SupportedSignature
    secret_name: SecretName


class CollateralReader(Protocol):
    """Says what an address holds on the chain."""

    def collateral_balance(self, address: str) -> Usd:
        """Collateral of an address. Raises RetryLater where the chain is away."""
        ...


class TradingWallets:
    """The owner's trading wallets. Every method raises Problem; the store's errors pass through."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        chain: Callable[[], CollateralReader],
        new_id: Callable[[], UUID],
        secret_prefix: str,
    ) -> None:
        """`chain` is built on first use: only registering looks at it. Secrets are `<secret_prefix><owner>/<name>`."""
        self._database = database
        self._clock = clock
        self._chain = chain
        self._new_id = new_id
        self._secret_prefix = secret_prefix

    def register(self, caller: Caller, body: RegisterTradingWallet) -> Answer:
        """Books what the address holds now as the opening deposit, given to no strategy yet.

        The wallet trades once lt-execute has seen that the key in its secret is its own. Raises RetryLater where the
        chain does not say what it holds.
        """
        if not is_secret_of(self._secret_prefix, caller.owner_id, body.secret_name):
            allowed = (
                f"{prefix_of_owner(self._secret_prefix, caller.owner_id)} and up to 100 of A-Z a-z 0-9 _ + = . @ -"
            )
            raise invalid(FieldProblem(field="secret_name", reason="is no secret of the caller's", allowed=allowed))
        first = kept_answer(self._database, caller)
        if first is not None:
            return first
        balance = self._chain().collateral_balance(body.address)
        now = self._clock.now()
        trading_wallet_id = self._new_id()

        def effect(transaction: Transaction) -> Answer:
            trading_wallets.add(
                transaction,
                trading_wallet_id=trading_wallet_id,
                owner_id=caller.owner_id,
                name=body.name,
                address=body.address,
                signature_type=body.signature_type,
                secret_name=body.secret_name,
                opening_balance=balance,
                now=now,
            )
            if balance:
                deposit = opening_deposit(trading_wallet_id=trading_wallet_id, amount=balance, occurred_at=now)
                ledger.post(transaction, deposit, now)
            view = trading_wallet_view(_existing(transaction, trading_wallet_id, caller.owner_id))
            audit.record(
                transaction,
                actor=caller.owner_id,
                action="trading_wallet_registered",
                subject_type="trading_wallet",
                subject_id=str(trading_wallet_id),
                before=None,
                after=view,
                cause="api",
                at=now,
            )
            return Answer(status=201, body=view)

        try:
            return once(self._database, caller, now, effect)
        except AlreadyExists as error:
            raise self._taken(caller.owner_id, body, error) from None

    def list(self, owner_id: str, paging: Paging) -> Answer:
        """A page of the owner's wallets, newest first."""
        with self._database.transaction() as transaction:
            found = trading_wallets.page_of_owner(transaction, owner_id, paging.asked)
        page = paging.cut(found, lambda row: Place(at=None, row=str(row.made_number)))
        body: TradingWalletsView = {
            "trading_wallets": [trading_wallet_view(row) for row in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def _taken(self, owner_id: str, body: RegisterTradingWallet, error: AlreadyExists) -> AlreadyExists | Problem:
        with self._database.transaction() as transaction:
            if error.constraint == trading_wallets.NAME_TAKEN:
                existing = trading_wallets.id_by_name(transaction, owner_id, body.name)
                return already_exists("there is a trading wallet of this name", existing_id=existing)
            if error.constraint == trading_wallets.ADDRESS_TAKEN:
                existing = trading_wallets.id_by_address(transaction, owner_id, body.address)
                return already_exists("you have registered this address already", existing_id=existing)
        return error


def _existing(transaction: Transaction, trading_wallet_id: UUID, owner_id: str) -> TradingWalletRow:
    wallet = trading_wallets.find(transaction, trading_wallet_id, owner_id)
    if wallet is None:
        raise not_found("trading wallet")
    return wallet


ROUTES = Routes[TradingWallets]("trading_wallets")


@ROUTES.post(
    "/api/trading-wallets",
    body=RegisterTradingWallet,
    answers=TradingWalletView,
    statuses=(201,),
    refuses=(ProblemCode.ALREADY_EXISTS, ProblemCode.UNAVAILABLE),
    example=Example(
        body={
            "name": "main",
            "address": WALLET_ADDRESS,
            "signature_type": 0,
            "secret_name": "live-trading/wallets/operator/main",
        }
    ),
)
def _register(wallets: TradingWallets, request: Request) -> Answer:
    """Registers the account at the venue that signs and holds funds.

    What the address holds is booked as its opening deposit. The API never reads the secret; the wallet is PENDING until
    a run of lt-execute has proved that the key in it is the address's own.
    """
    return wallets.register(request.caller, request.body(RegisterTradingWallet))


@ROUTES.get("/api/trading-wallets", query=PageQuery, answers=TradingWalletsView, example=Example(query={"limit": "20"}))
def _list(wallets: TradingWallets, request: Request) -> Answer:
    """Lists your trading wallets, the newest first."""
    return wallets.list(request.owner, request.paging(request.asked(PageQuery)))

"""Paper wallets behind the API: create, list, look at, and replace the configuration by a new version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.described import Example
from live_trading.api.examples import TRADER_ADDRESS
from live_trading.api.fields import Name, PositiveUsd, Switch, Version
from live_trading.api.once import Answer, Caller, once
from live_trading.api.paging import Paging
from live_trading.api.problems import Problem, ProblemCode, already_exists, not_found, require_unchanged
from live_trading.api.query import PageQuery
from live_trading.api.resources.config_body import ConfigAsked, checked_config
from live_trading.api.resources.edit_tokens import edit_token
from live_trading.api.routing import Request, Routes
from live_trading.api.views.paper.ft_wallet_views import (
    FtWalletDetailView,
    FtWalletSavedView,
    FtWalletsView,
    ft_wallet_detail,
    ft_wallet_view,
    warning_views,
)
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Usd
from live_trading.nouns.pages import Place
from live_trading.signals.config import WalletConfig, config_hash
from live_trading.signals.hopeless import doubts
from live_trading.store.database import audit
from live_trading.store.database.connection import AlreadyExists, Database, Transaction
from live_trading.store.feed import traders
from live_trading.store.paper import ft_wallets
from live_trading.store.paper.ft_wallets import FtWalletRow


class CreateFtWallet(Body):
    """A new paper wallet with its whole configuration; what is left out of that has its default."""

    name: Name
    starting_balance_usd: PositiveUsd
    config: ConfigAsked
    is_active: Switch = True


class UpdateFtWallet(Body):
    """The configuration that replaces the present one; `expected_version` guards against a change in between."""

    config: ConfigAsked
    name: Name | None = None
    is_active: Switch | None = None
    expected_version: Version | None = None


class FtWallets:
    """The owner's paper wallets. Every method raises Problem; the store's errors pass through."""

    def __init__(self, *, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    def create(self, caller: Caller, body: CreateFtWallet) -> Answer:
        """A wallet with version 1 of its configuration; the traders that it names are followed from now on."""
        config = checked_config(body.config)
        now = self._clock.now()
        ft_wallet_id = self._new_id()

        def effect(transaction: Transaction) -> Answer:
            ft_wallets.add(
                transaction,
                ft_wallet_id=ft_wallet_id,
                owner_id=caller.owner_id,
                name=body.name,
                is_active=body.is_active,
                starting_balance=Usd(body.starting_balance_usd),
                config=config.model_dump(mode="json"),
                config_hash=config_hash(config),
                now=now,
            )
            traders.follow(transaction, config.target_traders or (), now)
            made = _existing(transaction, ft_wallet_id, caller.owner_id)
            _audited(transaction, caller, "ft_wallet_created", ft_wallet_id, None, ft_wallet_view(made), now)
            return _saved(transaction, 201, made, config, now)

        return self._with_free_name(caller, body.name, now, effect)

    def list(self, owner_id: str, paging: Paging) -> Answer:
        """A page of the owner's wallets, newest first, without earlier versions."""
        with self._database.transaction() as transaction:
            found = ft_wallets.of_owner(transaction, owner_id, paging.asked)
        page = paging.cut(found, lambda row: Place(at=None, row=str(row.made_number)))
        body: FtWalletsView = {
            "ft_wallets": [ft_wallet_view(row) for row in page.rows],
            "next_cursor": page.next_cursor,
        }
        return Answer(status=200, body=body)

    def get(self, owner_id: str, ft_wallet_id: UUID) -> Answer:
        """One wallet with its bankroll and the newest versions of its configuration."""
        with self._database.transaction() as transaction:
            wallet = _existing(transaction, ft_wallet_id, owner_id)
            body: FtWalletDetailView = ft_wallet_detail(transaction, wallet)
        return Answer(status=200, body=body, edit_token=_token(wallet))

    def update(
        self, caller: Caller, ft_wallet_id: UUID, body: UpdateFtWallet, expected: frozenset[str] | None
    ) -> Answer:
        """Replaces the configuration; a new version is written where it differs from the one in force."""
        config = checked_config(body.config)
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            wallet = ft_wallets.find_for_change(transaction, ft_wallet_id, caller.owner_id)
            if wallet is None:
                raise not_found("FT wallet")
            require_unchanged(expected, _token(wallet))
            _check_version(wallet, body.expected_version)
            version = _put_in_force(transaction, wallet, config, caller.owner_id, now)
            ft_wallets.change(
                transaction,
                ft_wallet_id=ft_wallet_id,
                name=body.name or wallet.name,
                is_active=wallet.is_active if body.is_active is None else body.is_active,
                current_version=version,
                now=now,
            )
            made = _existing(transaction, ft_wallet_id, caller.owner_id)
            before, after = ft_wallet_view(wallet), ft_wallet_view(made)
            _audited(transaction, caller, "ft_wallet_updated", ft_wallet_id, before, after, now)
            return _saved(transaction, 200, made, config, now)

        return self._with_free_name(caller, body.name or "", now, effect)

    def _with_free_name(
        self, caller: Caller, name: str, now: datetime, effect: Callable[[Transaction], Answer]
    ) -> Answer:
        try:
            return once(self._database, caller, now, effect)
        except AlreadyExists as error:
            if error.constraint != ft_wallets.NAME_TAKEN:
                raise
        with self._database.transaction() as transaction:
            existing = ft_wallets.id_by_name(transaction, caller.owner_id, name)
        raise already_exists("there is an FT wallet of this name", existing_id=existing)


def _existing(transaction: Transaction, ft_wallet_id: UUID, owner_id: str) -> FtWalletRow:
    wallet = ft_wallets.find(transaction, ft_wallet_id, owner_id)
    if wallet is None:
        raise not_found("FT wallet")
    return wallet


def _token(wallet: FtWalletRow) -> str:
    return edit_token(wallet.name, wallet.is_active, wallet.current_version, wallet.config_hash)


def _saved(transaction: Transaction, status: int, wallet: FtWalletRow, config: WalletConfig, now: datetime) -> Answer:
    body: FtWalletSavedView = {
        **ft_wallet_detail(transaction, wallet),
        "warnings": warning_views(doubts(config, now)),
    }
    return Answer(status=status, body=body, edit_token=_token(wallet))


def _check_version(wallet: FtWalletRow, expected: int | None) -> None:
    if expected not in (None, wallet.current_version):
        raise Problem(
            ProblemCode.WRONG_STATE,
            "the wallet has been changed since",
            facts={"current_version": wallet.current_version},
        )


def _put_in_force(transaction: Transaction, wallet: FtWalletRow, config: WalletConfig, by: str, now: datetime) -> int:
    digest = config_hash(config)
    traders.follow(transaction, config.target_traders or (), now)
    if digest == wallet.config_hash:
        return wallet.current_version
    version = wallet.current_version + 1
    ft_wallets.add_version(
        transaction,
        ft_wallet_id=wallet.ft_wallet_id,
        version=version,
        config=config.model_dump(mode="json"),
        config_hash=digest,
        created_by=by,
        now=now,
    )
    return version


def _audited(
    transaction: Transaction,
    caller: Caller,
    action: str,
    ft_wallet_id: UUID,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
    now: datetime,
) -> None:
    audit.record(
        transaction,
        actor=caller.owner_id,
        action=action,
        subject_type="ft_wallet",
        subject_id=str(ft_wallet_id),
        before=before,
        after=after,
        cause="api",
        at=now,
    )


ROUTES = Routes[FtWallets]("ft_wallets")

_CONFIG = {
    "target_traders": [TRADER_ADDRESS],
    "price_min": "0.05",
    "price_max": "0.95",
    "min_edge": "0.02",
    "allocation_method": "FIXED",
    "bet_size": "10",
    "max_bet": "40",
    "exits": {"stop_loss_fraction": "0.5", "follow_trader": True},
}


@ROUTES.post(
    "/api/ft/wallets",
    body=CreateFtWallet,
    answers=FtWalletSavedView,
    statuses=(201,),
    refuses=(ProblemCode.ALREADY_EXISTS,),
    has_edit_token=True,
    example=Example(body={"name": "favourites", "starting_balance_usd": "1000", "config": _CONFIG}),
)
def _create(wallets: FtWallets, request: Request) -> Answer:
    """Creates a paper wallet.

    It follows the traders that its configuration names, and bets on paper from its next run on. A configuration that
    contradicts itself is refused; one that can never bet is accepted with `warnings` that say why.
    """
    return wallets.create(request.caller, request.body(CreateFtWallet))


@ROUTES.get("/api/ft/wallets", query=PageQuery, answers=FtWalletsView, example=Example(query={"limit": "20"}))
def _list(wallets: FtWallets, request: Request) -> Answer:
    """Lists your paper wallets, the newest first."""
    return wallets.list(request.owner, request.paging(request.asked(PageQuery)))


@ROUTES.get("/api/ft/wallets/<ft_wallet_id>", answers=FtWalletDetailView, has_edit_token=True)
def _get(wallets: FtWallets, request: Request) -> Answer:
    """Shows a paper wallet with what it has to bet with, and the newest versions of its configuration."""
    return wallets.get(request.owner, request.id("ft_wallet_id", "FT wallet"))


@ROUTES.put(
    "/api/ft/wallets/<ft_wallet_id>",
    body=UpdateFtWallet,
    answers=FtWalletSavedView,
    refuses=(ProblemCode.ALREADY_EXISTS, ProblemCode.WRONG_STATE),
    has_edit_token=True,
    example=Example(body={"config": {**_CONFIG, "price_max": "0.9"}, "is_active": True}),
)
def _update(wallets: FtWallets, request: Request) -> Answer:
    """Replaces the configuration of a paper wallet.

    One that differs becomes a new version, from the next decision on; earlier versions stay as they were. With
    `If-Match`, or with `expected_version`, nothing is replaced that you have not seen.
    """
    wallet = request.id("ft_wallet_id", "FT wallet")
    return wallets.update(request.caller, wallet, request.body(UpdateFtWallet), request.expected_edits)

"""Paper wallets behind the API: create, list, look at, and replace the configuration by a new version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from live_trading.api.body import Body
from live_trading.api.fields import PERCENTAGE_HINT, Name, PositiveUsd, Switch, Version, looks_like_percentage
from live_trading.api.once import Answer, Caller, once
from live_trading.api.problems import FieldProblem, Problem, ProblemCode, already_exists, invalid, not_found
from live_trading.api.routing import Request, Routes
from live_trading.nouns.clock import Clock
from live_trading.nouns.money import Usd
from live_trading.signals.config import WalletConfig, config_hash, parse_config
from live_trading.signals.config_errors import ConfigError, InvalidConfig
from live_trading.signals.contradictions import contradictions
from live_trading.store.database import audit
from live_trading.store.database.connection import AlreadyExists, Database, Transaction
from live_trading.store.feed import subjects, traders
from live_trading.store.paper import ft_wallets
from live_trading.store.paper.ft_wallets import FtWalletRow, FtWalletVersionRow


class CreateFtWallet(Body):
    """A new paper wallet. `config` is checked by `signals.config`."""

    name: Name
    starting_balance_usd: PositiveUsd
    config: dict[str, Any]
    is_active: Switch = True


class UpdateFtWallet(Body):
    """The configuration that replaces the present one; `expected_version` guards against a change in between."""

    config: dict[str, Any]
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
        config = _checked_config(body.config)
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
            view = _detail(transaction, _existing(transaction, ft_wallet_id, caller.owner_id))
            _audited(transaction, caller, "ft_wallet_created", ft_wallet_id, None, view, now)
            return Answer(status=201, body=view)

        return self._with_free_name(caller, body.name, now, effect)

    def list(self, owner_id: str) -> Answer:
        """Every wallet of the owner, oldest first, without earlier versions."""
        with self._database.transaction() as transaction:
            rows = ft_wallets.of_owner(transaction, owner_id)
        return Answer(status=200, body={"ft_wallets": [_view(row) for row in rows]})

    def get(self, owner_id: str, ft_wallet_id: UUID) -> Answer:
        """One wallet with its bankroll and every version of its configuration, newest first."""
        with self._database.transaction() as transaction:
            return Answer(status=200, body=_detail(transaction, _existing(transaction, ft_wallet_id, owner_id)))

    def update(self, caller: Caller, ft_wallet_id: UUID, body: UpdateFtWallet) -> Answer:
        """Replaces the configuration; a new version is written where it differs from the one in force."""
        config = _checked_config(body.config)
        now = self._clock.now()

        def effect(transaction: Transaction) -> Answer:
            wallet = ft_wallets.find_for_change(transaction, ft_wallet_id, caller.owner_id)
            if wallet is None:
                raise not_found("FT wallet")
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
            view = _detail(transaction, _existing(transaction, ft_wallet_id, caller.owner_id))
            _audited(transaction, caller, "ft_wallet_updated", ft_wallet_id, _view(wallet), view, now)
            return Answer(status=200, body=view)

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


def _checked_config(raw: dict[str, Any]) -> WalletConfig:
    try:
        config = parse_config(raw)
    except InvalidConfig as error:
        raise invalid(*(_config_problem(each, raw) for each in error.errors)) from None
    found = [_config_problem(each, raw) for each in contradictions(config)]
    if found:
        raise invalid(*found)
    return config


def _config_problem(error: ConfigError, raw: dict[str, Any]) -> FieldProblem:
    is_percentage = looks_like_percentage(error.field, raw.get(error.field))
    reason = PERCENTAGE_HINT if is_percentage else error.reason
    return FieldProblem(field=f"config.{error.field}", reason=reason, allowed=error.allowed)


def _existing(transaction: Transaction, ft_wallet_id: UUID, owner_id: str) -> FtWalletRow:
    wallet = ft_wallets.find(transaction, ft_wallet_id, owner_id)
    if wallet is None:
        raise not_found("FT wallet")
    return wallet


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
    before: dict[str, Any] | None,
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        transaction,
        actor=caller.owner_id,
        action=action,
        subject_type="ft_wallet",
        subject_id=str(ft_wallet_id),
        before=before,
        after={name: value for name, value in after.items() if name != "versions"},
        cause="api",
        at=now,
    )


def _view(wallet: FtWalletRow) -> dict[str, Any]:
    return {
        "ft_wallet_id": str(wallet.ft_wallet_id),
        "name": wallet.name,
        "is_active": wallet.is_active,
        "starting_balance_usd": str(wallet.starting_balance),
        "version": wallet.current_version,
        "config": wallet.config,
        "config_hash": wallet.config_hash,
        "created_at": wallet.created_at.isoformat(),
        "updated_at": wallet.updated_at.isoformat(),
    }


def _detail(transaction: Transaction, wallet: FtWalletRow) -> dict[str, Any]:
    return {
        **_view(wallet),
        "bankroll_usd": str(subjects.paper_bankroll(transaction, wallet.ft_wallet_id)),
        "versions": [_version(row) for row in ft_wallets.versions(transaction, wallet.ft_wallet_id)],
    }


def _version(row: FtWalletVersionRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "config": row.config,
        "config_hash": row.config_hash,
        "created_by": row.created_by,
        "created_at": row.created_at.isoformat(),
    }


ROUTES = Routes[FtWallets]("ft_wallets")


@ROUTES.post("/api/ft/wallets", body=CreateFtWallet)
def _create(wallets: FtWallets, request: Request) -> Answer:
    return wallets.create(request.caller, request.body(CreateFtWallet))


@ROUTES.get("/api/ft/wallets")
def _list(wallets: FtWallets, request: Request) -> Answer:
    return wallets.list(request.owner)


@ROUTES.get("/api/ft/wallets/<ft_wallet_id>")
def _get(wallets: FtWallets, request: Request) -> Answer:
    return wallets.get(request.owner, request.id("ft_wallet_id", "FT wallet"))


@ROUTES.put("/api/ft/wallets/<ft_wallet_id>", body=UpdateFtWallet)
def _update(wallets: FtWallets, request: Request) -> Answer:
    wallet = request.id("ft_wallet_id", "FT wallet")
    return wallets.update(request.caller, wallet, request.body(UpdateFtWallet))

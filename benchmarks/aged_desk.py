"""A desk whose wallets have a past: a built year in its database, and on the chain what the ledger says they hold."""

from __future__ import annotations

from uuid import UUID

from eth_utils.crypto import keccak

from benchmarks import year
from benchmarks.year import YearSize
from live_trading.nouns.money import Shares, Usd
from live_trading.store.books import ledger
from live_trading.wiring.composition import Parts
from local.chain import LocalChain
from local.chain.deployment import ADDRESSES
from local.postgres.databases import create_database
from local.stack.assembly import StackFacts
from tests.e2e.live_fixtures import LiveDesk, beside, desk_on

# Where the contract of the outcome tokens keeps who has how many of which.
_BALANCES_SLOT = 1


def aged_desk(stack: StackFacts, name: str, size: YearSize, *, server: str, template: str | None = None) -> LiveDesk:
    """A desk on a new database, a copy of `template`; its strategy shares a wallet with some of the year's."""
    url = create_database(server, name, template=template)
    url = url if "sslmode" in url else f"{url}?sslmode=disable"
    parts = Parts({**stack.settings, "DATABASE_URL": url})
    desk = desk_on(stack, parts, url)
    wallets = [desk.trading_wallet_id, *(beside(desk).trading_wallet_id for _ in range(size.wallets - 1))]
    with desk.database.transaction() as transaction:
        own = desk.lt_strategy_id
        transaction.execute("UPDATE lt_strategies SET is_active = FALSE WHERE lt_strategy_id <> :own", own=own)
        own = desk.ft_wallet_id
        transaction.execute("UPDATE ft_wallets SET is_active = FALSE WHERE ft_wallet_id <> :own", own=own)
    year.build(url, size, desk.now(), wallets)
    desk.change("UPDATE traders SET is_followed = TRUE WHERE NOT is_followed")
    for wallet in wallets:
        _bring_to_chain(stack, desk, wallet)
    return desk


def _bring_to_chain(stack: StackFacts, desk: LiveDesk, trading_wallet_id: UUID) -> None:
    """What is worth something and should be held, is: collateral is minted, tokens of open markets are written."""
    chain = LocalChain.attach(stack.rpc_url)
    with desk.database.transaction() as transaction:
        address = transaction.only(
            "SELECT address FROM trading_wallets WHERE trading_wallet_id = :id", id=trading_wallet_id
        )["address"]
        rows = transaction.rows(
            """
            SELECT token_id, sum(shares) AS shares FROM ledger_entries
            WHERE trading_wallet_id = :id AND account = 'POSITION_COST'
            GROUP BY token_id HAVING sum(shares) <> 0
            """,
            id=trading_wallet_id,
        )
        expected = ledger.expected_of_wallet(transaction, trading_wallet_id).collateral
    missing = expected - chain.collateral_balance(address)
    if missing > Usd.zero():
        chain.mint_collateral(address, missing)
    for row in rows:
        chain.set_storage(
            ADDRESSES.conditional_tokens,
            balance_slot(address, row["token_id"]),
            int(Shares(row["shares"]).base_units),
        )


def balance_slot(address: str, token_id: str) -> int:
    """Where the balance of a token stands: a mapping by token of mappings by owner."""
    inner = keccak(int(token_id).to_bytes(32, "big") + _BALANCES_SLOT.to_bytes(32, "big"))
    return int.from_bytes(keccak(bytes.fromhex(address[2:]).rjust(32, b"\0") + inner), "big")

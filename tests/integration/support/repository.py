# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of this repository, and copies of them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.integration.support.doc_examples import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def list_repository() -> set[str]:
    """Return the paths of all files that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    # A deleted file is listed until the deletion is staged.
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def copy_repository(target: Path) -> None:
    """Copy all files that git does not ignore to a directory."""
    for name in list_repository():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def create_repository(target: Path) -> None:
    """Create a git repository with a single commit of all files that git does not ignore in this repository."""
    copy_repository(target)
    subprocess.run(["git", "init", "--quiet"], check=True, cwd=target)
    commit_all(target)


def commit_all(repository: Path) -> None:
    """Commit all files in a repository."""
    author = ("-c", "user.name=Test", "-c", "user.email=test@frontdesk.test")
    for arguments in (("add", "--all"), (*author, "commit", "--quiet", "--message", "Change")):
        subprocess.run(["git", *arguments], check=True, cwd=repository)

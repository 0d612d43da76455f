# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the files in the archive that ansible-galaxy builds.

The nox sessions run all integration tests with the installed archive, which shows that the archive works.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DIRECTORIES = {"LICENSES", "changelogs", "docs", "meta", "playbooks", "plugins", "roles"}
FILES = {"CHANGELOG.md", "CONTRIBUTING.md", "FILES.json", "MANIFEST.json", "README.md"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection archive, built from all files that git does not ignore."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in set(tracked.split("\0")) - {""}:
        if (ROOT / name).is_file():  # git lists deleted files until the deletion is staged
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    build = ("collection", "build", "--output-path", str(built))
    subprocess.run(
        [sys.executable, "-m", "ansible", "galaxy", *build],
        check=True,
        cwd=source,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(source)},
        stdout=subprocess.DEVNULL,
    )
    (archive_path,) = built.iterdir()
    return archive_path


def test_the_archive_contains_only_files_that_users_need(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        names = [Path(member.name) for member in tar if member.isfile()]
    assert {name.parts[0] for name in names if len(name.parts) > 1} <= DIRECTORIES
    assert {str(name) for name in names if len(name.parts) == 1} <= FILES
    assert {str(name) for name in names} >= {
        "meta/runtime.yml",
        "playbooks/sync.yml",
        "plugins/modules/ad_contacts_export.py",
        "plugins/modules/contact_upload.py",
        "LICENSES/GPL-3.0-or-later.txt",
    }
    assert not [name for name in names if name.suffix == ".pyc" or "fragments" in name.parts]

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the files in the archive that ansible-galaxy builds from a checkout.

The nox sessions run the integration tests with the installed archive, which shows that the archive works.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile

import pytest

from tests.integration.support.repository import copy_repository, list_repository

# Only these files of the repository are for users: all files in DIRECTORIES except for those in EXCLUDED, and FILES.
DIRECTORIES = ("LICENSES", "changelogs", "docs", "meta", "playbooks", "plugins", "roles")
EXCLUDED = ("changelogs/config.yaml", "changelogs/fragments/", "docs/site/")
FILES = {"CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"}
GENERATED = {"FILES.json", "MANIFEST.json"}
# Files that a user might keep in any directory of a checkout, and that git does not track.
PRIVATE_FILES = (
    *(".env", ".vault_pass", "ca.crt", "client.key", "client.p12", "client.pem", "client.pfx"),
    *("contacts.csv", "contacts.csv.ids", "credentials.yml", "group_vars/all/main.yml"),
    *("host_vars/corp.yml", "id_ed25519", "id_rsa.pub", "inventory.ini", "inventory/corp.yml"),
    *("krb5.keytab", "my.private.key", "passwd", "password.txt", "receipt.json", "secrets.yml"),
    *("secrets.yml.bak", "settings.yml~", "sync.log", "sync.yml.orig", "token.txt", "vault.yml"),
)
FILES_OF_USERS = (
    *PRIVATE_FILES,
    *("ansible.cfg", "frontdesk-contacts-0.1.0.tar.gz", "hosts"),
    *(f"{directory}/{name}" for directory in DIRECTORIES for name in PRIVATE_FILES),
    *(f"roles/contact_sync/tasks/{name}" for name in PRIVATE_FILES),
)


def is_for_users(name: str) -> bool:
    """Return whether a file of the repository belongs in the archive."""
    directory, separator, _rest = name.partition("/")
    return name in FILES or (
        bool(separator) and directory in DIRECTORIES and not name.startswith(EXCLUDED)
    )


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths of all files in the archive, built from a checkout that also contains a user's own files."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    copy_repository(source)
    for name in FILES_OF_USERS:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).touch(exist_ok=False)
    build = ("collection", "build", "--output-path", str(built))
    subprocess.run(
        [sys.executable, "-m", "ansible", "galaxy", *build],
        check=True,
        cwd=source,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(source)},
        stdout=subprocess.DEVNULL,
    )
    (archive,) = built.iterdir()
    with tarfile.open(archive) as tar:
        return {member.name for member in tar if not member.isdir()}


def test_the_archive_contains_all_files_of_the_repository_for_users(archived: set[str]) -> None:
    expected = {name for name in list_repository() if is_for_users(name)}
    assert "playbooks/sync.yml" in expected
    assert expected - archived == set()


def test_the_archive_contains_no_other_files_except_generated_ones(archived: set[str]) -> None:
    expected = {name for name in list_repository() if is_for_users(name)}
    assert archived - expected == GENERATED

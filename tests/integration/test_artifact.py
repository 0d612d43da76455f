# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the files in the archive that ansible-galaxy builds from a checkout.

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
# Only these files of the repository are for users.
DIRECTORIES = ("LICENSES", "changelogs", "docs", "meta", "playbooks", "plugins", "roles")
EXCLUDED = ("changelogs/config.yaml", "changelogs/fragments/", "docs/site/")
FILES = {"CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"}
GENERATED = {"FILES.json", "MANIFEST.json"}
# Files that a user might store in any directory of a checkout, and that git does not track.
PRIVATE_FILES = (
    *(".env", ".vault_pass", ".yamllint.yml", "ca.crt", "client.key", "client.p12", "client.pem"),
    *("contacts.csv", "contacts.csv.ids", "credentials.yml", "group_vars/all/main.yml"),
    *("host_vars/corp.yml", "id_ed25519", "id_rsa", "inventory.ini", "inventory.yml"),
    *("krb5.keytab", "my.private.key", "passwd", "password.txt", "people.tsv", "people.rtf"),
    *("receipt.json", "reply.msg", "secrets.yml", "secrets.yml.bak", "sync.pyo", "sync.yml.orig"),
    *("settings.yml~", "people.yxdb", "token.txt", "vault.yml", "vault_password"),
)
FILES_OF_USERS = (
    # At the top level, the archive must not contain any file of a user.
    *("ansible.cfg", "certs/ca.txt", "chain.txt", "changelogs.yml", "chef.yml", "contacts.yml"),
    *("collections/requirements.yml", "Contacts.yml", "data/people.yml", "docs.yml", "domain.yml"),
    *("hosts", "hosts.yml", "LDAP.txt", "LICENSES.txt", "members.txt", "meta.yml", "misc/oslo.yml"),
    *("plan.txt", "play.yml", "playbook.yml", "playbooks.yml", "plugins.txt", "prod/main.yml"),
    *("production", "roles.yml", "roster.txt", "Roster.txt", "run.yml", "Secrets.txt", "site.yml"),
    *("changelogs/notes.yml", "docs/notes.rst", "playbooks/contacts.yml", "playbooks/hosts"),
    *("playbooks/vars/corp.yml", "roles/other/tasks/main.yml"),
    *PRIVATE_FILES,
    *(f"{directory}/{name}" for directory in DIRECTORIES for name in PRIVATE_FILES),
    *(f"roles/contact_sync/vars/{name}" for name in PRIVATE_FILES),
    *(f"plugins/modules/{name}" for name in PRIVATE_FILES),
)


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


def is_for_users(name: str) -> bool:
    """Return whether a file of the repository belongs in the archive."""
    directory, separator, _rest = name.partition("/")
    return name in FILES or (
        bool(separator) and directory in DIRECTORIES and not name.startswith(EXCLUDED)
    )


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths of all files in the archive, built in a checkout that also contains files of a user."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in list_repository():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
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


def test_the_archive_contains_no_other_files(archived: set[str]) -> None:
    expected = {name for name in list_repository() if is_for_users(name)}
    assert archived - expected == GENERATED

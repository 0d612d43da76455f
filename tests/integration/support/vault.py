# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files encrypted with ansible-vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.support.playbooks import run_command

if TYPE_CHECKING:
    from tests.integration.support.workspace import Workspace

VAULT_PASSWORD = "Vp7.of-the-vault"


def create_vault(workspace: Workspace, command: str, text: str) -> None:
    """Run a documented command that creates an encrypted file, with an editor that writes the given plaintext.

    :param command: command that ends with the path of the file.
    :param text: plaintext of the file.
    """
    plaintext = workspace.home / "plain.yml"
    plaintext.write_text(text, encoding="utf-8")
    created = run_command(
        workspace, command, VAULT_PASSWORD, VAULT_PASSWORD, env={"EDITOR": f"cp {plaintext}"}
    )
    assert created.code == 0, created.output
    plaintext.unlink()
    path = command.rpartition(" ")[2]
    encrypted = workspace.files_containing(["$ANSIBLE_VAULT;1.1;AES256"])
    assert [name for name in encrypted if name.endswith(path)], encrypted

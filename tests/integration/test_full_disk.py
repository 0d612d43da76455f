# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An export that finds no room: the old roster stays whole, and nothing is left lying."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from tests.integration.support.modules import Modules, make_order, run_module
from tests.integration.support.options import export_options

if TYPE_CHECKING:
    from tests.integration.support.place import Place
    from tests.lab.directory import RunningDirectory


@pytest.mark.parametrize("check_mode", [False, True])
def test_export(check_mode: bool, open_ldap: RunningDirectory, place: Place) -> None:
    options = export_options(open_ldap, place)
    place.dest.write_text("the old roster", encoding="utf-8")
    place.dest.with_name("contacts.csv.ids").write_text("the old identities", encoding="utf-8")
    before = place.files()
    with Modules(place.collections) as modules:
        # Files over this size are refused to it as on a full disk.
        resource.prlimit(modules.pid, resource.RLIMIT_FSIZE, (1024, 1024))
        modules.start(
            make_order(place, "ad_contacts_export", {**options, "_ansible_check_mode": check_mode})
        )
        answer = modules.finished()
    where = f" the staged roster in {place.temporary}/" if check_mode else f" {place.dest}: "
    assert answer.message.startswith(f"Cannot write{where}")
    assert ": File too large. Free some space" in answer.message
    assert place.files() == before
    assert not list(place.temporary.iterdir())
    assert run_module(place, "ad_contacts_export", options)["changed"]
    assert place.dest.stat().st_size > 1024

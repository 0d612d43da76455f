# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files load without the libraries that they need, so that a module can say which one is missing."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import pytest

_PLACE = "ansible_collections.frontdesk.contacts.plugins.module_utils"


def _load_anew(monkeypatch: pytest.MonkeyPatch, name: str) -> ModuleType:
    """Load a file once more; the one that was loaded before is back when the test ends."""
    package, _dot, last = f"{_PLACE}.{name}".rpartition(".")
    loaded = importlib.import_module(f"{package}.{last}")
    monkeypatch.setattr(importlib.import_module(package), last, loaded)
    monkeypatch.delitem(sys.modules, f"{package}.{last}")
    anew = importlib.import_module(f"{package}.{last}")
    monkeypatch.setitem(sys.modules, f"{package}.{last}", anew)
    return anew


@pytest.mark.parametrize(
    ("library", "names", "variable"),
    [
        ("ldap3", ["_directory.library", "_directory.tls", "_directory.session"], "LDAP3_ERROR"),
        ("requests", ["_service.library", "_service.client"], "REQUESTS_ERROR"),
        (
            *("jinja2", ["_contacts.library", "_contacts.syntax", "_contacts.expression"]),
            "JINJA2_ERROR",
        ),
        ("phonenumbers", ["_contacts.library", "_contacts.phone"], "PHONENUMBERS_ERROR"),
    ],
)
def test_without_its_library(
    monkeypatch: pytest.MonkeyPatch, library: str, names: list[str], variable: str
) -> None:
    assert getattr(importlib.import_module(f"{_PLACE}.{names[0]}"), variable) is None
    for loaded in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.setitem(sys.modules, loaded, None)
    monkeypatch.setitem(sys.modules, library, None)
    first, *_others = [_load_anew(monkeypatch, name) for name in names]
    assert f"import of {library}" in getattr(first, variable)

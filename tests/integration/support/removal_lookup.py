# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that looks up why contacts are missing from a roster, in a Python that has ansible-core.

    python -m tests.integration.support.removal_lookup

The program reads one request per line from stdin, and writes one result per line to stdout, both as JSON. It does not
import other files of the tests.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

_COLLECTION = "ansible_collections.frontdesk.contacts.plugins.module_utils"


def _complete(spec: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Add the default values to the options of a module, or of an element of a list."""
    return {**{name: option.get("default") for name, option in spec.items()}, **options}


def _look_up(request: dict[str, Any]) -> dict[str, Any]:
    spec = importlib.import_module(f"{_COLLECTION}._module.export_spec").export_spec()
    options = importlib.import_module(f"{_COLLECTION}._module.export_options")
    lookup = importlib.import_module(f"{_COLLECTION}._module.removal_lookup")
    contact = importlib.import_module(f"{_COLLECTION}._roster.removal_cause").MissingContact
    params = _complete(spec, request["options"])
    source_spec = spec["sources"]["options"]
    params["sources"] = [_complete(source_spec, source) for source in params["sources"]]
    missing = [contact(*each) for each in request["missing"]]
    left_out = {contact(*each): cause for *each, cause in request["left_out"]}
    result = lookup.look_up_causes(options.parse_read_options(params), missing, left_out)
    return {"causes": [result.causes[each] for each in missing], "warnings": result.warnings}


def main() -> None:
    """Process requests until stdin is closed."""
    while line := sys.stdin.readline():
        print(json.dumps(_look_up(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

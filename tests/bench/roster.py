# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the CPU time and peak memory of building, writing and comparing rosters.

    python tests/bench/roster.py COLLECTIONS_PATH ROWS...

Each step runs in a separate process and prints a JSON line. The steps are:

- ``base`` only generates contacts.
- ``csv`` also writes them with the csv module.
- ``build`` builds and writes a roster.
- ``rebuild`` builds and writes a second roster with other identities and other last names.
- ``update`` builds and writes a third roster, which differs from the first one in about 1% of the contacts.
- ``read`` reads the first and the third roster with csv.reader, as a reference for the next steps.
- ``load`` reads and checks the first and the third roster.
- ``plan`` compares the first and the third roster. In this step and the next ones, the time to load the rosters is not
  included.
- ``union`` compares the third roster with the first two, as after an upload with an unknown outcome.
- ``worst`` compares the first two rosters.
"""

from __future__ import annotations

import csv
import importlib
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import Any

SITES = 20
PAGE = 1000
STEPS = ("base", "csv", "build", "rebuild", "update", "read", "load", "plan", "union", "worst")
BUILT = {
    "build": ("first.csv", 1, False),
    "rebuild": ("second.csv", 2, False),
    "update": ("third.csv", 1, True),
}
"""Name of the roster, seed, and whether contacts are updated, for each step that builds a roster."""

COMPARED = {
    "plan": ("first.csv", "third.csv"),
    "union": ("first.csv", "second.csv", "third.csv"),
    "worst": ("first.csv", "second.csv"),
}
"""Known rosters, followed by the new roster, for each step that compares rosters."""

COLUMNS = [
    {"header": "First Name", "value": "givenName", "required": True},
    {"header": "Last Name", "value": "sn", "required": True},
    {"header": "Email", "value": "mail", "unique": True, "required_unless": "SMS Phone"},
    {"header": "SMS Phone", "value": "mobile", "unique": True},
    {"header": "Location", "value": "location", "required": True},
]


def import_from_collection(name: str) -> Any:
    """Import a module of the collection by its name in module_utils."""
    return importlib.import_module(
        f"ansible_collections.frontdesk.contacts.plugins.module_utils.{name}"
    )


def generate_contacts(rows: int, seed: int = 1) -> Iterator[tuple[Any, int]]:
    """Yield each contact with the number of its source.

    About one contact in a thousand has the same mail address as another one.

    :param rows: number of contacts.
    :param seed: seed of the random values.
    """
    contact = import_from_collection("_contacts.model").Contact
    rng = random.Random(seed)
    for number in range(rows):
        source = number * SITES // rows
        location = f"site-{source:02d}"
        identity = str(uuid.UUID(int=rng.getrandbits(128)))
        mail = rng.randrange(rows) if rng.random() < 0.001 else number
        cells = (
            f"Første{number % 1000}",
            f"Lastname{rng.randrange(50_000)}",
            f"person.{mail}@corp.example",
            f"+4790{number:07d}",
            location,
        )
        yield contact(location, cells, identity), source


def update_contacts(contacts: Iterable[tuple[Any, int]]) -> Iterator[tuple[Any, int]]:
    """Give about 0.9% of the contacts another last name, remove 0.1%, and add the same number of new contacts."""
    rng = random.Random(3)
    for contact, source in contacts:
        chance = rng.random()
        first, last, mail, phone, location = contact.cells
        if chance < 0.001:
            continue
        if chance < 0.002:
            identity = str(uuid.UUID(int=rng.getrandbits(128)))
            cells = (f"New {first}", last, f"new.{mail}", "", location)
            yield contact._replace(cells=cells, identity=identity), source
        if chance < 0.01:
            cells = (first, f"New{last}", mail, phone, location)
            yield contact._replace(cells=cells), source
        else:
            yield contact, source


def build_roster(contacts: Iterable[tuple[Any, int]], folder: Path, name: str) -> None:
    """Build a roster, and write the roster and its identities file.

    :param contacts: contacts, each with the number of its source.
    :param folder: directory for the files.
    :param name: name of the roster file.
    """
    columns = import_from_collection("_contacts.columns").compile_columns(COLUMNS, all_global=False)
    mapped_page = import_from_collection("_contacts.model").MappedPage
    locations = [f"site-{number:02d}" for number in range(SITES)]
    with import_from_collection("_roster.external_sort").open_spill_area(folder) as scratch:
        builder = import_from_collection("_roster.builder").RosterBuilder(
            columns, locations, scratch
        )
        for source, page in itertools.groupby(contacts, key=itemgetter(1)):
            records = (person.record for person, _source in page)
            while part := list(itertools.islice(records, PAGE)):
                builder.add_page(mapped_page({locations[source]: part}, ()), source)
        roster = builder.build()
        with (
            (folder / name).open("wb") as csv_file,
            (folder / f"{name}.ids").open("wb") as ids_file,
            tempfile.SpooledTemporaryFile(1 << 20, dir=str(folder)) as identities,
        ):
            import_from_collection("_roster.writer").write_roster(
                roster, csv_file, ids_file, identities
            )


def read_rosters(folder: Path, *names: str) -> None:
    """Read rosters with csv.reader."""
    for name in names:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for _row in csv.reader(file):
                pass


def compare_rosters(folder: Path, *names: str) -> float:
    """Load rosters, and compare the last one with the others.

    :returns: CPU time in seconds that the process had used when all rosters were loaded.
    """
    load_roster = import_from_collection("_roster.files").load_roster
    open_spill_area = import_from_collection("_roster.external_sort").open_spill_area
    plan_from_known = import_from_collection("_roster.known_plans").plan_from_known
    with ExitStack() as opened:
        *known, new = [opened.enter_context(load_roster(folder / name)) for name in names]
        spill = opened.enter_context(open_spill_area(folder))
        loaded = time.process_time()
        plan_from_known(known, new, ["Email"], "Location", spill)
    return loaded


def run_step(step: str, rows: int, folder: Path) -> None:
    """Run one step in this process, and print the CPU time and the peak memory."""
    for name in (
        "_contacts.columns",
        "_roster.writer",
        "_module.destination",
        "_roster.known_plans",
    ):
        import_from_collection(name)
    started = time.process_time()
    if step == "base":
        for _person in generate_contacts(rows):
            pass
    elif step == "csv":
        with (folder / "plain.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(person.cells for person, _source in generate_contacts(rows))
    elif step in BUILT:
        name, seed, is_updated = BUILT[step]
        contacts = generate_contacts(rows, seed)
        build_roster(update_contacts(contacts) if is_updated else contacts, folder, name)
    elif step == "read":
        read_rosters(folder, *COMPARED["plan"])
    elif step == "load":
        for name in COMPARED["plan"]:
            with import_from_collection("_roster.files").load_roster(folder / name):
                pass
    else:
        started = compare_rosters(folder, *COMPARED[step])
    seconds = round(time.process_time() - started, 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rows": rows, "step": step, "cpu_seconds": seconds, "peak_mib": peak}))


def main() -> None:
    """Run all steps in separate processes, or one step in this process."""
    collections, *numbers = sys.argv[1:]
    if numbers[0] == "step":
        sys.path.insert(0, collections)
        run_step(numbers[1], int(numbers[2]), Path(numbers[3]))
        return
    for rows in numbers:
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            for step in STEPS:
                command = [sys.executable, __file__, collections, "step", step, rows, folder]
                subprocess.run(command, check=True)


if __name__ == "__main__":
    main()

# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measurement of contact_upload with an unchanged roster, and in check mode with a changed roster."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.collection import run_module, working_directory
from tests.bench.limits import Figure, limit_time
from tests.bench.measure import ClientError, Cost, compare_costs, measure_command
from tests.bench.roster import BUILT
from tests.bench.service import Service, discarding_service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.authority import Authority

HERE = Path(__file__).parent
SMALL_ROWS = 1000
"""Number of rows of the small roster."""

_UNCHANGED_FACTOR = 1.5
_UNCHANGED_SECONDS = 0.2
_CHECK_MODE_FACTOR = 4


def bench_uploads(rows: int, rounds: int, issuer: Authority) -> list[Figure]:
    """Measure uploads that send nothing, and print a table of the costs for each comparison.

    :param rows: number of rows of the large roster.
    :param rounds: number of measured runs.
    :raises ClientError: if a run fails, or has another result than expected.
    """
    with working_directory() as folder, discarding_service(issuer) as service:
        small, large = (Account.create(folder, service, number) for number in (SMALL_ROWS, rows))
        unchanged = _measure_unchanged(small, large, rounds)
        return [unchanged, _measure_check_mode(large, rounds)]


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of which the service has accepted a roster.

    :ivar folder: a directory from `working_directory`.
    :ivar service: the service.
    :ivar rows: number of rows of the roster.
    :ivar directory: directory that contains the rosters of the account and its state directory.
    """

    folder: Path
    service: Service
    rows: int
    directory: Path

    @classmethod
    def create(cls, folder: Path, service: Service, rows: int) -> Account:
        """Build the first roster of an account, and upload it."""
        directory = Path(tempfile.mkdtemp(dir=folder))
        account = cls(folder=folder, service=service, rows=rows, directory=directory)
        account.build("build")
        account.upload("build", {"initial": True}, {"uploaded": True})
        return account

    def roster(self, step: str) -> Path:
        """Return the path of the roster that a step of `tests/bench/roster.py` builds."""
        return self.directory / BUILT[step][0]

    def build(self, step: str) -> None:
        """Build a roster with a step of `tests/bench/roster.py`."""
        command = [sys.executable, str(HERE / "roster.py"), str(self.folder), "step", step]
        command += [str(self.rows), str(self.directory)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def upload(self, step: str, options: Mapping[str, Any], expected: Mapping[str, Any]) -> Cost:
        """Run contact_upload.

        :param step: the step of `tests/bench/roster.py` that built the roster.
        :param options: additional options.
        :param expected: values that the result must contain.
        :raises ClientError: if the module fails, or if its result has other values.
        """
        cost = run_module("contact_upload", {**self._options(step), **options}, self.folder)
        result = json.loads((self.folder / "output").read_bytes())
        actual = {name: result[name] for name in expected}
        if actual != expected:
            raise ClientError(f"contact_upload returned {actual} instead of {expected}")
        return cost

    def upload_unchanged(self) -> Cost:
        """Run contact_upload with the roster that the service has accepted."""
        return self.upload("build", {}, {"changed": False, "uploaded": False, "attempts": 0})

    def check_updated(self) -> Cost:
        """Run contact_upload in check mode with a roster in which about 1% of the contacts differ."""
        expected = {"changed": True, "uploaded": True, "attempts": 0}
        return self.upload("update", {"_ansible_check_mode": True}, expected)

    def read_rosters(self) -> Cost:
        """Read the CSV files of both rosters with csv.reader."""
        script = str(HERE / "scripts/read_csv.py")
        rosters = [str(self.roster(step)) for step in ("build", "update")]
        return measure_command([sys.executable, script, *rosters], self.folder)

    def _options(self, step: str) -> dict[str, Any]:
        return {
            "src": str(self.roster(step)),
            "url": self.service.url,
            "anonymous": True,
            "ca_path": str(self.service.ca_file),
            "use_proxy": False,
            "state_dir": str(self.directory / "state"),
            "location_column": "Location",
            "key": ["Email"],
        }


def _measure_unchanged(small: Account, large: Account, rounds: int) -> Figure:
    """Measure the module with an unchanged roster, relative to a small one."""
    print(f"\nUnchanged roster: {large.rows} rows compared with {small.rows} rows", flush=True)
    clients = [
        (f"contact_upload, {account.rows} rows", account.upload_unchanged)
        for account in (small, large)
    ]
    reference, measured = compare_costs(clients, rounds)
    name = f"unchanged roster, {large.rows} rows / {small.rows} rows"
    return limit_time(name, measured, reference, _UNCHANGED_FACTOR, _UNCHANGED_SECONDS)


def _measure_check_mode(account: Account, rounds: int) -> Figure:
    """Measure the module in check mode, relative to reading both rosters with csv.reader."""
    account.build("update")
    print(f"\nCheck mode: {account.rows} rows, about 1% of which differ", flush=True)
    clients = [
        ("csv.reader, both rosters", account.read_rosters),
        ("contact_upload, check mode", account.check_updated),
    ]
    reference, measured = compare_costs(clients, rounds)
    name = f"check mode, {account.rows} rows / csv.reader"
    return limit_time(name, measured, reference, _CHECK_MODE_FACTOR)

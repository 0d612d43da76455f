# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority for the lab's servers, created at run time."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

from tests.lab.process_supervisor import ProcessSupervisor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as PEM files."""

    cert_file: Path
    key_file: Path


class Authority:
    """A certificate authority that writes the issued certificates and their keys to one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ca = trustme.CA(organization_name="Fjord lab")
        self._issued = 0
        self.ca_file = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(self.ca_file)

    def issue(
        self,
        *names: str,
        common_name: str | None = None,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> Certificate:
        """Issue a certificate.

        :param names: host names and IP addresses for the subjectAltName extension (RFC 5280, section 4.2.1.6).
        :param common_name: common name of the subject; None to omit it.
        :param not_before: start of the validity period, for a certificate that is not yet valid.
        :param not_after: end of the validity period, for an expired certificate.
        """
        issued = self._ca.issue_cert(
            *names, common_name=common_name, not_before=not_before, not_after=not_after
        )
        self._issued += 1
        cert_file = self._directory / f"cert-{self._issued}.pem"
        key_file = self._directory / f"key-{self._issued}.pem"
        # Samba rejects a key file that other users can read.
        key_file.touch(mode=0o600)
        issued.private_key_pem.write_to_path(key_file)
        issued.cert_chain_pems[0].write_to_path(cert_file)
        return Certificate(cert_file, key_file)


@contextlib.contextmanager
def authority() -> Iterator[Authority]:
    """Create an authority, and remove its files on exit."""
    with ProcessSupervisor() as supervisor:
        yield Authority(supervisor.directory)

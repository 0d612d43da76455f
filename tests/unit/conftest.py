# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How hard the property tests try: HYPOTHESIS_PROFILE=fuzz has them try for minutes.

How long one example takes is no matter of theirs: machines are busy.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("gate", deadline=None)
settings.register_profile(
    "fuzz", deadline=None, max_examples=20_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

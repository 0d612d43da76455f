# Copyright: Contributors to the frontdesk.contacts project
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How hard the property tests try: HYPOTHESIS_PROFILE=fuzz has them try for minutes.

With HYPOTHESIS_PROFILE=mutants they try little, and the same each time, for they run a thousand times. How
long one example takes is no matter of theirs: machines are busy.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_GATE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", _GATE)
settings.register_profile("fuzz", _GATE, max_examples=5_000)
settings.register_profile(
    "mutants",
    _GATE,
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

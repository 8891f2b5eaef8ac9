"""Settings: every variable of the service, the values it accepts, and where its value came from (S1.3 to S1.5).

`loading` lists the settings, `values` parses and masks them, `resolving` decides which source wins. Imports
`vocabulary`.
"""

from __future__ import annotations

from reference_impl.settings.loading import Settings
from reference_impl.settings.resolving import SettingsError

__all__ = ["Settings", "SettingsError"]

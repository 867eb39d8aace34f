"""Settings and feature flags of an EngHub for Python programs.

from enghub_client import Client

with Client("https://hub.example.com", token, keys=["line.*"], cache="/var/cache/line/settings.json") as hub:
    speed = hub.get("line.speed", 3)
    if hub.flag("new-ui", False, {"targetingKey": "u-1"}):
        ...
"""

from enghub_client.client import Client, Status
from enghub_client.errors import CacheDamaged, Refused, SecretMasked, SettingMissing
from enghub_client.keys import Key
from enghub_client.snapshot import Change, Value

__all__ = ["CacheDamaged", "Change", "Client", "Key", "Refused", "SecretMasked", "SettingMissing", "Status", "Value"]

"""One file per outlet: where alerts are told."""

from __future__ import annotations

from bots.chat.base import Outlet
from bots.chat.matrix import Matrix
from bots.chat.webhook import Webhook

OUTLETS: dict[str, type[Outlet]] = {outlet.name: outlet for outlet in (Webhook, Matrix)}
"""Every outlet, by name."""

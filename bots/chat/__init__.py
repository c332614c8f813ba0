"""One file per outlet: where alerts are told."""

from __future__ import annotations

from bots.chat.alertmanager import Alertmanager
from bots.chat.apprise import Apprise
from bots.chat.base import Outlet
from bots.chat.discord import Discord
from bots.chat.email import Email
from bots.chat.matrix import Matrix
from bots.chat.mattermost import Mattermost
from bots.chat.slack import Slack
from bots.chat.teams import Teams
from bots.chat.telegram import Telegram
from bots.chat.webhook import Webhook

_ALL = (Slack, Discord, Telegram, Matrix, Mattermost, Teams, Email, Webhook, Alertmanager, Apprise)
OUTLETS: dict[str, type[Outlet]] = {outlet.name: outlet for outlet in _ALL}
"""Every outlet, by name."""

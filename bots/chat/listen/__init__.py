"""The chats in which the bot answers, one file each."""

from __future__ import annotations

from bots.chat.listen.discord import DiscordListener
from bots.chat.listen.listener import Listener
from bots.chat.listen.matrix import MatrixListener
from bots.chat.listen.slack import SlackListener
from bots.chat.listen.telegram import TelegramListener

LISTENERS: dict[str, type[Listener]] = {
    listener.kind: listener for listener in (SlackListener, DiscordListener, TelegramListener, MatrixListener)
}
"""Every listener, by the kind of its outlet."""

"""Words of others for a chat: hostile until escaped. They must not format, mention, hide, lead away or overflow."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from streams.alerting.words import cut

MOST_URL = 500
_SPACE = re.compile(r"\s+")
# Control characters; those that turn the direction of the text around them (Trojan Source, CVE-2021-42574); those that
# nobody sees (joiners are left: emoji and the scripts of India and Persia need them); halves of surrogate pairs.
# Flags of a flag and tags, such as Scotland's, are left whole; tags by themselves are text that only programs read.
_UNSEEN = re.compile(
    "(\U0001f3f4[\U000e0061-\U000e007a]{1,6}\U000e007f)|[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MENTION = re.compile(r"@(?=[\w!&])|<(?=[!@#&])")  # `<!channel>` is Slack's form, `<@&1>` Discord's
_ADDRESS = re.compile(r"(?i)(?<=:)(?=//)|(?<=\bwww)(?=\.)")
_APART = "\u200b"  # a zero-width space: reads the same; notifies nobody, and is no link that a chat would look up


def clean(text: str) -> str:
    """One line without control characters."""
    return _SPACE.sub(" ", _UNSEEN.sub(r"\1", text)).strip()


def tame(text: str, most: int) -> str:
    """Text of others for a chat: one line, cut between what readers see as characters; mentions and links are words."""
    return _ADDRESS.sub(_APART, _MENTION.sub(rf"\g<0>{_APART}", cut(clean(text), most)))


def web_url(url: str) -> str:
    """The address when it leads to the web and hides nothing, else nothing."""
    fits = len(url) <= MOST_URL and url.lower().startswith(("http://", "https://"))
    plain = fits and not re.search(r"[\s<>\"\\]", url) and url == clean(url)
    return url if plain and _has_host(url) else ""


def _has_host(url: str) -> bool:
    """Without one it leads nowhere, and may get a whole message refused that links to it."""
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False

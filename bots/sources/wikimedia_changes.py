"""One recent change (schema.wikimedia.org, mediawiki/recentchange) as posts and deletions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from streams.records import Author, BadPost, Post

PLATFORM = "wikimedia"
MOST_TOLD = 500
_CANARY = "canary"  # artificial events that show that the stream lives
_PROJECTS = ("wikipedia", "wiktionary", "wikinews", "wikibooks", "wikiquote", "wikisource", "wikiversity", "wikivoyage")
_SECTION = re.compile(r"/\*\s*(.*?)\s*\*/\s*")
_LINK = re.compile(r"\[\[:?(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")


class Meta(msgspec.Struct):
    """Where and when the event was made."""

    domain: str = ""
    dt: datetime | None = None


class Revision(msgspec.Struct):
    """Revision numbers before and after an edit."""

    new: int | None = None
    old: int | None = None


class Change(msgspec.Struct):
    """What is needed of a change; the names are those of the schema."""

    meta: Meta
    type: str = ""
    title: str = ""
    comment: str = ""
    timestamp: int = 0
    user: str = ""
    bot: bool = False
    wiki: str = ""
    server_url: str = ""
    server_name: str = ""
    server_script_path: str = ""
    revision: Revision | None = None
    log_type: str | None = None
    log_action: str | None = None
    log_params: Any = None

    @property
    def seconds(self) -> float:
        """The stream's time, Unix seconds; 0 where none is told."""
        return self.meta.dt.timestamp() if self.meta.dt is not None else 0.0

    @property
    def page(self) -> str:
        """The page, over all wikis."""
        return f"{self.server_name}/{self.title}"


_change = msgspec.json.Decoder(Change)


def read_change(data: bytes) -> Change:
    """The change in an event. Raises `BadPost`."""
    try:
        return _change.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPost(f"not in the form of a change: {error}") from error


class Titles:
    """Which pages are wanted: those named, and those whose title holds one of the terms as whole words."""

    def __init__(self, wikis: Iterable[str], pages: Iterable[str], terms: Iterable[str]) -> None:
        self._wikis = frozenset(wiki.strip().lower() for wiki in wikis)
        self._pages = frozenset(_plain(page) for page in pages)
        words = "|".join(re.escape(_plain(term)) for term in terms if term.strip())
        self._terms = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None

    def __bool__(self) -> bool:
        return bool(self._pages) or self._terms is not None

    def wanted(self, change: Change) -> bool:
        """Whether the change is to a page that is wanted; a page that moved is followed by whoever remembers it."""
        if change.meta.domain == _CANARY or change.type not in ("edit", "new", "log"):
            return False
        if self._wikis and not {change.wiki.lower(), change.server_name.lower()} & self._wikis:
            return False
        if change.type == "log":  # what is deleted may have been moved: the memory knows
            return change.log_type in ("delete", "move", "suppress")
        title = _plain(change.title)
        return title in self._pages or (self._terms is not None and self._terms.search(title) is not None)


def apply(change: Change, told: dict[str, str]) -> Iterator[Post]:
    """The post of an edit, or the deletions a log entry brings; keeps `told` (post id -> page). Raises `BadPost`."""
    if change.type != "log":
        post = _edit(change)
        if post.id not in told:
            told[post.id] = change.page
            for oldest in list(told)[:-MOST_TOLD]:
                del told[oldest]
            yield post
        return
    params = change.log_params if isinstance(change.log_params, dict) else {}
    if change.log_type == "move":
        target = params.get("target")
        if isinstance(target, str):
            told.update(dict.fromkeys(_of_page(change, told), f"{change.server_name}/{target}"))
        return
    for key in _taken_away(change, params, told):
        told.pop(key)
        yield Post(id=key, op="delete", platform=PLATFORM)


def _of_page(change: Change, told: dict[str, str]) -> list[str]:
    return [key for key, page in told.items() if page == change.page]


def _taken_away(change: Change, params: dict[str, Any], told: dict[str, str]) -> list[str]:
    """A deleted page takes all its edits away, a hidden revision itself."""
    if change.log_action in ("delete", "delete_redir", "delete_redir2"):
        return _of_page(change, told)
    ids = params.get("ids")
    if change.log_action != "revision" or not isinstance(ids, list) or params.get("nfield") in (0, "0"):
        return []  # 0: nothing is hidden any more
    names = [f"{PLATFORM}:{change.server_name}/{number}" for number in ids]
    return [name for name in names if name in told]


def _edit(change: Change) -> Post:
    revision = change.revision.new if change.revision is not None else None
    if not (revision and change.user and change.title and change.server_name and change.timestamp > 0):
        raise BadPost("revision, user, title, server name or time is missing")
    try:
        at = datetime.fromtimestamp(change.timestamp, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise BadPost(f"`timestamp` is no time: {change.timestamp}") from error
    name = f"{PLATFORM}:{change.server_name}/{revision}"
    old = change.revision.old if change.revision is not None else None
    query = {"diff": revision, "oldid": old} if old else {"oldid": revision}
    said = _summary(change.comment)
    return Post(
        id=name,
        platform=PLATFORM,
        author=Author(id=f"{PLATFORM}:{change.server_name}/{change.user}", handle=change.user, bot=change.bot),
        text=f"{change.title}\n\n{said}" if said else change.title,
        created_at=at,
        lang=_language(change.server_name),
        url=f"{change.server_url}{change.server_script_path}/index.php?{urlencode(query)}",
        thread=name,
        venue=change.server_name,
    )


def _summary(comment: str) -> str:
    """The edit's comment as people read it: `/* Section */ text` and `[[Page|words]]` without their marks."""
    text = _LINK.sub(r"\1", _SECTION.sub(lambda found: f"{found[1]}: " if found[1] else "", comment))
    return text.strip().removesuffix(":")


def _language(server: str) -> str | None:
    label, _, rest = server.partition(".")
    if rest.removesuffix(".org") not in _PROJECTS or label == "www":
        return None
    return {"simple": "en", "no": "nb"}.get(label, label)


def _plain(text: str) -> str:
    """Case and accents do not matter, nor do a title's underscores."""
    parts = unicodedata.normalize("NFKD", text.replace("_", " ").strip().casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))

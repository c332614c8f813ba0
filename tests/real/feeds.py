"""nginx with a folder of feeds, and an independent reading of the files in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import psutil

from tests.e2e.worker_process import free_port
from tests.real.running import Running
from tests.real.servers import program

FORM = "$status|$request_uri|$sent_http_content_encoding|$http_if_none_match|$http_if_modified_since|$body_bytes_sent"
CONFIG = """
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {{ worker_connections 64; }}
http {{
  types {{ application/rss+xml rss; application/atom+xml atom; }}
  log_format look escape=none '{form}'; access_log access.log look;
  gzip on; gzip_min_length 200; gzip_types application/rss+xml application/atom+xml;
  client_body_temp_path tmp/a; proxy_temp_path tmp/b; fastcgi_temp_path tmp/c; uwsgi_temp_path tmp/d;
  scgi_temp_path tmp/e;
  server {{ listen 127.0.0.1:{port}; root feeds; location /slow/ {{ limit_rate 20k; gzip off; }} }}
}}
"""


class Look(NamedTuple):
    """A line of nginx's log: what was asked and answered."""

    status: str
    path: str
    encoding: str
    etag: str
    since: str
    size: str


class Item(NamedTuple):
    """What an entry of a feed says."""

    guid: str
    title: str
    html: str


class Feeds:
    """The server; `write` replaces a feed as a blog's software does, at one stroke."""

    def __init__(self, folder: Path) -> None:
        binary, self._folder, self._port = program("nginx"), folder, free_port()
        for name in ("feeds/slow", "tmp"):
            (folder / name).mkdir(parents=True)
        (folder / "nginx.conf").write_text(CONFIG.format(form=FORM, port=self._port))
        command: list[str | Path] = [binary, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"]
        self.server = Running(command, folder, self._port)

    def url(self, name: str) -> str:
        """The address of a feed."""
        return f"http://127.0.0.1:{self._port}/{name}"

    def write(self, name: str, items: Sequence[Item]) -> None:
        """Put a feed there, in the form that its ending says."""
        path = self._folder / "feeds" / name
        text = rss(items) if path.suffix == ".rss" else atom(items)
        new = path.with_suffix(".new")
        new.write_text(text, "utf-8")
        new.rename(path)

    def held(self, name: str) -> dict[str, str]:
        """Guid to text, as the file has it now."""
        return dict(read((self._folder / "feeds" / name).read_bytes()))

    def looks(self) -> list[Look]:
        """All that was asked and answered to the end so far."""
        return [Look(*line.split("|")) for line in (self._folder / "access.log").read_text().splitlines()]

    def sending(self) -> bool:
        """Whether somebody is connected just now."""
        found = psutil.Process(self.server.pid).net_connections("tcp")
        return any(connection.status == psutil.CONN_ESTABLISHED for connection in found)


def rss(items: Iterable[Item]) -> str:
    """An RSS 2.0 feed, its texts as escaped HTML."""
    said = "".join(
        f"<item><guid isPermaLink='false'>{item.guid}</guid><title>{escape(item.title)}</title>"
        f"<link>https://blog.example/{item.guid}</link><pubDate>{format_datetime(_at(item), usegmt=True)}</pubDate>"
        f"<description>{escape(item.html)}</description></item>"
        for item in items
    )
    head = "<title>Der Blog</title><link>https://blog.example/</link><description>Größe</description>"
    return f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>{head}{said}</channel></rss>"


def atom(items: Iterable[Item]) -> str:
    """An Atom feed."""
    said = "".join(
        f"<entry><id>{item.guid}</id><title>{escape(item.title)}</title><updated>{_at(item).isoformat()}</updated>"
        f"<link href='https://news.example/{item.guid}'/><content type='html'>{escape(item.html)}</content></entry>"
        for item in items
    )
    head = (
        "<id>urn:news</id><title>News</title><updated>2026-11-03T10:00:00Z</updated><author><name>Ana</name></author>"
    )
    return f"<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom'>{head}{said}</feed>"


def _at(item: Item) -> datetime:
    return datetime(2026, 11, 3, 10, int(re.sub(r"\D", "", item.guid) or 0) % 60, tzinfo=UTC)


def read(body: bytes) -> Iterable[tuple[str, str]]:
    """Guid and text of each entry, by another parser than the source's: title, blank line, text without markup."""
    for element in ElementTree.fromstring(body).iter():
        if _name(element) not in ("item", "entry"):
            continue
        parts = {_name(part): part.text or "" for part in element}
        html = parts.get("description") or parts.get("content") or ""
        text = unescape(re.sub(r"<[^>]*>", "", html.replace("</p><p>", "\n\n")))
        yield parts.get("guid") or parts["id"], f"{parts['title']}\n\n{text}"


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]

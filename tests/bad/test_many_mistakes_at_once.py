"""All mistakes are reported at once, in the order of their lines, whatever found them; variables follow."""

from __future__ import annotations

from tests.bad.complaints import Complaints

TEXT = """\
namespace: Tertulia
brands:
  - name: fairphone
    term: [Fairphone]
    langauges: [spanish]
  - name: fairphone
    terms: [1984]
  - name: nothing
sources:
  blusky: {}
  rss:
    every: soon
api:
  host: 0.0.0.0
  token_file: nowhere
views: {min_posts: 0}
"""


def test_many_mistakes_at_once(complaints: Complaints) -> None:
    found = complaints(TEXT, env={"TERTULIA_LEDGER__RETENTON": "1d", "TERTULIA_LEDGER__RETENTION": "1 year"})
    assert [line.partition(": ")[0] + " " + line.split(": ")[1] for line in found] == [
        "tertulia.yaml:1 namespace",
        "tertulia.yaml:4 brands[0].term",
        "tertulia.yaml:5 brands[0].langauges",
        "tertulia.yaml:6 brands[1].name",
        "tertulia.yaml:7 brands[1].terms[0]",
        "tertulia.yaml:8 brands[2]",
        "tertulia.yaml:10 sources.blusky",
        "tertulia.yaml:12 sources.rss.every",
        "tertulia.yaml:14 api.host",
        "tertulia.yaml:15 api.token_file",
        "tertulia.yaml:16 views.min_posts",
        "TERTULIA_LEDGER__RETENTION ledger.retention",
        "TERTULIA_LEDGER__RETENTON no setting has this variable; did you mean `TERTULIA_LEDGER__RETENTION`?",
    ]

"""Nostr's events by themselves: ids, signatures, threads, and what becomes of them as posts."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from bots.sources.bech32 import bech32
from bots.sources.nostr_events import post_of, read_event
from bots.sources.schnorr import verify
from streams.records import BadPost
from tests.bots.sources.nostr_server import made, public

AT = 1_795_435_200
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


@pytest.mark.parametrize(
    ("tags", "parent", "root"),
    [
        ([], None, "own"),
        ([["e", A, "", "root"]], A, A),
        ([["e", B, "", "reply"], ["e", C, "", "mention"], ["e", A, "", "root"]], B, A),
        ([["e", B, "", "reply"]], B, None),
        ([["e", A]], A, None),
        ([["e", A], ["e", C], ["e", B, "wss://x"]], B, A),
        ([["e", C, "", "mention"]], None, "own"),
        ([["e", "no id"], ["e"], []], None, "own"),
    ],
)
def test_threads_of_both_schemes(tags: list[list[str]], parent: str | None, root: str | None) -> None:
    event = made(1, "text", AT, *tags)
    post = post_of(read_event(json.dumps(event).encode()), "https://view/", ())
    assert post.reply_to == (f"nostr:{parent}" if parent else None)
    assert post.thread == (f"nostr:{event['id'] if root == 'own' else root}" if root else None)


def test_a_note_as_a_post() -> None:
    person = public(2)
    tags = [["q", A, "", person], ["p", person], ["p", "x"], ["t", "oil"], ["r", "https://r.example/"], ["L", "x"]]
    event = made(1, "see https://example.org/a, nice", AT, *tags, ["l", "es", "ISO-639-1"])
    post = post_of(read_event(json.dumps(event).encode()), "https://njump.me/", ())
    assert post.links == ("https://example.org/a", "https://r.example/")
    assert (post.mentions, post.hashtags, post.lang) == ((f"nostr:{person}",), ("oil",), "es")
    assert (post.quote_of, post.quote_of_author, post.venue) == (f"nostr:{A}", f"nostr:{person}", "Nostr")
    assert post.url and post.url.startswith("https://njump.me/note1")


def test_control_characters_verbatim_or_escaped_give_an_id() -> None:
    event = made(1, "bell \x07", AT)
    assert read_event(json.dumps(event).encode()).content == "bell \x07"
    form = f'[0,"{event["pubkey"]}",{AT},1,[],"bell \x07"]'
    verbatim = event | {"id": hashlib.sha256(form.encode()).hexdigest()}
    assert read_event(json.dumps(verbatim).encode()).id == verbatim["id"]


@pytest.mark.parametrize(
    "change", [{"kind": 4}, {"tags": [[1]]}, {"created_at": -1}, {"created_at": 2**60}, {"id": "A"}]
)
def test_what_is_no_event_is_bad(change: dict[str, Any]) -> None:
    with pytest.raises(BadPost):
        read_event(json.dumps(made(1, "x", AT) | change).encode())


def test_a_name_as_nip_19_gives_it() -> None:
    key = bytes.fromhex("7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e")
    assert bech32("npub", key) == "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"


# BIP-340's own test vectors 0 to 4: key, message, signature.
VECTORS = [
    (
        "F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9",
        "0" * 64,
        "E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA8215"
        "25F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0",
    ),
    (
        "DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659",
        "243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89",
        "6896BD60EEAE296DB48A229FF71DFE071BDE413E6D43F917DC8DCF8C78DE3341"
        "8906D11AC976ABCCB20B091292BFF4EA897EFCB639EA871CFA95F6DE339E4B0A",
    ),
    (
        "DD308AFEC5777E13121FA72B9CC1B7CC0139715309B086C960E18FD969774EB8",
        "7E2D58D8B3BCDF1ABADEC7829054F90DDA9805AAB56C77333024B9D0A508B75C",
        "5831AAEED7B44BB74E5EAB94BA9D4294C49BCF2A60728D8B4C200F50DD313C1B"
        "AB745879A5AD954A72C45A91C3A51D3C7ADEA98D82F8481E0E1E03674A6F3FB7",
    ),
    (
        "25D1DFF95105F5253C4022F628A996AD3A0D95FBF21D468A1B33F8C160D8F517",
        "F" * 64,
        "7EB0509757E246F19449885651611CB965ECC1A187DD51B64FDA1EDC9637D5EC"
        "97582B9CB13DB3933705B32BA982AF5AF25FD78881EBB32771FC5922EFC66EA3",
    ),
    (
        "D69C3509BB99E412E68B0FE8544E72837DFA30746D8BE2AA65975F29D22DC7B9",
        "4DF3C3F68FCC83B27E9D42C90431A72499F17875C81A599B566C9889B9696703",
        "00000000000000000000003B78CE563F89A0ED9414F5AA28AD0D96D6795F9C63"
        "76AFB1548AF603B3EB45C9F8207DEE1060CB71C04E80F593060B07D28308D7F4",
    ),
]
ORDER = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141"
FIELD = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F"
OFF_CURVE = "EEFDEA4CDB677750A420FEE807EACF21EB9898AE79B9768766E4FAA04A2D4A34"


def test_signatures_as_bip_340_has_them() -> None:
    for key, message, signature in VECTORS:
        good = [bytes.fromhex(part) for part in (key, message, signature)]
        assert verify(*good)
        for part in range(3):
            bent = list(good)
            bent[part] = bent[part][:-1] + bytes([bent[part][-1] ^ 1])
            assert not verify(*bent)


def test_signatures_out_of_range_are_refused() -> None:
    key, message, signature = VECTORS[1]
    for bad in (
        (OFF_CURVE, signature),
        (FIELD, signature),
        (key, signature[:64] + ORDER),
        (key, FIELD + signature[64:]),
        (key, "0" * 128),
        (key, signature[:64]),
    ):
        assert not verify(bytes.fromhex(bad[0]), bytes.fromhex(message), bytes.fromhex(bad[1]))

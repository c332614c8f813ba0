"""Nostr's keys and ids as people see them: `npub1…`, `note1…` (NIP-19; bech32 of BIP-173)."""

from __future__ import annotations

from collections.abc import Sequence

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def bech32(prefix: str, data: bytes) -> str:
    """The text form of `data`, with its checksum."""
    words = _words(data)
    spread = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    rest = _checksum([*spread, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words += [rest >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{prefix}1" + "".join(_LETTERS[word] for word in words)


def _words(data: bytes) -> list[int]:
    """The bits of `data` in fives; the last word is filled up with zeros."""
    count = -(-len(data) * 8 // 5)
    number = int.from_bytes(data) << (count * 5 - len(data) * 8)
    return [number >> 5 * (count - 1 - place) & 31 for place in range(count)]


def _checksum(words: Sequence[int]) -> int:
    rest = 1
    for word in words:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ word
        for place, value in enumerate(_GENERATOR):
            if top >> place & 1:
                rest ^= value
    return rest

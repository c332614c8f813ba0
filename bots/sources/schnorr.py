"""Schnorr signatures on secp256k1, verified only (BIP-340, https://bips.xyz/340).

A relay may serve anything: without this, a stranger could put words into an author's mouth, or take them back. Only
public values are handled, so nothing here has to run in constant time.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_TAG = sha256(b"BIP0340/challenge").digest()
Affine = tuple[int, int]
Jacobian = tuple[int, int, int]
"""(X, Y, Z) stands for (X/Z², Y/Z³); Z = 0 is the point at infinity."""
_INFINITY: Jacobian = (1, 1, 0)


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` was made with the secret of `key` (32 bytes)."""
    point = _lift(int.from_bytes(key))
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if point is None or len(key) != 32 or len(signature) != 64 or r >= P or s >= N:
        return False
    e = int.from_bytes(sha256(_TAG + _TAG + signature[:32] + key + message).digest()) % N
    x, y, z = _sum_of_multiples(s, _G, N - e, point)
    if not z:
        return False
    inverse = pow(z, -1, P)
    return x * inverse * inverse % P == r and y * pow(inverse, 3, P) % P % 2 == 0


@lru_cache(maxsize=4_096)
def _lift(x: int) -> Affine | None:
    """The point with this x and an even y, if there is one."""
    if x >= P:
        return None
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, y if y % 2 == 0 else P - y


def _sum_of_multiples(a: int, first: Affine, b: int, second: Affine) -> Jacobian:
    """a·first + b·second in one walk over the bits (Shamir's trick)."""
    one, two = (*first, 1), (*second, 1)
    steps = (_INFINITY, one, two, _add(one, two))
    total = _INFINITY
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = _double(total)
        step = (a >> bit & 1) + 2 * (b >> bit & 1)
        if step:
            total = _add(total, steps[step])
    return total


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point
    if not z:
        return point
    yy = y * y % P
    s = 4 * x * yy % P
    m = 3 * x * x % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def _add(one: Jacobian, two: Jacobian) -> Jacobian:
    if not one[2] or not two[2]:
        return two if not one[2] else one
    (x1, y1, z1), (x2, y2, z2) = one, two
    u1, u2 = x1 * z2 * z2 % P, x2 * z1 * z1 % P
    s1, s2 = y1 * pow(z2, 3, P) % P, y2 * pow(z1, 3, P) % P
    if u1 == u2:
        return _double(one) if s1 == s2 else _INFINITY
    h, r = u2 - u1, s2 - s1
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * z1 * z2 % P

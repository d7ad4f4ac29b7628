"""How long a Fourier transform should be."""

from __future__ import annotations

__all__ = ["fast_length"]


def fast_length(length: int) -> int:
    """Returns the smallest number from `length` on whose only prime factors are 2, 3 and 5.

    Example:

    >>> fast_length(257), fast_length(17_000)
    (270, 17280)
    """
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1

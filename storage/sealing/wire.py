"""Length-prefixed bytes, big-endian: ``lp(x)`` is a u16 length and then x."""


class Malformed(ValueError):
    """The bytes end too early, go on too long, or hold a value outside its range."""


def lp(part: bytes) -> bytes:
    """Raises: OverflowError when ``part`` is longer than 65,535 bytes."""
    return len(part).to_bytes(2, "big") + part


class Cursor:
    """Takes a byte string apart from front to back; never reads past its end."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes, all of them.

        Raises:
            Malformed: fewer are left.
        """
        part = self._whole[self._at : self._at + size]
        if len(part) != size:
            raise Malformed("too short")
        self._at += size
        return part

    def lp(self) -> bytes:
        return self.take(int.from_bytes(self.take(2), "big"))

    def rest(self) -> bytes:
        return self.take(len(self._whole) - self._at)

    def end(self) -> None:
        """Raises: Malformed when anything is left."""
        if self._at != len(self._whole):
            raise Malformed("too long")

"""Which part of a list is seen."""


def seen(count: int, selected: int | None, room: int) -> range:
    """Which of `count` lines, where `room` fit: the first ones, or those around the selected one."""
    first = 0 if selected is None else max(0, min(selected - room // 2, count - room))
    return range(first, min(count, first + room))

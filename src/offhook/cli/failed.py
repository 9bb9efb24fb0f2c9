"""How a command ends that did not do what it was asked to."""


class Failed(Exception):
    """It could not be done; one line says why. Exit status 1."""


class Misused(Exception):
    """It was asked for in a way that is not understood; one line says what would be. Exit status 2."""

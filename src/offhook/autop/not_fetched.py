"""Why a file did not come."""


class NotFetched(Exception):
    """One line for a person, without what is secret in the address."""

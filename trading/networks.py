"""Whether an address lies in a list of networks (网段), for plugins that hold acts to a place."""

from __future__ import annotations

from trading.accounts.addresses import contains, parse


def within(networks: str, address: str) -> bool:
    """Whether one of the networks (CIDR or single addresses, separated by spaces or commas) holds the address; an empty list
    holds every address. Raises ValueError for what is no network."""
    return not networks.strip() or contains(parse(networks), address)

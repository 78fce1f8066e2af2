"""Which addresses a role may work from (限定审批系统登录IP地址): pure rules over lists of networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse(text: str) -> tuple[Network, ...]:
    """Networks in CIDR notation, or single addresses, separated by white space or commas. Raises
    ValueError for anything else, also for a network with host bits set."""
    return tuple(ipaddress.ip_network(part) for part in text.replace(",", " ").split())


def contains(networks: Iterable[Network], address: str) -> bool:
    """Whether one of the networks holds the address; an IPv4 address that travels in IPv6 counts as IPv4.
    False for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks)


def shut_out(rules: Mapping[str, str], roles: Iterable[str], address: str) -> str | None:
    """The first role (in alphabetical order) whose list does not hold the address; None when all of them do.
    A role without a list may work from anywhere."""
    for role in sorted(roles):
        networks = rules.get(role, "")
        if networks and not contains(parse(networks), address):
            return role
    return None

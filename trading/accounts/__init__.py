"""People who log in (用户): passwords, one-time codes, certificates, sessions, roles."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
    config.add_route("login", "/login")
    config.add_route("logout", "/logout")
    config.add_route("register", "/register")
    config.add_route("account", "/account")
    config.add_route("desk", "/desk")

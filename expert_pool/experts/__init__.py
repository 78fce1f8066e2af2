"""The pool of experts (综合性专家评委库): who may be drawn, and why somebody may not."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""

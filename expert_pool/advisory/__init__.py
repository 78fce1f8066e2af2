"""The advisory committee (招投标专家咨询委员会): opinions on disputed or complex projects, never evaluations."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""

"""Text messages to people's telephones (短信通知): promised in the act's transaction, sent once through ISmsSender."""

from __future__ import annotations

from pyramid.config import Configurator

from trading.messages import service


def includeme(config: Configurator) -> None:
    """The promise."""
    config.on_promise(service.SEND, service.send_due)

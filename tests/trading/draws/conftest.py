"""The browser's code as a process, for draws in which a phone takes part."""

from tests.browser_client.conftest import interop, node

__all__ = ["interop", "node"]

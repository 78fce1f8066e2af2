"""The published tender that the vault's tests bid for."""

from tests.bidding.vault.scene import scene

__all__ = ["scene"]

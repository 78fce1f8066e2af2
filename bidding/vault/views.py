"""The bidder's pages."""

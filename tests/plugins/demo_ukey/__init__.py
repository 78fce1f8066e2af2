"""The simulated USB key."""

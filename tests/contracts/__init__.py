"""One suite per port: what every provider of it must do, run over all providers we have."""

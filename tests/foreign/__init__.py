"""Our ledger judged by programs that are not ours: Go's sumdb packages, another author's witness and client."""

"""The ledger (账本): the tamper-evident trail of every act, and the proofs a stranger can check."""

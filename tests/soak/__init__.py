"""Long proofs with real processes: kills, hours of work, locks. `python -m tests.soak --help` tells them."""

"""Benchmarks of foundups-logging against its peers: `python -m benchmarks hot_path`."""

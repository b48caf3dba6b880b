"""Sinks: where batches of rows end."""

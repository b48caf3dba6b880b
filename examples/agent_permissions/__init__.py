"""A permission manager and a confidence tracker that log what they do and don't know where it goes."""

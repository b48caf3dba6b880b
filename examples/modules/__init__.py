"""Four modules of a program, each with its own logging configuration."""

"""The audit at run time: a program runs with a hook in it that notes who opens which JSON Lines file."""

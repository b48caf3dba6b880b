"""The spool: where events wait on disk while the database can't take them."""

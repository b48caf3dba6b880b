"""What whoever runs the programs needs: is every event accounted for, is the database well, and if it isn't."""

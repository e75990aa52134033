"""What is measured. Each module has `prepare(task)`: it gets everything ready and returns what is timed."""

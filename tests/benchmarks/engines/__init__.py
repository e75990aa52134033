"""The engines. Each module has `prepare(task)`, which does the setup and returns the function to measure."""

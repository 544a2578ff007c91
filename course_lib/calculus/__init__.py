"""The mathematics of the course: reference implementations that read like the chapters, NumPy only."""

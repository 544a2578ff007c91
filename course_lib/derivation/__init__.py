"""Is this derivation right? A learner's lines are read, evaluated on random draws and compared with the definition."""

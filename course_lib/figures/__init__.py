"""Pictures and explorers, one module per chapter."""

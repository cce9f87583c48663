"""One module for each scenario; benchmarks/soak/scenario.py says what it must have."""

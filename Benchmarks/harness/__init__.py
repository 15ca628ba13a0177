"""The parts of bench.py: who is measured, how, and what is written about it."""

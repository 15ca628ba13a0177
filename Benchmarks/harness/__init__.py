"""The parts of bench.py: the peers, the measurements and the report."""

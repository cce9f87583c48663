"""What must be fast, measured against a floor in the same run: `python -m benchmarks` (docs/benchmarks.md).

A floor is the least that does the same work: a bare Django view, a loop of the same SQL statements, a bare
ASGI server. Both sides run on the same database, with the same client, in turns; the ratio is what counts.
"""

"""The laboratory: namespaces, the sensor in them, real clients, and what they must get.

Used by scripts/demo and by the tests in tests/lab/. Python's standard library only.
"""

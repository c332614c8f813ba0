"""Fixtures every test may use: `kafka` (a real broker's address) and `namespace` (topics of its own)."""

pytest_plugins = ["tests.kafka_fixture"]

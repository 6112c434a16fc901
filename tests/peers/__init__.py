"""Real programs that the product talks to, started by the tests: brokers, stores, Home Assistant."""

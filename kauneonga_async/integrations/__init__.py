"""Integrations: the client inside web frameworks and under observation. Each module needs what it is named after."""

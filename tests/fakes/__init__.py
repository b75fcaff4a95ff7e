"""Stand-ins for unit and service tests; each is held to the contract suite of the real thing (tests/contract)."""

"""Reporting's rules: states, leases, findings, due times and what a signed report says. No I/O."""

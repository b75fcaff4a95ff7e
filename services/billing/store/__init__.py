"""All of billing's records; the statements are in queries.sql."""

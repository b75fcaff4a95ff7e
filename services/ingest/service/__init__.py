"""The use cases of ingest: one method, one use case, one transaction (and the durable object before it)."""

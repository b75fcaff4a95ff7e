"""What billing knows, without any I/O."""

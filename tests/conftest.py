"""What every test may use: the real parts, private to the run."""

pytest_plugins = ["tests.parts", "tests.s3", "tests.stack"]

"""SonoBridge: the services of the platform, one package each."""

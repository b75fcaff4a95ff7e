"""How the platform's parts are installed, configured and started."""

"""What every service needs and no service owns: small modules without domain words."""

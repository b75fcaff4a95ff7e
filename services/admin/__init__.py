"""`sonobridge admin`: sets up a region and looks after dead letters, over the platform's public face."""

"""What people at a plant see in a browser: HTML made on the server, one stylesheet, one small script."""

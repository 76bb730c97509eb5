"""Other registration tools, each in an environment of its own below .bench, run as a process of their own."""

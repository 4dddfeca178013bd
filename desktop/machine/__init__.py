"""What the program uses of the machine it runs on, apart from its network."""

"""This machine's part of the network: its addresses, its name there, its firewalls."""

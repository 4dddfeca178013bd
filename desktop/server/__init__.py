"""The part that touches the network: sockets, HTTP, and the loop that drives the room."""

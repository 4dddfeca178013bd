import base64, os, socket
at = "127.0.0.1:8000"
host, port = at.rsplit(":", 1)
wire = socket.create_connection((host.strip("[]"), int(port)))
key = base64.b64encode(os.urandom(16)).decode()
wire.sendall((f"GET /ws HTTP/1.1\r\nHost: {at}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
stream = wire.makefile("rb")
while line := stream.readline().strip():
    print(line.decode())         # HTTP/1.1 101 Switching Protocols, and its headers
first, second = stream.read(2)   # FIN and opcode, then MASK and the length: below 126 here
print(f"{first:08b} {second:08b}", stream.read(second).decode())

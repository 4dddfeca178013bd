"""nginx with nchan, one process: what one publishes all get, and whoever comes the newest. Its arguments are an empty
folder and the module. It can't be asked for a free port, or for a first value: both are seen to before it is it."""

import contextlib
import os
import socket
import sys
import time
from pathlib import Path

folder, module = Path(sys.argv[1]), sys.argv[2]
folder.mkdir(exist_ok=True)
with socket.create_server(("127.0.0.1", 0)) as probe:
    port = probe.getsockname()[1]
(folder / "nginx.conf").write_text(f"""
load_module {module};
daemon off;
master_process off;
pid {folder}/pid;
error_log /dev/null;
worker_rlimit_nofile 8192;
events {{ worker_connections 8000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location /ws {{
            nchan_pubsub websocket;
            nchan_channel_id counter;
            nchan_message_buffer_length 1;
            nchan_subscriber_first_message -1;
        }}
    }}
}}
""")

if os.fork() == 0:
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            first = socket.create_connection(("127.0.0.1", port))
            break
        time.sleep(0.01)
    first.sendall(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    first.recv(4096)
    first.sendall(b"\x81\x8d\0\0\0\0" + b'{"counter":0}')
    first.recv(4096)
    print(port, flush=True)
    os._exit(0)
os.execvp("nginx", ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])

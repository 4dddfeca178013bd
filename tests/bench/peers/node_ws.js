// Node's `ws`, without compression: the text is made once, and sent to each.
const { WebSocketServer } = require("ws");

let counter = 0;
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 2048, perMessageDeflate: false }, () =>
  console.log(server.address().port),
);
server.on("connection", (socket) => {
  socket.send(JSON.stringify({ counter }));
  socket.on("error", () => {});
  socket.on("message", (message) => {
    counter = JSON.parse(message).counter;
    const text = JSON.stringify({ counter });
    for (const other of server.clients) other.send(text);
  });
});

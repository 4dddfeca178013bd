const bytes = crypto.getRandomValues(new Uint8Array(16));
const client = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
const wire = new WebSocket('ws://127.0.0.1:8000/ws', 'lan-counter.v1');
const send = (message) => wire.send(JSON.stringify(message));
let op = 0;

wire.onopen = () => send({ type: 'hello', client });
wire.onmessage = ({ data }) => {
  const { counter, ack } = JSON.parse(data);
  if (counter !== undefined) console.log('Now', counter);
  if (ack === 0) send({ type: 'add', op: ++op, delta: 1 });
  if (ack > 0) console.log('Decided, up to', ack);
};

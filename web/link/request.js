// What only the host may ask the server for.

const PATIENCE = 20_000; // ms: a firewall may take its time to answer

/** Gives back the server's answer, a refusal too; throws where there is none. */
export function request(secret, path, body) {
  return fetch(`/host/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout?.(PATIENCE),
  });
}
